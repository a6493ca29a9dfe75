"""Voices: found by name, reloaded when they change, refused with a reason."""

from pathlib import Path

import pytest

from distillation import manifest, voicepack
from distillation.delivery import Delivery
from distillation.engines.base import EngineError
from distillation.voicepack import VoicePack
from tests.tts.harness import ToneStudent, deploy, native, pack
from voicelab.tts.openai_names import VOICE_NAMES
from voicelab.tts.voices import STATE, VoiceNotFound, Voices


class KokoroLike(ToneStudent):
    """Has two of the voices that OpenAI's names map to."""

    def stock_voices(self) -> tuple[str, ...]:
        return ("ef_dora", "af_sky", "am_echo")

    def stock_voice(self, name: str) -> VoicePack:
        return pack(self.stock_voices().index(name))


class Breaking(KokoroLike):
    """Its voices can be damaged."""

    def __init__(self, *broken: str) -> None:
        super().__init__()
        self.broken_voices = set(broken)

    def stock_voice(self, name: str) -> VoicePack:
        if name in self.broken_voices:
            raise EngineError("bad_voice", f"{name}.pt is damaged.")
        return super().stock_voice(name)


class Bare(ToneStudent):
    """Has no voices."""

    def stock_voices(self) -> tuple[str, ...]:
        raise EngineError("missing_voice", "voices/: there is no such folder.")


def voices_of(directory: Path, student: ToneStudent | None = None, **more: Path) -> Voices:
    voices = Voices(student or ToneStudent(), directory, **more)
    voices.refresh()
    return voices


def test_without_a_deployment_the_stock_voices_are_offered(tmp_path: Path) -> None:
    voices = voices_of(tmp_path)
    assert native(voices.voices) == ["low", "high"]
    assert voices.default == "low"
    assert voices.pack(voices.find("high")).data[0, 0, 0] == 1


def test_deployed_voices_are_listed_first_with_their_kind(tmp_path: Path) -> None:
    written = deploy(tmp_path, {"neutral": pack(0.1), "low": pack(0.2)}, default="neutral")
    voices = voices_of(tmp_path)
    assert native(voices.voices) == ["low", "neutral", "high"]
    assert voices.find("low").kind == "deployed"
    assert voices.find("neutral").sha256 == written.voices["neutral"].sha256
    assert voices.find(None).name == "neutral"


def test_a_new_manifest_is_loaded(tmp_path: Path) -> None:
    deploy(tmp_path, {"neutral": pack(0.1)})
    voices = voices_of(tmp_path)
    assert not voices.changed()
    deploy(tmp_path, {"neutral": pack(0.7), "amable": pack(0.3)}, default="amable")
    assert voices.changed()
    voices.refresh()
    assert not voices.changed()
    assert voices.pack(voices.find("neutral")).data[0, 0, 0] == pytest.approx(0.7)
    assert voices.default == "amable"


def test_an_undeployed_voice_is_removed(tmp_path: Path) -> None:
    deploy(tmp_path, {"neutral": pack(0.1), "amable": pack(0.3)})
    voices = voices_of(tmp_path)
    deploy(tmp_path, {"neutral": pack(0.1)})
    voices.refresh()
    assert "amable" not in voices.voices
    (tmp_path / manifest.NAME).unlink()
    assert voices.changed()
    voices.refresh()
    assert not voices.deployed


def test_a_pack_that_differs_from_its_manifest_keeps_the_previous_one(tmp_path: Path) -> None:
    deploy(tmp_path, {"neutral": pack(0.1)})
    voices = voices_of(tmp_path)
    voicepack.save(pack(0.9), tmp_path / "neutral.pt")
    voices.refresh()
    assert voices.pack(voices.find("neutral")).data[0, 0, 0] == pytest.approx(0.1)
    (warning,) = voices.warnings
    assert "neutral.pt" in warning
    assert "SHA-256" in warning
    assert "remains in use" in warning


def test_a_pack_of_another_engine_is_refused(tmp_path: Path) -> None:
    deploy(tmp_path, {"neutral": pack(0.1, "praat")})
    voices = voices_of(tmp_path)
    assert "neutral" not in voices.voices
    assert "'praat'" in voices.warnings[0]
    assert "not served" in voices.warnings[0]
    assert voices.default == "low"


def test_a_repaired_file_is_loaded_without_a_new_manifest(tmp_path: Path) -> None:
    deploy(tmp_path, {"neutral": pack(0.1)})
    sound = (tmp_path / "neutral.pt").read_bytes()
    (tmp_path / "neutral.pt").write_bytes(b"half")
    voices = voices_of(tmp_path)
    assert voices.warnings
    (tmp_path / "neutral.pt").write_bytes(sound)
    assert voices.changed()
    voices.refresh()
    assert voices.find("neutral").kind == "deployed"
    assert not voices.warnings


def test_a_damaged_manifest_changes_nothing(tmp_path: Path) -> None:
    deploy(tmp_path, {"neutral": pack(0.1)})
    voices = voices_of(tmp_path)
    (tmp_path / manifest.NAME).write_text('{"version": 1')
    assert voices.changed()
    voices.refresh()
    assert not voices.changed()
    assert voices.find(None).name == "neutral"
    assert "manifest.json" in voices.warnings[0]


def test_a_voice_file_set_by_the_user_is_the_default_voice(tmp_path: Path) -> None:
    deploy(tmp_path / "voices", {"neutral": pack(0.1)})
    voicepack.save(pack(0.5), tmp_path / "mine.pt")
    voices = voices_of(tmp_path / "voices", voice_file=tmp_path / "mine.pt")
    assert voices.default == "mine"
    assert voices.find("mine").kind == "file"
    missing = voices_of(tmp_path / "voices", voice_file=tmp_path / "none.pt")
    assert missing.default == "neutral"
    assert "none.pt" in missing.warnings[0]


def test_every_openai_name_maps_to_an_available_voice(tmp_path: Path) -> None:
    voices = voices_of(tmp_path, KokoroLike())
    aliases = {v.name: v.alias_of for v in voices.voices.values() if v.kind == "alias"}
    assert list(aliases) == list(VOICE_NAMES)
    assert (aliases["alloy"], aliases["echo"], aliases["marin"]) == ("af_sky", "am_echo", "ef_dora")
    assert aliases["onyx"] == "am_echo"  # am_onyx is absent: another man
    assert {aliases[name] for name in ("fable", "nova", "shimmer", "coral", "sage")} == {
        "af_sky", "ef_dora",
    }  # fmt: skip


def test_openai_names_map_to_deployed_voices_without_a_stock_voice(
    tmp_path: Path,
) -> None:
    fitted = Delivery(speed=1.1, gain_db=2.0)
    deploy(tmp_path, {"neutral": pack(0.1)}, delivery=fitted)
    voices = voices_of(tmp_path, Bare())
    assert voices.find("alloy").alias_of == "neutral"
    assert voices.find("alloy").delivery == fitted
    assert voices.pack(voices.find("alloy")).data[0, 0, 0] == pytest.approx(0.1)


def test_the_table_of_names_can_be_changed(tmp_path: Path) -> None:
    voices = Voices(KokoroLike(), tmp_path, names={"alloy": "ef_dora", "agente": "am_echo"})
    voices.refresh()
    assert voices.find("alloy").alias_of == "ef_dora"
    assert voices.find("agente").alias_of == "am_echo"


def test_a_damaged_stock_pack_is_replaced_by_another_voice(tmp_path: Path) -> None:
    student = Breaking("ef_dora")
    voices = voices_of(tmp_path, student)
    (warning,) = voices.warnings
    assert "ef_dora: ef_dora.pt is damaged; another voice is in use." in warning
    assert voices.usable(voices.find("ef_dora"))[0].name == "af_sky"
    assert voices.usable(voices.find(None))[0].name == "af_sky"
    assert voices.usable(voices.find("am_echo"))[0].name == "am_echo"
    student.broken_voices.clear()
    voices.refresh()
    assert not voices.warnings
    assert voices.usable(voices.find(None))[0].name == "ef_dora"


def test_a_stock_pack_damaged_later_keeps_its_previous_version(tmp_path: Path) -> None:
    student = Breaking()
    voices = voices_of(tmp_path, student)
    good = voices.pack(voices.find("ef_dora"))
    student.broken_voices.add("ef_dora")
    voices.refresh()
    voice, kept = voices.usable(voices.find("ef_dora"))
    assert (voice.name, kept) == ("ef_dora", good)
    assert "the previous one remains in use" in voices.warnings[0]


def test_the_error_of_the_only_voice_is_raised(tmp_path: Path) -> None:
    voices = voices_of(tmp_path, Breaking(*KokoroLike().stock_voices()))
    with pytest.raises(EngineError, match=r"ef_dora\.pt is damaged"):
        voices.usable(voices.find(None))


def test_a_stock_voice_added_later_is_loaded(tmp_path: Path) -> None:
    stock = tmp_path / "stock"
    stock.mkdir()
    voices = voices_of(tmp_path / "voices", stock_directory=stock)
    assert not voices.changed()
    (stock / "ef_dora.pt").touch()
    assert voices.changed()


def test_the_error_of_a_missing_voice_lists_expected_files_and_available_voices(
    tmp_path: Path,
) -> None:
    stock = tmp_path / "models" / "voices"
    voices = voices_of(tmp_path, KokoroLike(), stock_directory=stock)
    with pytest.raises(VoiceNotFound) as caught:
        voices.find("af_river")
    for part in ("VOICES_DIR/af_river.pt", "MODEL_DIR/voices/af_river.pt", "ef_dora, af_sky"):
        assert part in str(caught.value)


def test_without_voices_an_error_says_what_to_do(tmp_path: Path) -> None:
    voices = voices_of(tmp_path, Bare())
    assert voices.default is None
    assert "no such folder" in voices.warnings[0]
    with pytest.raises(VoiceNotFound, match="Deploy one"):
        voices.find(None)


def test_the_chosen_default_survives_a_restart_until_its_voice_is_removed(tmp_path: Path) -> None:
    deploy(tmp_path, {"neutral": pack(0.1), "amable": pack(0.3)})
    assert voices_of(tmp_path).choose("amable")
    again = voices_of(tmp_path)
    assert again.default == "amable"
    deploy(tmp_path, {"neutral": pack(0.1)})
    again.refresh()
    assert again.default == "neutral"


def test_a_damaged_stored_default_is_ignored(tmp_path: Path) -> None:
    (tmp_path / STATE).write_text("[]")
    assert voices_of(tmp_path).default == "low"


def test_a_default_that_cannot_be_stored_is_still_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    voices = voices_of(tmp_path / "file" / "voices")
    assert not voices.choose("high")
    assert voices.default == "high"


def test_a_stock_file_changed_in_place_is_reloaded(tmp_path: Path) -> None:
    """Its folder does not change then: the corrected words of a prompt, say."""
    words = tmp_path / "stock" / "amable.txt"
    words.parent.mkdir()
    words.write_text("Palabras equivocadas")
    voices = voices_of(tmp_path, stock_directory=words.parent)
    assert not voices.changed()
    words.write_text("Las palabras")
    assert voices.changed()
