"""What has been graded, by content: SQLite in WAL mode, one writer, every acknowledged row on disk.

`results` is keyed by the digests of all that a question's verdicts depend on, so resuming a stopped batch, regrading
after a fix and grading only new submissions are the same command. UNGRADED is never stored there. `reports` holds, for
each student, what their last report was made of, so that the files of a cohort are written row by row, in the same
bytes however often it was stopped."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from .errors import UsageError
from .model import QuestionResult
from .records import Part, Row, report_line, result_from_json

VERSION = 3  # of these tables
TABLES = (
    """CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, student TEXT NOT NULL, question TEXT NOT NULL, result TEXT NOT NULL, notes TEXT NOT NULL
) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS reports (
    student TEXT PRIMARY KEY, run TEXT NOT NULL, digest TEXT NOT NULL, row TEXT NOT NULL, head TEXT NOT NULL,
    parts TEXT NOT NULL
) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
)


@dataclass(frozen=True)
class Made:
    """A student's report in pieces. `keys` are the content keys of the parts that may be stored; `digest` is of all
    that the report depends on, empty where it must be made anew each time."""

    row: Row
    head: str
    parts: tuple[Part, ...]
    keys: Mapping[str, str]
    digest: str = ""

    def stored(self) -> list[Part]:
        return [part for part in self.parts if part.score is not None and part.question in self.keys]


class Store:
    """Results on disk. Use as a context manager; raises UsageError where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # it tells hidden cases
            self.db = sqlite3.connect(path, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise UsageError(f"{path}: {error}; use another --out folder") from error
        try:
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise UsageError(f"{path}: written by another version; use another --out folder")
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.execute("PRAGMA cache_size=-512")  # KiB: memory is flat in the number of submissions
            for table in TABLES:
                self.db.execute(table)
            self.db.execute(f"PRAGMA user_version={VERSION}")
        except sqlite3.Error as error:
            self.db.close()
            raise UsageError(f"{path}: {error}; use another --out folder") from error
        except UsageError:
            self.db.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.db.close()

    def get(self, keys: Mapping[str, str]) -> dict[str, QuestionResult]:
        """Stored results by question, for `keys` that map questions to content keys."""
        found = {}
        for question, text, notes in self._select("question, result, notes", keys):
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):  # a damaged row: it is run again
                found[question] = result_from_json({**json.loads(text), "notes": json.loads(notes)})
        return found

    def unchanged(self, student: str, digest: str, keys: Mapping[str, str]) -> Row | None:
        """The student's row, where their last report is of this digest and all its parts are there."""
        with self._told():
            found = self.db.execute("SELECT digest, row FROM reports WHERE student = ?", (student,)).fetchone()
        if not digest or found is None or found[0] != digest:
            return None
        try:
            whole = {q for q, text in self._select("question, result", keys) if json.loads(text)["question"] == q}
            return _row(found[1]) if whole == set(keys) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def _select(self, columns: str, keys: Mapping[str, str]) -> list[tuple[str, ...]]:
        marks = ",".join("?" * len(keys))
        with self._told():
            query = f"SELECT {columns} FROM results WHERE key IN ({marks})"
            return self.db.execute(query, list(keys.values())).fetchall()

    def put(self, run: str, made: Iterable[Made], same: Iterable[str] = ()) -> None:
        """Store reports with their results in one transaction, and mark those of the students in `same` as part of
        this run too; all is on disk when this returns."""
        results, reports = [], []
        for one in made:
            stored = {part.question for part in one.stored()}
            results += [
                (one.keys[p.question], one.row.student, p.question, p.text, json.dumps(p.notes)) for p in one.stored()
            ]
            parts = [one.keys[p.question] if p.question in stored else [p.text] for p in one.parts]
            row = json.dumps(vars(one.row), allow_nan=False)
            reports.append((one.row.student, run, one.digest, row, one.head, json.dumps(parts)))
        try:
            self.db.execute("BEGIN")
            self.db.executemany("INSERT OR REPLACE INTO results VALUES (?,?,?,?,?)", results)
            self.db.executemany("INSERT OR REPLACE INTO reports VALUES (?,?,?,?,?,?)", reports)
            self.db.executemany("UPDATE reports SET run = ? WHERE student = ?", [(run, name) for name in same])
            self.db.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error):
                raise
            raise UsageError(f"{self.path}: {error}; what was acknowledged before is kept") from error

    def rows(self, run: str) -> Iterator[Row]:
        """The rows of a run, by student."""
        with self._told():
            yield from (_row(text) for (text,) in self._sorted("row", run))

    def lines(self, run: str) -> Iterator[str]:
        """The reports of a run, by student, each as one line of JSON."""
        with self._told():
            for head, parts in self._sorted("head, parts", run):
                yield report_line(head, self._texts(json.loads(parts)))

    def count(self, run: str) -> int:
        """How many reports are of a run."""
        with self._told():
            return int(self.db.execute("SELECT COUNT(*) FROM reports WHERE run = ?", (run,)).fetchone()[0])

    def last(self, student: str) -> tuple[str, str] | None:
        """A student's last report of any run as a line of JSON, and the digest of what it was made of."""
        with self._told():
            query = "SELECT head, parts, digest FROM reports WHERE student = ?"
            found = self.db.execute(query, (student,)).fetchone()
            if found is None:
                return None
            return report_line(found[0], self._texts(json.loads(found[1]))), found[2]

    def keep(self, name: str, text: str) -> None:
        """Keep a text about the whole under a name, in place of the one before."""
        with self._told():
            self.db.execute("INSERT OR REPLACE INTO notes VALUES (?,?)", (name, text))

    def kept(self, name: str) -> str | None:
        with self._told():
            found = self.db.execute("SELECT text FROM notes WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def _sorted(self, columns: str, run: str) -> sqlite3.Cursor:
        return self.db.execute(f"SELECT {columns} FROM reports WHERE run = ? ORDER BY student", (run,))

    def _texts(self, parts: list[str | list[str]]) -> list[str]:
        """Parts of a report, each the content key of a result or, in a list, its text."""
        rows = self._select("key, result", {part: part for part in parts if isinstance(part, str)})
        found = {row[0]: row[1] for row in rows}
        if any(isinstance(part, str) and part not in found for part in parts):
            raise UsageError(f"{self.path}: a result is gone while it was read; run the same command again")
        return [found[part] if isinstance(part, str) else part[0] for part in parts]

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UsageError(f"{self.path}: {error}; use another --out folder") from error


def _row(text: str) -> Row:
    data = json.loads(text)
    return Row(**{**data, "notes": tuple(data["notes"]), "overridden": tuple(data.get("overridden", ()))})
