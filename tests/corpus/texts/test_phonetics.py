"""Spanish sounds: words with known transcriptions and syllables, and espeak-ng as reference."""

import difflib
import math

import parselmouth
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from parselmouth.praat import call

from corpus.loading import FOLDER
from corpus.phonetics import INVENTORY, REFERENCE, balance, divergence, phonemes, syllables
from corpus.text.normalization import words

SOUNDS = {
    "perro": "pero",
    "pero": "peɾo",
    "alrededor": "alrededoɾ",
    "Enrique": "enrike",
    "guitarra": "ɡitara",
    "pingüino": "pinɡuino",
    "averiguáis": "abeɾiɡuais",
    "cigüeña": "θiɡueɲa",
    "gente": "xente",
    "jirafa": "xiɾafa",
    "zapato": "θapato",
    "acción": "akθion",
    "chaqueta": "tʃaketa",
    "llave": "ʎabe",
    "yema": "ʝema",
    "leyes": "leʝes",
    "ley": "lei",
    "hielo": "ʝelo",
    "hueso": "ueso",
    "ahora": "aoɾa",
    "vaca": "baka",
    "México": "mexiko",
    "examen": "eksamen",
    "xilófono": "silofono",
    "psicología": "sikoloxia",
    "y": "i",
}
COUNTS = {
    "ciudad": 2,
    "poeta": 3,
    "guion": 1,
    "país": 2,
    "ahí": 2,
    "prohibir": 2,
    "oía": 3,
    "leíais": 3,
    "Uruguay": 3,
    "buey": 1,
    "limpiáis": 2,
    "paranoia": 4,
    "ahuecar": 3,
    "cacahuete": 4,
    "aéreo": 4,
    "chiita": 3,
    "cooperar": 4,
    "vehículo": 4,
    "búho": 2,
    "cigüeña": 3,
    "queréis": 2,
    "Raúl": 2,
    "jaula": 2,
    "y": 1,
    "hoy": 1,
}


@pytest.mark.parametrize(("word", "sounds"), SOUNDS.items())
def test_words_have_their_known_transcriptions(word: str, sounds: str) -> None:
    assert "".join(phonemes(word)) == sounds


def test_the_trill_and_the_tap_are_two_phonemes() -> None:
    assert phonemes("perro")[2] == phonemes("roca")[0] == "r"
    assert phonemes("pero")[2] == "ɾ"


def test_american_spanish_merges_what_castilian_keeps_apart() -> None:
    assert phonemes("caza", variety="american") == phonemes("casa")
    assert phonemes("pollo", variety="american") == phonemes("poyo")


@pytest.mark.parametrize(("word", "count"), COUNTS.items())
def test_syllables_follow_diphthongs_and_hiatus(word: str, count: int) -> None:
    assert syllables(word) == count


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_phonemes_of_the_inventory_only(text: str) -> None:
    assert set(phonemes(text)) <= set(INVENTORY)
    assert syllables(text) >= len(words(text))


def test_the_divergence_is_the_jensen_shannon_divergence() -> None:
    assert divergence({"a": 1.0}, {"a": 1.0}) == 0
    assert divergence({"a": 1.0}, {"b": 1.0}) == pytest.approx(1)
    half = {"a": 0.5, "b": 0.5}
    expected = (math.log2(1 / 0.75) + 0.5 * math.log2(0.5 / 0.75) + 0.5) / 2
    assert divergence({"a": 1.0}, half) == pytest.approx(expected)
    assert divergence(half, {"a": 1.0}) == pytest.approx(expected)


def test_the_reference_is_a_distribution_and_agrees_with_its_abstract() -> None:
    assert sum(REFERENCE.values()) == pytest.approx(1)
    assert sum(REFERENCE[p] for p in "eaosnɾi") == pytest.approx(0.675, abs=5e-4)


def test_balance_counts_phonemes_and_names_missing_ones() -> None:
    found = balance(["Caza", "casa."])
    assert (found.total, found.counts["θ"], found.counts["s"]) == (8, 1, 1)
    assert found.shares["s"] == pytest.approx(2 / 8)
    assert "ɲ" in found.missing
    assert found.distance == pytest.approx(math.sqrt(found.divergence))
    with pytest.raises(ValueError, match="no Spanish words"):
        balance(["¿?"])


ESPEAK = {"β": "b", "ð": "d", "ɣ": "ɡ", "ŋ": "n", "ɱ": "n", "j": "i", "w": "u"} | {
    "ɪ": "i",
    "ʊ": "u",
    "ɛ": "e",
    "ɔ": "o",
}


def espeak_phonemes(synthesizer: parselmouth.Data, text: str) -> list[str]:
    """espeak-ng's transcription: allophones as phonemes, r and ʝ in our notation."""
    grid, _sound = call(synthesizer, "To Sound", text, True)
    tier = call(grid, "Get number of tiers")
    count = call(grid, "Get number of intervals", tier)
    labels = [call(grid, "Get label of interval", tier, i) for i in range(1, count + 1)]
    found: list[str] = []
    for label in filter(None, labels):
        found += [label] if label == "tʃ" else [ESPEAK.get(sign, sign) for sign in label]
    written = " ".join(found).replace("ɾ ɾ", "r")
    return written.replace("i i", "ʝ").split()


def test_espeak_finds_the_same_phonemes_in_the_whole_corpus() -> None:
    synthesizer = call("Create SpeechSynthesizer", "Spanish (Spain)", "Female1")
    groups = yaml.safe_load((FOLDER / "sentences.yaml").read_text("utf-8"))
    ours = theirs = same = 0
    for entry in (entry for group in groups for entry in group["sentences"]):
        mine, reference = phonemes(entry["text"]), espeak_phonemes(synthesizer, entry["text"])
        blocks = difflib.SequenceMatcher(
            None, mine, reference, autojunk=False
        ).get_matching_blocks()
        ours, theirs = ours + len(mine), theirs + len(reference)
        same += sum(block.size for block in blocks)
        assert abs(len(mine) - len(reference)) <= 2, entry["text"]
    assert ours == pytest.approx(theirs, rel=0.005)
    assert 2 * same / (ours + theirs) > 0.99
