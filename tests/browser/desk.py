"""The desk: a web server at which labelers, reviewers and a speaker work, and its database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Desk:
    """A running web server with the rows of fill_desk.py."""

    url: str
    folder: Path
    passwords: dict[str, str]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "db.sqlite3") as base:
            return list(base.execute(query, values))

    def decisions(self, person: str) -> list[tuple[str, str | None, str]]:
        """(sentence, style, source) of all of a person's decisions, oldest first."""
        return self.rows(
            "SELECT s.sentence_id, y.key, d.source FROM corpus_labeldecision d"
            " JOIN corpus_sentence s ON s.id = d.sentence_id"
            " JOIN auth_user u ON u.id = d.person_id"
            " LEFT JOIN corpus_stylelabel y ON y.id = d.style_id"
            " WHERE u.username = ? ORDER BY d.id",
            person,
        )

    def label(self, sentence: str) -> str | None:
        query = (
            "SELECT y.key FROM corpus_sentence s LEFT JOIN corpus_stylelabel y"
            " ON y.id = s.label_id WHERE s.sentence_id = ?"
        )
        return self.rows(query, sentence)[0][0]

    def takes(self) -> list[tuple[int, str, str]]:
        """(id, sentence, state) of every take, oldest first."""
        return self.rows(
            "SELECT r.id, s.sentence_id, r.state FROM corpus_recording r"
            " JOIN corpus_sentence s ON s.id = r.sentence_id ORDER BY r.id"
        )

    def sounds(self) -> set[Path]:
        return set((self.folder / "media").rglob("*.wav"))
