"""The page that launches a run: what it needs, how thorough, and the time it takes here."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from corpus.models import Speaker, StyleLabel
from distillation.engines import STUDENTS, TEACHERS
from distillation.launch.fields import TakePick, TakePicks, takes_offered
from distillation.launch.form import PRESETS, RunLaunchForm, uploads_name
from distillation.launch.initial import launch_again, launch_gone
from distillation.models import Run
from distillation.recipe import WEIGHTS
from distillation.search import STRATEGIES
from distillation.services.in_use import default_student
from distillation.services.presets import NORMAL, preset_steps, search_estimate
from distillation.services.requirements import launch_requirements
from distillation.services.runs import run_launch_once
from distillation.wording import warning_words
from voicelab.request_values import row_chosen
from voicelab.roles import ADMIN, role_required

MAIN = ("preset", "styles", "teacher", "speaker", "mix_speakers", "name")
GROUPS = (  # title, term, fields
    (
        gettext_lazy("Target clips instead of the teacher"),
        "target",
        ("target_takes", "target_files"),
    ),
    (gettext_lazy("Prompt of the teacher"), "prompt", ("prompt", "own_prompts", "tts_url")),
    (gettext_lazy("Budget"), "step", ("steps", "minutes", "goal", "patience")),
    (
        gettext_lazy("Student and search"),
        "student",
        ("student", "precision", "strategy", "seed", "base_voices"),
    ),
    (gettext_lazy("Score"), "score", tuple(f"weight_{part}" for part in WEIGHTS)),
)
STATED = ("steps", "minutes", "goal", "patience", "strategy", "base_voices", "target_takes")


@require_http_methods(["GET", "POST"])
@role_required(ADMIN)
def run_launch(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        initial = _initial(request)
        form = RunLaunchForm(initial=initial)
        opened = any(initial.get(name) for name in STATED)
        return render(request, "distillation/launch.html", _context(form, opened=opened))
    form = RunLaunchForm(request.POST, request.FILES)
    if not form.is_valid():
        opened = bool(set(form.errors) - set(MAIN))
        context = _context(form, opened=opened)
        return render(request, "distillation/launch.html", context, status=422)
    run = run_launch_once(
        person=request.user, recipe=form.recipe, name=form.cleaned_data.get("name", "")
    )
    for file, warning in form.warnings:
        messages.warning(request, f"{file}: {warning_words(**warning.to_json())}")
    return redirect(run)


@require_GET
@role_required(ADMIN)
def run_launch_facts(request: HttpRequest) -> HttpResponse:
    """Answer a change of the form with what such a run needs and the time it takes."""
    context = {**_facts(RunLaunchForm(request.GET)), "changed": True}
    return render(request, "distillation/_launch_facts.html", context)


@require_GET
@role_required(ADMIN)
def run_launch_takes(request: HttpRequest, field: str) -> HttpResponse:
    """Answer a search for takes: those that are chosen, then what was found."""
    widgets: Any = {"prompt": TakePick, "target_takes": TakePicks}
    if field not in widgets:
        raise Http404
    chosen = request.GET.getlist(field)
    context = {
        "name": field,
        "kind": widgets[field].kind,
        "takes": takes_offered(chosen, request.GET.get("words", "").strip()[:100]),
    }
    return render(request, "distillation/_launch_takes.html", context)


def _initial(request: HttpRequest) -> dict[str, Any]:
    again = request.GET.get("again", "")
    run = Run.objects.filter(pk=row_chosen(again)).first()
    if run is None:
        return {}
    if gone := launch_gone(run):
        said = _("These cannot be used any more and are not chosen: %s.") % ", ".join(gone)
        messages.warning(request, said)
    return launch_again(run)


def _context(form: RunLaunchForm, *, opened: bool) -> dict[str, Any]:
    uploads = [uploads_name(key) for key in StyleLabel.objects.values_list("key", flat=True)]
    groups = [
        (title, key, [form[name] for name in (*names, *(uploads if key == "target" else ()))])
        for title, key, names in GROUPS
    ]
    mistakes = [field for field in form if field.errors]
    return {"form": form, "groups": groups, "opened": opened, "mistakes": mistakes, **_facts(form)}


def _facts(form: RunLaunchForm) -> dict[str, Any]:
    """Return what is needed and how long it takes, for what the form says now, valid or not."""
    student = _known(form, "student", STUDENTS, default_student())
    teacher = _known(form, "teacher", TEACHERS, settings.TEACHER)
    strategy = _known(form, "strategy", STRATEGIES, "")
    styles = form["styles"].value() or []
    searched: dict[str, Any] = {
        "styles": max(1, len(styles)),
        "student": student,
        "strategy": strategy,
    }
    searched["minutes"] = _number(form, "minutes")
    steps = {
        preset: preset_steps(preset, student=student, strategy=strategy)
        for preset, _name in PRESETS
    }
    chosen = form["preset"].value() or NORMAL
    own = int(_number(form, "steps"))
    return {
        "needs": launch_requirements(
            student=student,
            teacher=teacher,
            styles=styles,
            speaker=_speaker(form),
            mix_speakers=form["mix_speakers"].value() in (True, "on"),
        ),
        "cards": [
            (preset, name, search_estimate(steps=steps[preset], **searched))
            for preset, name in PRESETS
        ],
        "chosen": chosen,
        "estimate": search_estimate(steps=own or steps.get(chosen, steps[NORMAL]), **searched),
        "student": student,
        "teacher": teacher,
        "own_steps": own,
    }


def _speaker(form: RunLaunchForm) -> Speaker | None:
    value = form["speaker"].value()
    pk = str(value.pk if isinstance(value, Speaker) else value or "")
    choices: Any = form.fields["speaker"]
    found: Speaker | None = choices.queryset.filter(pk=row_chosen(pk)).first()
    return found


def _known(form: RunLaunchForm, name: str, known: Mapping[str, Any], otherwise: str) -> str:
    value = str(form[name].value() or "")
    return value if value in known else otherwise


def _number(form: RunLaunchForm, name: str) -> float:
    """Return a number of the form; 0 if it is empty or no number."""
    try:
        return max(0.0, min(float(form[name].value() or 0), 1e6))
    except ValueError:
        return 0.0
