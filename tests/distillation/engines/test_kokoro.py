"""Student kokoro on the real package: random weights in the real architecture."""

import hashlib
import json

import numpy as np
import pytest
import torch

from distillation import voicepack
from distillation.engines import EngineError, student
from distillation.engines.kokoro import CONFIG, LANGUAGES, WEIGHTS, _g2p
from distillation.engines.stock import PACKS
from distillation.engines.text import pieces, tidy
from distillation.voicepack import VoicePack
from tests.standins import config, kokoro_dir

TEXT = "Buenas."


def test_it_speaks_24_khz_for_as_long_as_its_phonemes(kokoro):
    audio = kokoro.synthesize(TEXT, kokoro.stock_voice("ef_dora"))
    assert audio.sr == 24_000
    assert np.isfinite(audio.y).all()
    assert 0.0 < np.abs(audio.y).max() < 1.0
    assert audio.duration_s / kokoro.phoneme_count(TEXT) == pytest.approx(0.075, rel=0.4)


def test_its_weights_are_known_by_their_hash(kokoro):
    weights = (kokoro.model_dir / WEIGHTS).read_bytes()
    assert kokoro.weights == hashlib.sha256(weights).hexdigest()
    assert not student("praat").weights


def test_the_seed_decides_the_noise_and_nothing_leaks(kokoro):
    pack = kokoro.stock_voice("em_alex")
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first = kokoro.synthesize(TEXT, pack, seed=1).y
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(7)
    kokoro.synthesize("No.", pack, seed=2)
    assert np.array_equal(kokoro.synthesize(TEXT, pack, seed=1).y, first)
    assert not np.array_equal(kokoro.synthesize(TEXT, pack, seed=2).y, first)


def test_many_voices_sound_as_each_alone(kokoro):
    packs = [kokoro.stock_voice(name) for name in ("ef_dora", "em_alex", "ef_dora")]
    text = f"{TEXT} {TEXT}"
    found = kokoro.synthesize_many(text, packs, speed=1.3, seed=4)
    for pack, audio in zip(packs, found, strict=True):
        assert np.array_equal(audio.y, kokoro.synthesize(text, pack, speed=1.3, seed=4).y)
    with pytest.raises(EngineError, match="praat"):
        kokoro.synthesize_many(text, [packs[0], VoicePack(packs[0].data, "praat")])


def test_phonemes_are_kokoros_own_spanish(kokoro):
    assert kokoro.phoneme_count("Chico.") == len("ʧˈiko.")
    assert kokoro.phoneme_count(" Chico.\n") == kokoro.phoneme_count("Chico.")


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("es", "Mañana llueve."), ("fr", "Demain il pleut."), ("hi", "कल बारिश होगी।"),
        ("it", "Domani piove."), ("pt", "Amanhã vai chover."),
    ],
)  # fmt: skip
def test_the_phonemes_of_each_language_are_in_the_vocabulary(kokoro, lang, text):
    phonemes, _ = _g2p(LANGUAGES[lang])(text)
    assert len(phonemes) >= len(text) / 2
    assert not {sign for sign in phonemes if sign.isalpha()} - set(kokoro._network.vocab)


def test_each_language_reads_the_same_letters_its_own_way():
    spoken = {_g2p(code)("general")[0] for code in LANGUAGES.values()}
    assert len(spoken) == len(LANGUAGES)


@pytest.mark.parametrize("rows", [510, 511])
def test_only_the_row_of_the_phoneme_count_is_heard(kokoro, rows):
    count = kokoro.phoneme_count(TEXT)
    data = np.random.default_rng(0).normal(0, 0.14, (rows, 1, 256)).astype(np.float32)
    spoken = kokoro.synthesize(TEXT, VoicePack(data, "kokoro")).y
    others = np.zeros_like(data)
    others[count - 1] = data[count - 1]
    assert np.array_equal(kokoro.synthesize(TEXT, VoicePack(others, "kokoro")).y, spoken)
    others[count - 1] += 0.1
    changed = kokoro.synthesize(TEXT, VoicePack(others, "kokoro")).y
    assert len(changed) != len(spoken) or not np.array_equal(changed, spoken)


def test_long_text_is_cut_at_sentences_and_none_is_lost(kokoro, monkeypatch):
    pack, limit = kokoro.stock_voice("ef_dora"), 2 * kokoro.phoneme_count(TEXT) + 1
    alone, pair = (kokoro.synthesize(text, pack) for text in (TEXT, f"{TEXT} {TEXT}"))
    monkeypatch.setattr(kokoro, "max_phonemes", limit)
    three = kokoro.synthesize(f"{TEXT} {TEXT} {TEXT}", pack)
    assert np.array_equal(three.y[: len(pair.y)], pair.y)
    assert three.duration_s == pytest.approx(pair.duration_s + 0.25 + alone.duration_s)


def test_no_text_is_too_long(kokoro):
    text = "Su pedido llegará mañana, entre las tres y las seis. " * 14 + "a" * 700
    parts = pieces(tidy(text), kokoro.phoneme_count, kokoro.max_phonemes)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert all(kokoro.phoneme_count(part) <= 510 for part in parts)
    assert kokoro.phoneme_count(text) > 510


def test_speed_shortens(kokoro):
    pack = kokoro.stock_voice("ef_dora")
    slow, fast = (kokoro.synthesize(TEXT, pack, speed=s).duration_s for s in (0.7, 2.0))
    assert slow > 1.5 * fast


def test_voices_are_those_of_the_directory_spanish_first(kokoro, kokoro_model):
    assert kokoro.stock_voices() == ("ef_dora", "em_alex", "af_old")
    assert len(kokoro.stock_voice("af_old").data) == 511
    with pytest.raises(
        EngineError, match=r"Looked for .*/em_santa\.pt; there is ef_dora"
    ) as caught:
        kokoro.stock_voice("em_santa")
    assert caught.value.code == "missing_voice"


def test_packs_beside_the_weights_count_too_and_a_wrong_one_says_so(kokoro, kokoro_model):
    here = VoicePack(np.zeros((510, 1, 256), np.float32), "praat")
    voicepack.save(here, kokoro_model / "em_beside.pt")
    try:
        assert "em_beside" in kokoro.stock_voices()
        with pytest.raises(EngineError, match="'praat'") as caught:
            kokoro.stock_voice("em_beside")
        assert caught.value.code == "bad_voice"
    finally:
        (kokoro_model / "em_beside.pt").unlink()


def test_what_is_missing_is_named_with_its_place(tmp_path):
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
def test_damaged_model_files_say_so(tmp_path, damage):
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
        ({"lang": "en"}, "lang"), ({"threads": "two"}, "threads"), ({"threads": 0}, "threads"),
        ({"device": "tpu"}, "device"), ({"precision": "fp8"}, "precision"),
    ],
)  # fmt: skip
def test_options_it_cannot_follow(kokoro_model, options, named):
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


@pytest.mark.slow
def test_the_full_size_speaks_with_published_packs(tmp_path, shared_data):
    model_dir = kokoro_dir(tmp_path / "model", small=False)
    assert (model_dir / WEIGHTS).stat().st_size == pytest.approx(327e6, rel=0.02)
    engine = student("kokoro", {"model_dir": model_dir, "threads": "1"})
    pack = voicepack.load(shared_data / "kokoro" / "voices" / "ef_dora.pt", engine="kokoro")
    audio = engine.synthesize("Hola.", pack)
    assert np.isfinite(audio.y).all()
    assert audio.duration_s > 0.2


def test_the_standin_is_the_published_architecture(shared_data):
    published = json.loads((shared_data / "kokoro" / CONFIG).read_text(encoding="utf-8"))
    ours = config(small=False)
    assert set(ours["vocab"]) == set(published.pop("vocab"))
    ours.pop("vocab")
    assert ours == published


def test_no_copy_of_espeak_stays_where_a_process_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    g2p = _g2p("e")
    assert not list(tmp_path.rglob("libespeak*"))
    assert g2p("Hola.")[0] == _g2p("e")("Hola.")[0]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Son 1.500 €", "Son mil quinientos euros"),
        ("1.000.000", "un millón"),
        ("12,50 euros", "doce coma cinco cero euros"),
        ("a las 21:00 h", "a las veintiuna"),
        ("el 15/03/2024", "el quince de marzo de dos mil veinticuatro"),
        ("tel. 900", "teléfono novecientos"),
    ],
)
def test_spanish_figures_are_those_of_the_words(kokoro, written, said):
    """Its G2P takes each full stop, comma and colon of a figure for the end of a clause."""
    assert kokoro._phonemes(written) == kokoro._phonemes(said)
