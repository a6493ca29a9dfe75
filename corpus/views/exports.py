"""Takes as a ZIP for training tools: choose what, download it as it is made."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from corpus.exporting import archive, takes_exported
from corpus.forms import ExportForm
from voicelab.roles import REVIEWER, role_required


@require_GET
@role_required(REVIEWER)
def takes_export(request: HttpRequest) -> HttpResponseBase:
    """Show the form with how much each choice holds; with a layout asked for, the ZIP itself."""
    form = ExportForm(request.GET if "layout" in request.GET else None)
    if not form.is_valid():
        context = {"form": form, "usable": takes_exported().count()}
        return _page(request, context, 422 if form.errors else 200)
    data = form.cleaned_data
    takes = takes_exported(
        style=data["style"], speaker=data["speaker"] and data["speaker"].pk, every=data["every"]
    )
    if not takes.exists():
        context = {"form": form, "usable": takes_exported().count(), "none": True}
        return _page(request, context, 422)
    name = f"voicelab-{data['layout']}-{timezone.now():%Y%m%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(
        archive(takes, data["layout"]), content_type="application/zip", headers=headers
    )


def _page(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    return render(request, "corpus/takes_export.html", context, status=status)
