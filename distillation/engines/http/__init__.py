"""Teacher `http`: any server with OpenAI's `POST /v1/audio/speech`, with or without cloning."""

from corpus.translatable import gettext_noop as _
from distillation.engines.capabilities import TeacherInfo

INFO = TeacherInfo(
    name="http",
    implementation="distillation.engines.http.teacher:HttpTeacher",
    licence=_("The server's model has its own licence; the run records its address."),
    clones=True,
    needs_url=True,
)
