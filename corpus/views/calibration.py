"""The machine's score against people's verdicts, and the line a reviewer draws through it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from corpus.calibration import ENOUGH, bins, figure, line, proposed
from corpus.forms import ThresholdForm
from corpus.models import QualityThreshold
from corpus.services.thresholds import takes_judged, threshold_now, threshold_set
from voicelab.roles import REVIEWER, role_required


@require_http_methods(["GET", "POST"])
@role_required(REVIEWER)
def calibration(request: HttpRequest) -> HttpResponse:
    form = ThresholdForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        row = threshold_set(value=form.cleaned_data["value"], person=request.user)
        text = _("From now on takes from %s on are suggested for acceptance.")
        messages.success(request, text % number_format(row.value, 2))
        return redirect("calibration")
    judged, now = takes_judged(), threshold_now()
    drawing = figure(judged, now, title=_("Share accepted by score, precision and recall"))
    wanted = proposed(judged)
    context = {
        "form": form if form.errors else ThresholdForm(initial={"value": wanted or now}),
        "judged": len(judged),
        "accepted": sum(take.accepted for take in judged),
        "few": len(judged) < ENOUGH,
        "enough": ENOUGH,
        "bins": bins(judged),
        "drawing": mark_safe(drawing),  # noqa: S308 - figure() escapes the title
        "in_force": None if now is None else line(judged, now),
        "proposed": None if wanted is None else line(judged, wanted),
        "history": QualityThreshold.objects.select_related("person")[:10],
    }
    return render(request, "corpus/calibration.html", context, status=422 if form.errors else 200)
