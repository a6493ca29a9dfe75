"""Lists of sentences: every supported format, and every kind of fault."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.lists import MAX_BYTES, MAX_SENTENCES, ListError, ids, like_key, marked, read, same_key
from corpus.phonetics import balance
from corpus.phonetics.balance import coverage_svg

TEXTS = ["¿Qué tal, señora Núñez?", "Son las ocho y media.", "Adiós, «amigo»; hasta luego."]


def texts(data: bytes, name: str = "") -> list[str]:
    return [text for _line, text in read(data, name=name).rows]


def table(delimiter: str, header: bool = True) -> bytes:
    out = io.StringIO()
    write = csv.writer(out, delimiter=delimiter)
    if header:
        write.writerow(["n", "Texto", "nota"])
    write.writerows([n, text, "x"] for n, text in enumerate(TEXTS))
    return out.getvalue().encode()


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        ("\n".join(TEXTS).encode(), "", "text"),
        ("\r\n\r\n".join(TEXTS).encode(), "a.txt", "text"),
        (b"\xef\xbb\xbf" + "\r".join(TEXTS).encode(), "", "text"),
        ("\n".join(TEXTS).encode("utf-16"), "", "text"),
        ("\n".join(TEXTS).encode("cp1252"), "", "text"),
        (table(","), "a.csv", "csv"),
        (table(";"), "", "csv"),
        (table("\t"), "a.tsv", "csv"),
        ("\n".join(f'"{text}"' for text in TEXTS).encode(), "a.csv", "csv"),
        (json.dumps(TEXTS).encode(), "", "json"),
        (json.dumps([{"id": 1, "Text": text} for text in TEXTS]).encode(), "a.json", "json"),
    ],
)
def test_every_format_gives_the_same_sentences(data, name, kind):
    assert read(data, name=name).kind == kind
    assert texts(data, name) == TEXTS


def test_windows_1252_is_reported_so_that_accents_can_be_checked():
    assert read("¿Qué?".encode("cp1252")).encoding == "cp1252"
    assert read("¿Qué?".encode()).encoding == "utf-8"


def test_a_cell_may_hold_the_delimiter_and_a_line_break():
    assert texts(b'text,n\n"Hola, se\xc3\xb1or,\nbuenas.",1\n') == ["Hola, señor, buenas."]


@pytest.mark.parametrize(
    ("data", "name", "line"),
    [
        (b"", "", 0),
        (b" \n \n", "", 0),
        (b"\x00\x01\x02\x89PNG", "", 0),
        (b"\xff\xfe\x00", "", 0),
        (b"x" * (MAX_BYTES + 1), "", 0),
        (b"Hola.\n...\n", "", 2),
        (b"Hola.\n" + b"a" * 401, "", 2),
        (b"Hola.\nAdi\x07os.", "", 2),
        (b'["Hola.", 3]', "", 2),
        (b'["Hola.", {"other": "x"}]', "", 2),
        (b'["Hola.",\n "Adi', "", 2),
        (b"text,n\nHola, amigo,3\n", "", 2),
        (b"text;n\n\nHola.;1\nAdi\xc3\xb3s.\n", "", 4),
        (b"sep=;\ntext;n\nHola.;1\nSi;No;3\n", "", 4),
        (b"1\tHola.\n2\tSi.\n", "", 1),
        (b"text\n#N/A\nd\xc3\x83as\n", "", 2),
        (b'{"text": "Hola."}\n{"other": 1}', "", 2),
        (b'{"text": "Hola."}\n{"text": ', "a.jsonl", 2),
        (b"[" * 100_000, "", 0),
        (b"a,b\nHola.,x", "a.csv", 1),
        (b'text,n\n"Hola', "a.csv", 2),
        (b"text,n\n,1\n", "a.csv", 2),
    ],
)
def test_faults_are_reported_with_their_line(data, name, line):
    with pytest.raises(ListError) as refused:
        read(data, name=name)
    fault = refused.value.faults[0]
    assert fault.line == line
    assert fault.message % fault.params


def test_every_fault_is_reported_and_not_only_the_first():
    with pytest.raises(ListError) as refused:
        read(b"...\nHola.\n???\n" + b"b" * 500)
    assert [fault.line for fault in refused.value.faults] == [1, 3, 4]


def test_too_many_sentences_are_refused_at_the_limit():
    with pytest.raises(ListError) as refused:
        read("\n".join(f"Frase {n}." for n in range(MAX_SENTENCES + 1)).encode())
    assert refused.value.faults[0].params == {"most": str(MAX_SENTENCES)}


@given(st.binary(max_size=300), st.sampled_from(["", "a.csv", "a.json", "a.txt"]))
def test_any_bytes_are_read_or_refused(data, name):
    try:
        found = read(data, name=name)
    except ListError as error:
        found = None
        faults = error.faults
    assert found.rows if found else faults


@pytest.mark.parametrize(
    ("text", "other", "same", "like"),
    [
        ("¡Hola,  señor!", "hola señor", True, True),
        ("Él canto", "el cantó.", False, True),
        ("cafe\u0301", "CAFÉ", True, True),
        ("Cumple años", "Cumple anos", False, False),
        ("pingüino", "pinguino", False, False),
    ],
)
def test_equal_and_similar_sentences_have_equal_keys(text, other, same, like):
    assert (same_key(text) == same_key(other)) is same
    assert (like_key(text) == like_key(other)) is like


def test_duplicates_are_marked_with_the_sentence_they_repeat():
    rows = [(1, "Hola."), (2, "¡HOLA!"), (3, "Papá llega."), (5, "Papa llega"), (6, "Nueva.")]
    found = marked(rows, {"hola": "sh-07", "Páse": "sh-08"})
    assert [(row.twin, row.other) for row in found] == [
        ("corpus", "sh-07"), ("corpus", "sh-07"), ("", ""), ("like_file", "3"), ("", ""),
    ]  # fmt: skip
    assert marked([(1, "Pase")], {"Páse": "sh-08"})[0].twin == "like_corpus"
    assert marked([(1, "Sí."), (2, "sí")], {})[1].twin == "file"


def test_ids_continue_after_the_highest():
    assert ids("sh", ["sh-09", "sh-x", "shx-50", "sh-2"], 2) == ["sh-10", "sh-11"]
    assert ids("sh", [], 1) == ["sh-01"]
    assert ids("a.b", ["axb-7"], 1) == ["a.b-01"]


def test_the_chart_shows_reference_before_and_after():
    found = balance(TEXTS)
    drawn = coverage_svg(found, found, title="<antes>")
    assert drawn.count("cover-before") == drawn.count("cover-after") == 22
    assert "&lt;antes&gt;" in drawn
    assert "cover-before" not in coverage_svg(None, found, title="x")
