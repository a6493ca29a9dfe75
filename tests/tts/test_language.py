"""The language of a request: by voice, by setting, by lang_code."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from distillation.engines.base import EngineError
from distillation.voicepack import VoicePack
from tests.tts.harness import ToneStudent, deploy, pack, ready, serving

pytestmark = pytest.mark.anyio


@dataclass
class Polyglot(ToneStudent):
    """Notes in which language it was asked for each piece."""

    lang: str = "none"
    asked: list[str] = field(default_factory=list)

    def stock_voices(self) -> tuple[str, ...]:
        return ("ef_dora", "af_sky", "jf_alpha")

    def stock_voice(self, name: str) -> VoicePack:
        return pack(self.stock_voices().index(name))

    def language_of(self, voice: str) -> str:
        return voice[0] if voice[0] in "ae" else ""

    def in_language(self, lang: str) -> "Polyglot":
        if lang not in ("e", "a", "es", "fr"):
            raise EngineError("bad_option", f"tone speaks es and fr, not {lang!r}.")
        self.asked.append(lang)
        return replace(self)


@pytest.mark.parametrize(
    ("voice", "lang_code", "spoken"),
    [
        ("ef_dora", None, "e"),
        ("af_sky", None, "a"),
        ("af_sky", "es", "es"),
        ("alloy", None, "es"),  # stands for af_sky: a name of OpenAI's has no language
        ("amable", None, "es"),  # deployed: its letter is not one of Kokoro's
        ("jf_alpha", None, "es"),
        ("amable", "fr", "fr"),
        ("af_sky(3)+ef_dora(1)", None, "a"),
        (None, None, "es"),
    ],
)
async def test_the_language_of_a_request(
    tmp_path: Path, voice: str | None, lang_code: str | None, spoken: str
) -> None:
    deploy(tmp_path / "voices", {"amable": pack(0.1)})
    student = Polyglot()
    async with serving(tmp_path, student) as (client, service):
        await ready(service)
        body = {"input": "Hola.", "voice": voice, "lang_code": lang_code}
        assert (await client.post("/v1/audio/speech", json=body)).status_code == 200
        assert student.asked[-1] == spoken


async def test_a_language_that_is_not_spoken_is_refused(tmp_path: Path) -> None:
    body = {"input": "Hola.", "lang_code": "ja"}
    for student in (Polyglot(), None):  # None: praat
        async with serving(tmp_path, student) as (client, service):
            await ready(service)
            answer = await client.post("/v1/audio/speech", json=body)
            assert answer.status_code == 400
            assert answer.json()["error"]["param"] == "lang_code"
            assert "'ja'" in answer.json()["error"]["message"]
