"""Loan words by the lexicon, which anyone can extend."""

import pytest

from corpus.text.lexicon import FILE, LexiconError, lexicon_of, read_lexicon
from tests.corpus.text.kinds.reading import said

# RAE and FundéuRAE give the sounds of these words; they are spelled here as Spanish reads them.
CASES = {
    "El router y los routers": "El rúter y los rúters",
    "su e-mail, su email": "su imeil, su imeil",
    "El login": "El loguin",
    "Bluetooth y WhatsApp": "blutuz y guasap",
    "el Wi-Fi, la wifi": "el wifi, la wifi",
    "online u ON-LINE": "onláin u onláin",
    "un smartphone Android": "un esmarfon ándroid",
    "hardware y software": "járdwer y sóftwer",
    "la eSIM y el iPhone": "la e sim y el áifon",
    "Facebook, YouTube": "féisbuk, yutub",
    "OK, un backup": "okéi, un bacap",
    "I+D y AT&T": "i más de y a te y te",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_loan_words(written: str, words: str) -> None:
    assert said(written) == words


def test_a_file_of_ones_own_wins(tmp_path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("# ours\nrouter = ruter  # as here\nAcme = ácmi\n", "utf-8")
    assert (
        said("El router de Acme, no de acme", lexicon=str(mine)) == "El ruter de ácmi, no de acme"
    )
    assert lexicon_of("").said("router") == "rúter"


def test_a_line_that_cannot_be_read_is_named(tmp_path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("router\n", "utf-8")
    with pytest.raises(LexiconError, match=r"mine\.txt:1: a line is `written = said`"):
        read_lexicon(mine)
    with pytest.raises(LexiconError, match="cannot be read"):
        read_lexicon(tmp_path / "none.txt")


def test_no_entry_says_what_needs_reading_again() -> None:
    assert all(words == words.lower() for words in read_lexicon(FILE).values())
    assert not any(sign.isdigit() for words in read_lexicon(FILE).values() for sign in words)
