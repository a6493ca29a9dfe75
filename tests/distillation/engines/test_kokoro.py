"""Student kokoro: its files, options, phonemes and faults, on small random weights."""

import hashlib
import json
import shutil
import tempfile
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from distillation import voicepack
from distillation.engines import EngineError, student
from distillation.engines.kokoro.files import CONFIG, PACKS, WEIGHTS
from distillation.engines.kokoro.languages import LETTERS, g2p, letter_of, letter_of_voice
from distillation.engines.kokoro.weights import PARTS
from distillation.engines.long_text import pieces, tidy
from distillation.voicepack import VoicePack
from tests.standins import config

TEXT = "Buenas."


def test_the_weights_are_identified_by_their_hash(kokoro):
    weights = (kokoro.model_dir / WEIGHTS).read_bytes()
    assert kokoro.weights == hashlib.sha256(weights).hexdigest()
    assert not student("praat").weights


def test_phonemes_are_those_kokoro_uses_for_spanish(kokoro):
    assert kokoro.phoneme_count("Chico.") == len("ʧˈiko.")
    assert kokoro.phoneme_count(" Chico.\n") == kokoro.phoneme_count("Chico.")


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("es", "Mañana llueve."), ("fr", "Demain il pleut."), ("hi", "कल बारिश होगी।"),
        ("it", "Domani piove."), ("pt", "Amanhã vai chover."),
        ("en", "It'll rain tomorrow."), ("en-gb", "It'll rain tomorrow."),
    ],
)  # fmt: skip
def test_the_phonemes_of_each_language_are_in_the_vocabulary(kokoro, lang, text):
    phonemes = g2p(letter_of(lang))(text)
    assert len(phonemes) >= len(text) / 2
    assert not {sign for sign in phonemes if sign.isalpha()} - set(kokoro._network.vocab)


def test_each_language_has_its_own_pronunciation_of_the_same_letters():
    spoken = {g2p(letter)("general rather") for letter in LETTERS}
    assert len(spoken) == len(LETTERS)


def test_english_has_the_phonemes_of_misaki_without_its_dictionaries():
    text = "Thank you for calling, how can I help you today? Your balance is $1,250."
    assert g2p("a")(text) == (
        "θˈæŋk ju fɔɹ kˈɔlɪŋ, hˌW kæn I hˈɛlp ju tədˈA? "
        "jʊɹ bˈæləns ɪz wˈʌn θˈWzənd tˈu hˈʌndɹɪd ænd fˈɪfti dˈɑləɹz."
    )


def test_another_language_shares_the_network(kokoro):
    english = kokoro.in_language("en-US")
    assert english is kokoro.in_language("a")
    assert kokoro.in_language("es") is kokoro
    assert english._network is kokoro._network
    assert english.phoneme_count("Hello.") != kokoro.phoneme_count("Hello.")
    with pytest.raises(EngineError, match="not 'ja'"):
        kokoro.in_language("ja")


@pytest.mark.parametrize(
    ("voice", "letter"),
    [("ef_dora", "e"), ("af_heart", "a"), ("bm_george", "b"), ("jf_alpha", ""), ("amable", "")],
)
def test_a_published_voice_names_its_language(voice, letter):
    assert letter_of_voice(voice) == letter


def test_text_of_any_length_is_split_to_the_models_limit(kokoro):
    text = "Su pedido llegará mañana, entre las tres y las seis. " * 14 + "a" * 700
    parts = pieces(tidy(text), kokoro.phoneme_count, kokoro.max_phonemes)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert all(kokoro.phoneme_count(part) <= 510 for part in parts)
    assert kokoro.phoneme_count(text) > 510


def test_voices_are_those_of_the_directory_spanish_first(kokoro, kokoro_model):
    assert kokoro.stock_voices() == ("ef_dora", "em_alex", "af_old")
    assert len(kokoro.stock_voice("af_old").data) == 511
    with pytest.raises(
        EngineError, match=r"Looked for .*/em_santa\.pt; there is ef_dora"
    ) as caught:
        kokoro.stock_voice("em_santa")
    assert caught.value.code == "missing_voice"


def test_packs_next_to_the_weights_are_used_and_invalid_ones_reported(kokoro, kokoro_model):
    here = VoicePack(np.zeros((510, 1, 256), np.float32), "praat")
    voicepack.save(here, kokoro_model / "em_beside.pt")
    try:
        assert "em_beside" in kokoro.stock_voices()
        with pytest.raises(EngineError, match="'praat'") as caught:
            kokoro.stock_voice("em_beside")
        assert caught.value.code == "bad_voice"
    finally:
        (kokoro_model / "em_beside.pt").unlink()


def test_missing_files_are_named_with_their_path(tmp_path):
    (tmp_path / PACKS).mkdir()
    (tmp_path / PACKS / "ef_dora.pt").touch()
    with pytest.raises(EngineError) as both:
        student("kokoro", {"model_dir": tmp_path})
    (tmp_path / CONFIG).write_text("{}")
    with pytest.raises(EngineError) as weights:
        student("kokoro", {"model_dir": str(tmp_path)})
    assert both.value.code == weights.value.code == "missing_model"
    assert f"{tmp_path / CONFIG} and {tmp_path / WEIGHTS}" in str(both.value)
    assert CONFIG not in str(weights.value)
    assert "hexgrad/Kokoro-82M" in str(weights.value)
    assert "ef_dora" in str(weights.value)


@pytest.mark.parametrize("damage", ["not json", "no keys", "no pickle", "other model"])
def test_damaged_model_files_are_reported(tmp_path, damage):
    good = json.dumps(config(small=True))
    (tmp_path / CONFIG).write_text({"not json": "{", "no keys": "{}"}.get(damage, good))
    wrong = {"voice": {}} if damage == "other model" else {}
    torch.save(wrong, tmp_path / WEIGHTS)
    if damage == "no pickle":
        (tmp_path / WEIGHTS).write_bytes(b"PK not really")
    with pytest.raises(EngineError, match="fetch both again") as caught:
        student("kokoro", {"model_dir": tmp_path})
    assert caught.value.code == "bad_model"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"lang": "ja"}, "lang"), ({"threads": "two"}, "threads"), ({"threads": 0}, "threads"),
        ({"device": "tpu"}, "device"), ({"precision": "fp8"}, "precision"),
    ],
)  # fmt: skip
def test_unsupported_options_are_refused(kokoro_model, options, named):
    with pytest.raises(EngineError, match=named) as caught:
        student("kokoro", {"model_dir": kokoro_model, **options})
    assert caught.value.code == "bad_option"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda s, p: s.synthesize(" ", p), "empty_text"),
        (lambda s, _: s.phoneme_count("¿?"), "empty_text"),
        (lambda s, p: s.synthesize("hola", p, speed=5), "bad_speed"),
        (lambda s, p: s.synthesize("hola", VoicePack(p.data, "praat")), "wrong_engine"),
    ],
)
def test_faults_have_codes(kokoro, call, code):
    with pytest.raises(EngineError) as caught:
        call(kokoro, kokoro.stock_voice("ef_dora"))
    assert caught.value.code == code


def linked(kokoro_model, folder, changed):
    """A model directory with the same weights under a changed configuration."""
    (folder / CONFIG).write_text(json.dumps(config(small=True) | changed))
    (folder / WEIGHTS).symlink_to(kokoro_model / WEIGHTS)
    return folder


@pytest.mark.parametrize(
    ("changed", "first"),
    [({"n_layer": 2}, "is missing"), ({"style_dim": 64}, r"is \(.*\) and should be \(")],
)
def test_weights_of_another_architecture_are_refused_by_name(
    kokoro_model, tmp_path, changed, first
):
    with pytest.raises(EngineError, match=f"of another architecture.*predictor.*{first}") as caught:
        student("kokoro", {"model_dir": linked(kokoro_model, tmp_path, changed)})
    assert caught.value.code == "bad_model"


def test_the_test_double_has_the_published_architecture(shared_data):
    published = json.loads((shared_data / "kokoro" / CONFIG).read_text(encoding="utf-8"))
    ours = config(small=False)
    assert set(ours["vocab"]) == set(published.pop("vocab"))
    ours.pop("vocab")
    assert ours == published


def test_a_killed_process_leaves_no_copy_of_espeak(monkeypatch):
    place = Path(tempfile.mkdtemp())
    weakref.finalize(pytest, shutil.rmtree, place)  # at exit, after phonemizer's own folders in it
    monkeypatch.setattr("tempfile.tempdir", str(place))
    for letter in ("e", "a"):
        phonemes = g2p(letter)
        assert not list(place.rglob("libespeak*"))
        assert phonemes("Hola.") == g2p(letter)("Hola.")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Son 1.500 €", "Son mil quinientos euros"),
        ("1.000.000", "un millón"),
        ("12,50 euros", "doce euros con cincuenta"),
        ("a las 21:00 h", "a las veintiuna horas"),
        ("el 15/03/2024", "el quince de marzo de dos mil veinticuatro"),
        ("tel. 900", "teléfono nueve cero cero"),
    ],
)
def test_spanish_numbers_have_the_phonemes_of_their_words(kokoro, written, words):
    """Its G2P treats each full stop, comma and colon of a number as the end of a clause."""
    assert kokoro._phonemes(written) == kokoro._phonemes(words)


def test_precision_auto_follows_the_processor(kokoro_model):
    engine = student("kokoro", {"model_dir": kokoro_model, "device": "cpu", "precision": "auto"})
    able = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert engine._network.half == able


@pytest.mark.slow
def test_a_checkpoint_with_the_published_parameter_names_loads(kokoro, tmp_path):
    """Saved from DataParallel, and without the affine of the style's norms."""
    states = torch.load(kokoro.model_dir / WEIGHTS, weights_only=True)
    renamed = {
        part: {
            f"module.{key}": value
            for key, value in states[part].items()
            if not key.endswith((".norm.weight", ".norm.bias"))
        }
        for part in PARTS
    }
    torch.save(renamed, tmp_path / WEIGHTS)
    (tmp_path / CONFIG).symlink_to(kokoro.model_dir / CONFIG)
    published, pack = student("kokoro", {"model_dir": tmp_path}), kokoro.stock_voice("ef_dora")
    found, wanted = (one.synthesize(TEXT, pack).y for one in (published, kokoro))
    assert np.array_equal(found, wanted)
