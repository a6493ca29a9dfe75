"""The project's own sentences: counts, ids, spelling, balance, a style for each."""

import re
from collections import Counter
from typing import Any

import pytest
import yaml

from corpus.loading import FOLDER
from corpus.phonetics import balance, phonemes, syllables
from corpus.suggest import KINDS, suggest

GROUPS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "sentences.yaml").read_text("utf-8"))
STYLES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "styles.yaml").read_text("utf-8"))
SENTENCES = [(group, entry) for group in GROUPS for entry in group["sentences"]]
TEXTS = [entry["text"] for _, entry in SENTENCES]
COUNTS = {"pangrams": 7, "lists": 50, "call-center": 15, "diphthongs": 10, "numbers": 10} | {
    "minimal-pairs": 14,
    "hard-sequences": 9,
    "emotional": 12,
}


def test_each_category_has_its_count_and_no_duplicates() -> None:
    assert Counter(group["category"] for group, _ in SENTENCES) == COUNTS
    assert len(set(TEXTS)) == len({entry["id"] for _, entry in SENTENCES}) == 127
    assert SENTENCES[57][1] == {
        "id": "shcc-01",
        "kind": "greeting",
        "text": "Buenos días, gracias por llamar a nuestro servicio.",
    }


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["list"])
def test_ids_follow_one_scheme(group: dict[str, Any]) -> None:
    prefixes = {entry["id"].partition("-")[0] for entry in group["sentences"]}
    numbers = [int(entry["id"].partition("-")[2]) for entry in group["sentences"]]
    assert len(prefixes) == 1
    assert numbers == list(range(1, len(numbers) + 1))
    assert {entry["kind"] for entry in group["sentences"]} <= set(KINDS)


@pytest.mark.parametrize("text", TEXTS)
def test_sentences_are_spanish_and_of_speakable_length(text: str) -> None:
    assert re.fullmatch(r"[¿¡]?[A-ZÁÉÍÓÚÑ][a-zA-ZáéíóúüñÁÉÍÓÚÑ,¿? ]+[.?!]", text)
    assert text.count("¿") == text.count("?")
    assert text.count("¡") == text.count("!")
    assert 1.0 <= syllables(text) / 5.5 <= 8.0


def test_every_pangram_has_every_phoneme() -> None:
    for entry in GROUPS[0]["sentences"]:
        assert balance([entry["text"]]).missing == (), entry["text"]


def test_the_lists_are_balanced_and_no_phoneme_is_missing() -> None:
    lists = [group for group in GROUPS if group["category"] == "lists"]
    assert [len(group["sentences"]) for group in lists] == [10] * 5
    for group in lists:
        assert balance(entry["text"] for entry in group["sentences"]).distance <= 0.05
    assert balance(TEXTS).missing == ()


def test_minimal_pairs_differ_in_one_phoneme_or_none() -> None:
    assert phonemes("barón") == phonemes("varón")
    pairs = [("pero", "perro"), ("pozo", "poso"), ("caña", "cana"), ("cuna", "cuña")]
    for left, right in pairs:
        differing = [(a, b) for a, b in zip(phonemes(left), phonemes(right), strict=True) if a != b]
        assert len(differing) == 1


def test_every_style_has_eight_sentences_or_more_by_suggestion() -> None:
    found = Counter(suggest(entry["kind"], entry["text"]).style for _, entry in SENTENCES)
    assert set(found) == {style["key"] for style in STYLES}
    assert min(found.values()) >= 8


def test_styles_are_complete_and_distinct() -> None:
    assert {s["key"]: s["f5_speed"] for s in STYLES} == {
        "neutral": 1.0,
        "amable": 0.95,
        "empatico": 0.9,
        "profesional": 1.05,
    }
    assert len({style["shape"] for style in STYLES}) == len({s["colour"] for s in STYLES}) == 4
    measures = {"pitch_st", "rate_ratio", "range_ratio", "pause_ratio", "energy_db"}
    for style in STYLES:
        assert set(style["profile"]) == measures
        assert all(low < high for low, high in style["profile"].values())
    neutral = STYLES[0]["profile"]
    assert all(
        neutral[m][0] < (0 if m in ("pitch_st", "energy_db") else 1) < neutral[m][1]
        for m in measures
    )
