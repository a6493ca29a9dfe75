"""The exchange format: written data is read back; every fault is named."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.exchange.items import ExchangeItem, ExchangeProsody, ExchangeRecording, dump
from corpus.exchange.parsing import ExchangeError, ExchangeErrors, parse
from corpus.text.cleaning import composed

STYLES = {"neutral", "amable", "empatico", "profesional"}
LISTS = {"lista_call_center", "lista_01"}
GOOD: dict[str, Any] = {
    "sentence_id": "shcc-01",
    "text": "Buenos días, gracias por llamar a nuestro servicio.",
    "list": "lista_call_center",
    "style_label": "amable",
    "recording": {
        "path": "recordings/shcc-01_amable.wav",
        "duration_seconds": 3.2,
        "quality_score": 0.91,
        "prosody": {"pitch_mean": 210.5, "energy_std": 0.12, "speech_rate": 4.2},
    },
}


def read(data: object) -> list[ExchangeItem]:
    raw = data if isinstance(data, str | bytes) else json.dumps(data, ensure_ascii=False)
    return parse(raw, styles=STYLES, lists=LISTS)


def faults(data: object) -> list[tuple[int, str]]:
    with pytest.raises(ExchangeErrors) as caught:
        read(data)
    return [(error.line, error.field) for error in caught.value.errors]


def with_recording(**changes: object) -> list[dict[str, object]]:
    return [GOOD | {"recording": GOOD["recording"] | changes}]


def test_the_published_example_is_read_and_written_key_for_key() -> None:
    (item,) = read([GOOD])
    assert item.recording == ExchangeRecording(
        "recordings/shcc-01_amable.wav", 3.2, 0.91, ExchangeProsody(210.5, 0.12, 4.2)
    )
    written = "".join(dump([item]))
    assert json.loads(written) == [GOOD]
    assert list(json.loads(written)[0]) == list(GOOD)


def test_json_lines_and_a_byte_order_mark_are_read() -> None:
    second = GOOD | {"sentence_id": "shcc-02", "text": "Hasta pronto.", "recording": None}
    lines = f"{json.dumps(GOOD)}\n\n{json.dumps(second)}\n"
    assert [item.line for item in read(b"\xef\xbb\xbf" + lines.encode())] == [1, 3]


def test_label_and_recording_may_be_absent_or_null() -> None:
    bare = {key: GOOD[key] for key in ("sentence_id", "text", "list")}
    (absent,) = read([bare])
    (null,) = read([bare | {"style_label": None, "recording": None}])
    assert absent == null
    assert (null.style_label, null.recording) == (None, None)


def test_every_fault_of_a_file_is_named_with_its_line_and_field() -> None:
    text = """[
  {"sentence_id": "a b", "text": "Hola.", "list": "lista_01", "style_label": "alegre"},
  {"sentence_id": "sh01-01",
   "text": 7,
   "list": "lista_99",
   "recording": {"path": "../x.wav", "duration_seconds": 0,
                 "quality_score": 1.5,
                 "prosody": {"pitch_mean": "alto", "energy_std": -1}}},
  {"sentence_id": "sh01-02", "text": "Vale." "list": "lista_01"},
  17,
  {"sentence_id": "sh01-03", "text": "Hola.", "list": "lista_01", "note": 1, "note": 2}
]"""
    assert sorted(faults(text)) == sorted(
        [
            *[(2, "sentence_id"), (2, "style_label")],
            *[(4, "text"), (5, "list"), (6, "recording.path"), (6, "recording.duration_seconds")],
            *[(7, "recording.quality_score"), (8, "recording.prosody.pitch_mean")],
            *[(8, "recording.prosody.energy_std"), (8, "recording.prosody.speech_rate")],
            *[(9, ""), (11, "text"), (11, "note"), (11, "note")],
        ]
    )


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../a.wav", "a/../../b.wav", "C:\\a.wav", "a\\..\\b.wav", "a\x00.wav", "", 3],
)
def test_paths_that_leave_the_folder_are_refused(path: object) -> None:
    assert faults(with_recording(path=path)) == [(1, "recording.path")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration_seconds", 0),
        ("duration_seconds", -1.0),
        ("duration_seconds", True),
        ("duration_seconds", "3"),
        ("duration_seconds", float("inf")),
        ("duration_seconds", 10**400),
        ("quality_score", float("nan")),
        ("quality_score", 1.01),
        ("speaker", "a" * 121),
        ("speaker", 3),
        ("prosody", [1]),
        ("prosody", "x"),
    ],
)
def test_numbers_of_the_wrong_type_or_range_are_refused(field: str, value: object) -> None:
    assert faults(with_recording(**{field: value})) == [(1, f"recording.{field}")]


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "a\nb", "\ud800", "¿?", " a", "a" * 401, 1])
def test_unspeakable_texts_are_refused(text: object) -> None:
    raw = json.dumps([GOOD | {"text": text}])
    assert faults(raw) == [(1, "text")]


def test_a_nested_object_is_not_a_number() -> None:
    prosody = {"pitch_mean": {"mean": 3}, "energy_std": 0.1, "speech_rate": None}
    assert faults(with_recording(prosody=prosody)) == [(1, "recording.prosody.pitch_mean")]


def test_duplicate_ids_and_texts_are_reported_even_on_one_line() -> None:
    assert faults([GOOD, GOOD]) == [(1, "sentence_id"), (1, "text")]


def test_a_recording_needs_its_style() -> None:
    assert faults([GOOD | {"style_label": None}]) == [(1, "style_label")]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"[]\n{}", 2),
        ("", 1),
        ("\n\n  ", 3),
        ("[{}", 1),
        ("hola", 1),
        ("[" * 100_000, 1),
        ('{"a":' * 100_000, 1),
        ('{"sentence_id": ' + "1" * 5000 + "}", 1),
        (b'[\n"\xff"]', 2),
        (b"\xff\xfe[\x00", 1),
        ("[1,]", 1),
    ],
)
def test_invalid_json_is_reported_with_its_line(raw: str | bytes, line: int) -> None:
    assert line in [found for found, _ in faults(raw)]


def test_reading_stops_after_a_thousand_faults() -> None:
    assert len(faults('{"a":\n' * 20_000)) == 1001


def test_an_empty_array_is_an_empty_corpus() -> None:
    assert read("".join(dump([]))) == []


words = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60)
measure = st.none() | st.floats(0, 1e6)
recordings = st.builds(
    ExchangeRecording,
    path=st.from_regex(r"[a-z]{1,9}(/[a-z0-9_-]{1,9}){0,3}\.wav", fullmatch=True),
    duration_seconds=st.floats(0.01, 1e4),
    quality_score=st.none() | st.floats(0, 1),
    prosody=st.none() | st.builds(ExchangeProsody, measure, measure, measure),
    speaker=st.none() | st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
)
items = st.builds(
    ExchangeItem,
    sentence_id=st.from_regex(r"[-a-zA-Z0-9_]{1,50}", fullmatch=True),
    text=words.map(lambda text: composed(f"a{text}a")),
    list=st.sampled_from(sorted(LISTS)),
    style_label=st.sampled_from(sorted(STYLES)),
    recording=st.none() | recordings,
    line=st.just(0),
)


@settings(deadline=None)
@given(st.lists(items, unique_by=(lambda i: i.sentence_id, lambda i: i.text), max_size=5))
def test_written_data_is_read_back(corpus: list[ExchangeItem]) -> None:
    assert read("".join(dump(corpus))) == corpus
    assert [replace(i, line=0) for i in read("".join(dump(corpus)).encode())] == corpus


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*GOOD, *GOOD["recording"]]), inner, max_size=6)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


def refused(raw: str | bytes) -> tuple[ExchangeError, ...] | None:
    try:
        read(raw)
    except ExchangeErrors as fault:
        return fault.errors
    return None


@settings(deadline=None)
@given(json_values)
def test_any_json_is_read_or_refused_with_an_error(value: object) -> None:
    errors = refused(json.dumps(value))
    assert errors is None or (errors and all(e.line >= 1 and str(e) for e in errors))


@settings(deadline=None)
@given(st.text(max_size=80) | st.text('{}[]",:01a \n', max_size=80) | st.binary(max_size=60))
def test_any_file_is_read_or_refused_with_an_error(raw: str | bytes) -> None:
    errors = refused(raw)
    assert errors is None or (errors and all(e.line >= 1 and str(e) for e in errors))
