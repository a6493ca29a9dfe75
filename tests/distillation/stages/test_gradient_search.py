"""The default search of Kokoro on real weights: one speaker, then a style by its prosody."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.audio.io import write_wav
from distillation.engines.kokoro.student import KokoroStudent
from distillation.recipe import CORRECTIONS, RunRecipe, StyleRecipe
from distillation.search.gradient import SENTENCES
from distillation.stages.base import StageError
from distillation.stages.evaluation import Evaluation, Evaluations, Evaluator, GoOn, Task
from distillation.stages.evolve import Evolution
from distillation.stages.search_context import SearchContext
from tests.distillation.voices import recipe
from tests.kokoros import fresh_copy

pytestmark = pytest.mark.weights

SEARCH = ("Buenas tardes.", "Muchas gracias.")
GRADIENT = ("Hola, sí.", "Hasta luego.", "Un momento.")
BASE = ("em_santa", "ef_dora")
STEPS = 5 + CORRECTIONS  # four sentences, a score, corrections


def wanted(*styles: str) -> RunRecipe:
    return recipe(
        student="kokoro", strategy="gradient", steps=STEPS, search_texts=SEARCH,
        gradient_texts=GRADIENT, base_voices=BASE,
        styles=tuple(StyleRecipe(key=key, speed=1.0, reference_texts=("x",)) for key in styles),
    )  # fmt: skip


@pytest.fixture(scope="module")
def atlas_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("atlas")


@pytest.fixture(scope="module")
def whole(real_kokoro: KokoroStudent, kokoro_target: Path, atlas_dir: Path) -> Evolution:
    context = SearchContext(atlas_dir=atlas_dir)
    made = Evolution(wanted("neutral"), "neutral", real_kokoro, kokoro_target, context=context)
    made.advance()
    return made


def test_the_search_starts_at_the_nearest_base_voice_and_gets_nearer(whole: Evolution) -> None:
    assert whole.start_name == whole.base_voice in BASE
    assert (whole.step, whole.stopped) == (STEPS, "steps")
    assert whole.best_score
    assert whole.start_score
    climbed = next(point for point in whole.points if point.step == STEPS - CORRECTIONS)
    assert climbed.target > whole.start_score.target + 0.005  # two steps of Adam
    assert whole.evaluations == 1 + STEPS  # the measured base voices are no candidates


def test_a_search_resumed_at_every_kind_of_step_is_bit_identical(
    whole: Evolution, real_kokoro: KokoroStudent, kokoro_target: Path, atlas_dir: Path
) -> None:
    """After the start, between the sentences of a pair, after a score, between corrections."""
    context, blob, student = SearchContext(atlas_dir=atlas_dir), None, real_kokoro
    widths = []
    for steps in (1, 1, 4, 1, None):
        student = fresh_copy(student)
        part = Evolution(
            wanted("neutral"), "neutral", student, kokoro_target, blob, context=context
        )
        widths.append(part.width)
        part.advance(steps=steps)
        blob = part.checkpoint()
    assert widths == [SENTENCES] * 5  # a helper takes one of two texts of what is scored, too
    assert part.points == whole.points
    assert part.best.sha256 == whole.best.sha256


def test_a_search_shared_by_two_workers_as_json_is_bit_identical(
    whole: Evolution, real_kokoro: KokoroStudent, kokoro_target: Path, atlas_dir: Path
) -> None:
    context = SearchContext(atlas_dir=atlas_dir)
    own = wanted("neutral"), "neutral", real_kokoro, kokoro_target
    workers = [
        Evaluator(own[0], one, kokoro_target, context)
        for one in (real_kokoro, fresh_copy(real_kokoro))
    ]

    def shared(tasks: Sequence[Task], _go_on: GoOn) -> Evaluations:
        for number, task in enumerate(tasks):
            row = json.dumps(workers[number % 2](task).to_json())
            yield Evaluation.from_json(json.loads(row))

    made = Evolution(*own, context=context)
    made.advance(evaluate_batch=shared)
    assert made.best.sha256 == whole.best.sha256
    assert made.points == whole.points


def test_a_candidate_stopped_between_its_texts_is_scored_whole_later(
    whole: Evolution, real_kokoro: KokoroStudent, kokoro_target: Path, atlas_dir: Path
) -> None:
    context, signals = SearchContext(atlas_dir=atlas_dir), iter((False, True))
    made = Evolution(wanted("neutral"), "neutral", real_kokoro, kokoro_target, context=context)
    [candidate] = made.batch()
    texts = [part.text for part in made.evaluator.parts(candidate)]
    assert texts == sorted(SEARCH, key=len, reverse=True)
    made.advance(should_stop=lambda: next(signals))
    assert next(signals, None) is None  # it was asked between the texts
    assert (made.step, made.start_score, len(made.batch())) == (0, None, 1)
    made.advance()
    assert made.best.sha256 == whole.best.sha256
    assert made.points == whole.points


def test_the_base_voices_are_measured_once(
    whole: Evolution, real_kokoro: KokoroStudent, kokoro_target: Path, atlas_dir: Path
) -> None:
    assert whole.done
    [folder] = [path for path in atlas_dir.iterdir() if path.is_dir()]
    assert len(list(folder.iterdir())) == len(BASE)
    another = Evolution(
        replace(wanted("neutral"), seed=99), "neutral", real_kokoro, kokoro_target,
        context=SearchContext(atlas_dir=atlas_dir),
    )  # fmt: skip
    assert another.is_prepared
    stopped = Evolution(wanted("neutral"), "neutral", real_kokoro, kokoro_target)
    assert not stopped.is_prepared
    assert not stopped.prepare(lambda: False)
    assert stopped.batch() == []


def test_a_further_style_keeps_the_speakers_timbre_and_changes_prosody(
    whole: Evolution, real_kokoro: KokoroStudent, kokoro_target: Path, atlas_dir: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    target = tmp_path / "target.wav"
    voice = real_kokoro.stock_voice("em_alex")
    slow = real_kokoro.synthesize("Su pedido llega mañana.", voice, speed=0.8, seed=1)
    write_wav(target, slow)
    shift = (-1.0, 0.0, -0.2)  # lower and slower than the speaker's target
    context = SearchContext(atlas_dir=atlas_dir, speaker=whole.best, shift=shift)
    both = wanted("neutral", "empatico")
    style = Evolution(both, "empatico", real_kokoro, target, context=context)
    style.advance()
    assert style.steps == style.step == 1 + CORRECTIONS
    assert style.best
    assert whole.best
    timbre = np.s_[:, :, :128]
    assert np.array_equal(style.best.data[timbre], whole.best.data[timbre])
    assert style.best.sha256 != whole.best.sha256
    blob = None
    for steps in (2, 1, 1, None):  # the start and the speaker, then between corrections
        part = Evolution(both, "empatico", fresh_copy(real_kokoro), target, blob, context=context)
        part.advance(steps=steps)
        blob = part.checkpoint()
    assert part.best.sha256 == style.best.sha256
    assert part.points == style.points
    with pytest.raises(StageError, match="not evolved yet"):
        Evolution(both, "empatico", real_kokoro, target).advance()
