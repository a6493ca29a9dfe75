"""Tables as other programs write them: read back exactly, and what they damaged pointed out."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.lists import ListError, read
from corpus.tables import decode, mended, spreadsheet_error, table_of

TEXTS = [
    "¿Qué tal, señora Núñez?",
    "Son las ocho; y media.",
    'Dijo «sí», y luego: "adiós".',
    "Tres líneas\nen una celda.",
]
COMMA, SEMICOLON, TAB = ",", ";", "\t"
BOM = "\ufeff"


def written(delimiter: str, *, quoting: int = csv.QUOTE_MINIMAL, end: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    write = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    write.writerow(["n", "Texto", "nota"])
    write.writerows([str(n), text, "1,5" if n else ""] for n, text in enumerate(TEXTS))
    return out.getvalue()


def as_google_tabs() -> str:
    """Google Sheets puts no quotes into its tab-separated files, and no newlines."""
    rows = [["n", "Texto", "nota"], *([str(n), text, ""] for n, text in enumerate(TEXTS))]
    return "\r\n".join("\t".join(cell.replace("\n", " ") for cell in row) for row in rows)


SHAPES = {
    "Excel es, CSV UTF-8": ("a.csv", (BOM + written(SEMICOLON)).encode()),
    "Excel en, CSV UTF-8": ("a.csv", (BOM + written(COMMA)).encode()),
    "Excel es, CSV": ("a.csv", written(SEMICOLON).encode("cp1252")),
    "Excel en, CSV": ("a.csv", written(COMMA).encode("cp1252")),
    "Excel es, CSV MS-DOS": ("a.csv", written(SEMICOLON).encode("cp850")),
    "Excel en, CSV Macintosh": (
        "a.csv", written(COMMA, quoting=csv.QUOTE_ALL, end="\r").encode("mac_roman"),
    ),
    "Excel, Unicode text": ("a.txt", (BOM + written(TAB)).encode("utf-16-le")),
    "Excel, text with tabs": ("a.txt", written(TAB).encode("cp1252")),
    "for Excel, sep=": ("a.csv", (BOM + "sep=;\r\n" + written(SEMICOLON)).encode()),
    "LibreOffice es": ("a.csv", written(SEMICOLON, end="\n").encode()),
    "LibreOffice en, all quoted": (
        "a.csv", written(COMMA, quoting=csv.QUOTE_ALL, end="\n").encode(),
    ),
    "LibreOffice, UTF-16": ("a.csv", written(COMMA, end="\n").encode("utf-16-be")),
    "Google Sheets, CSV": ("a.csv", written(COMMA).rstrip("\r\n").encode()),
    "Google Sheets, TSV": ("a.tsv", as_google_tabs().encode()),
    "Numbers es": ("a.csv", written(SEMICOLON).encode()),
    "Numbers en": ("a.csv", written(COMMA).encode()),
    "Numbers, UTF-16": ("a.csv", written(COMMA).encode("utf-16")),
    "pasted from a spreadsheet": ("pasted.txt", written(TAB, end="\n").encode()),
    "JSON Lines": (
        "a.jsonl", "".join(json.dumps({"texto": text}) + "\n" for text in TEXTS).encode(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_one_file_of_each_program_gives_the_sentences(shape: str) -> None:
    name, data = SHAPES[shape]
    rows = read(data, name=name).rows
    assert [text for _line, text in rows] == [" ".join(text.split()) for text in TEXTS]


def test_a_file_of_one_column_is_never_split() -> None:
    texts = ["Hola, señor.", "Adiós, señora.", "Uno; dos; tres | cuatro.", "Cuesta 1,50 euros."]
    for head in ("", "texto\n", "sep=;\ntexto\n"):
        for name in ("a.csv", "a.txt", ""):
            if head or name != "a.csv":
                found = read((head + "\n".join(texts)).encode(), name=name)
                assert [text for _line, text in found.rows] == texts
    assert read("sep=;\r\nHola, señor.\r\n".encode(), name="a.csv").rows == ((2, "Hola, señor."),)
    for sentence in ("Hola, señor.\nAdiós, señora.", "Son 1,50 euros.\nSon 2,50 euros."):
        assert len(read(sentence.encode(), name="a.csv").rows) == 2


def test_a_row_of_other_length_than_the_header_is_a_fault_that_names_its_line() -> None:
    data = b'text,n\n"Dos\nl\xc3\xadneas.",1\nHola, amigo.,2\n'
    with pytest.raises(ListError) as refused:
        read(data, name="a.csv")
    [fault] = refused.value.faults
    assert (fault.line, fault.params) == (4, {"cells": "3", "wanted": "2"})
    assert read(b"text,n\nHola.,1,,\n").rows == ((2, "Hola."),)


NAMES = ("text", "Texto", "frase")
word = st.text(st.sampled_from("abczN 1"), min_size=1, max_size=6)
signs = st.sampled_from("aeñÑíÚü¿¡«», ;|\t\"'\n.=#[{")
letter = signs | st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff")
spoken = [
    "días",
    "señor",
    "¿Qué tal?",
    "Núñez",
    "MAÑANA",
    "tú",
    "él",
    "acción",
    "¡Olé!",
    "pingüino",
]
parts = st.sampled_from([*spoken, "no", ",", ";", "\t", "|", '"', "\n", "sep=;"])
spanish = st.lists(parts, max_size=6).map(" ".join)


@st.composite
def tables(draw: st.DrawFn, cell: st.SearchStrategy[str]) -> list[list[str]]:
    others = draw(
        st.lists(word.filter(lambda name: name.strip().casefold() not in NAMES), max_size=3)
    )
    at = draw(st.integers(0, len(others)))
    header = [*others[:at], draw(st.sampled_from(NAMES)), *others[at:]]
    row = st.lists(cell, min_size=len(header), max_size=len(header))
    return [header, *draw(st.lists(row, max_size=5))]


def as_csv(rows: list[list[str]], delimiter: str, quoting: int, end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return out.getvalue()


dialect = {
    "delimiter": st.sampled_from(",;\t|"),
    "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    "end": st.sampled_from(["\r\n", "\n"]),
    "stated": st.booleans(),
}


def read_back(data: bytes) -> list[list[str]]:
    text, _encoding = decode(data)
    found = table_of(text, {name.casefold() for name in NAMES})
    assert found is not None
    return [row for _line, row in found]


def kept(rows: list[list[str]]) -> list[list[str]]:
    return [row for row in rows if any(cell.strip() for cell in row)]


@given(
    tables(st.text(letter, max_size=12)),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    *dialect.values(),
)
def test_any_table_is_read_back_exactly(rows, encoding, delimiter, quoting, end, stated) -> None:
    text = (f"sep={delimiter}{end}" if stated else "") + as_csv(rows, delimiter, quoting, end)
    assert read_back(text.encode(encoding)) == kept(rows)


@given(
    tables(spanish),
    st.sampled_from(["cp1252", "mac_roman", "cp850", "utf-16-le", "utf-16-be"]),
    *dialect.values(),
)
def test_spanish_tables_are_read_back_in_older_encodings_too(
    rows, encoding, delimiter, quoting, end, stated
) -> None:
    text = (f"sep={delimiter}{end}" if stated else "") + as_csv(rows, delimiter, quoting, end)
    assert read_back(text.encode(encoding)) == kept(rows)


@pytest.mark.parametrize(
    ("found", "better"),
    [
        ("Buenos dÃ\xadas, seÃ±or NÃºÃ±ez.", "Buenos días, señor Núñez."),
        ("Â¿QuÃ© tal?", "¿Qué tal?"),
        ("Â\xa1Hola!", "¡Hola!"),
        ("â€œHolaâ€\x9d â€” adiÃ³sâ€¦", "“Hola” — adiós…"),
        ("dÃƒÂ\xadas", "días"),
        ("d√≠as, se√±or", "días, señor"),
        ("d├¡as", "días"),
        ("ï»¿Hola", "\ufeffHola"),
        ("«CAFÉ» y MAÑANA…", "«CAFÉ» y MAÑANA…"),
        ("Ça va, Übung, São, âge", "Ça va, Übung, São, âge"),
    ],
)
def test_text_read_in_a_wrong_encoding_is_mended(found: str, better: str) -> None:
    assert mended(found) == better


@given(st.text(st.sampled_from("áéíóúüñÁÉÍÓÚÜÑ¿¡«»“”…—€ abz,."), max_size=30))
def test_whatever_spanish_was_misread_is_mended(text: str) -> None:
    for encoding in ("mac_roman", "cp850"):
        assert mended(text.encode().decode(encoding)) == text


def test_damage_is_pointed_out_with_its_line_and_a_suggestion() -> None:
    data = "texto\nBuenos dÃ\xadas.\n#N/A\nHasta ma\ufffdana.\nHola.\nSon #¡REF! euros.\n"
    found = read(data.encode())
    assert found.rows == ((2, "Buenos días."), (5, "Hola."))
    assert [(one.line, one.kind, one.suggestion) for one in found.doubts] == [
        (2, "garbled", "Buenos días."), (3, "error", ""), (4, "garbled", ""), (6, "error", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "error",
    ["#N/A", "#N/D", "#REF!", "#¡REF!", "#¡VALOR!", "#NAME?", "#¿NOMBRE?", "#¡DIV/0!", "#DIV/0!",
     "#NUM!", "#¡NULO!", "#ERROR!", "#¡DESBORDAMIENTO!", "Err:508", "#########"],
)  # fmt: skip
def test_errors_of_spreadsheets_in_both_languages_are_known(error: str) -> None:
    assert spreadsheet_error(error) == error
    assert not spreadsheet_error("Marque el #1, o la almohadilla #.")


def test_text_is_composed_and_invisible_signs_are_dropped() -> None:
    data = "Nu\u0301n\u0303ez lla\u00adma\u200b a\u0301lgo.\n".encode()
    assert read(data).rows == ((1, "Núñez llama álgo."),)
    assert read(json.dumps(["Nu\u0301n\u0303ez."]).encode()).rows == ((1, "Núñez."),)
