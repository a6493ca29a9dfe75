"""Whether a style's next slice has what it needs of the run's other styles."""

from distillation.models import Stage, StyleRun
from distillation.recipe import RecipeError


def is_ready(style_run: StyleRun) -> bool:
    """Return whether the slice can be done now.

    The search of a run's speaker needs the targets of all styles, and that of a further style
    needs the speaker; everything else is ready, a recipe that cannot be read too: the slice says
    what is wrong with it.
    """
    if style_run.stage != Stage.EVOLVE:
        return True
    try:
        recipe, styles = style_run.run.run_recipe, style_run.run.style_runs
    except RecipeError:
        return True
    if recipe.begins_from_speaker(style_run.style):
        speaker = styles.filter(style=recipe.speaker_style)
        return not speaker.filter(stage__in=(Stage.REFERENCE, Stage.EVOLVE)).exists()
    return not (recipe.speaker_style and styles.filter(stage=Stage.REFERENCE).exists())
