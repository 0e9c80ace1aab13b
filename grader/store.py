"""What has been graded, by content: SQLite in WAL mode, one writer, every acknowledged row on disk.

A row is keyed by the digests of all that its verdicts depend on, so resuming a stopped batch, regrading after a
fix and grading only new submissions are the same command. UNGRADED is never stored."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from .errors import UsageError
from .model import QuestionResult
from .records import SCHEMA, result_from_json, result_to_json

TABLE = """CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, student TEXT NOT NULL, question TEXT NOT NULL, result TEXT NOT NULL
) WITHOUT ROWID"""


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
            if version not in (0, SCHEMA):
                raise UsageError(f"{path}: written by another version; use another --out folder")
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.execute(TABLE)
            self.db.execute(f"PRAGMA user_version={SCHEMA}")
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
        marks = ",".join("?" * len(keys))
        found = {}
        try:
            query = f"SELECT question, result FROM results WHERE key IN ({marks})"
            for question, text in self.db.execute(query, list(keys.values())).fetchall():
                with contextlib.suppress(ValueError, KeyError, TypeError):  # a damaged row: it is run again
                    found[question] = result_from_json(json.loads(text))
        except sqlite3.Error as error:
            raise UsageError(f"{self.path}: {error}; use another --out folder") from error
        return found

    def put(self, rows: Iterable[tuple[str, str, QuestionResult]]) -> None:
        """Store (key, student, result) rows in one transaction; they are on disk when this returns."""
        data = [(k, s, r.question, json.dumps(result_to_json(r), allow_nan=False)) for k, s, r in rows]
        try:
            self.db.execute("BEGIN")
            self.db.executemany("INSERT OR REPLACE INTO results VALUES (?,?,?,?)", data)
            self.db.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error):
                raise
            raise UsageError(f"{self.path}: {error}; what was acknowledged before is kept") from error
