"""What has been graded is on disk when `put` returns, and is found by its content key alone."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.model import Outcome, QuestionResult, Verdict
from grader.records import Part, Row, json_text
from grader.store import VERSION, Made, Store


def result(question: str = "q", score: float | None = 1.0) -> QuestionResult:
    return QuestionResult(
        question, score, 2.0, (Outcome(question, "c", True, "loss", Verdict.PASS, distance=float("inf")),)
    )


def made(key: str, student: str, r: QuestionResult, digest: str = "", text: str = "") -> Made:
    row = Row(student, r.score, r.max_score, "graded" if r.score is not None else "ungraded", {r.question: r.score})
    head = json_text({"student": student, "said": text})
    return Made(row, head, (Part.of(r),), {r.question: key}, digest)


def put(store: Store, *rows: tuple[str, str, QuestionResult], run: str = "now") -> None:
    store.put(run, [made(*row) for row in rows])


def test_results_are_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        put(store, ("k1", "alice", result("q")), ("k2", "alice", result("r", 0.5)))
    with Store(path) as store:
        assert store.get({"q": "k1", "r": "k2"}) == {"q": result("q"), "r": result("r", 0.5)}


def test_what_put_acknowledged_is_on_disk_without_a_close(tmp_path: Path) -> None:
    """As after a kill: another process sees a copy of the files as they are now."""
    with Store(tmp_path / "store.sqlite") as store:
        put(store, ("k1", "alice", result()))
        copy = tmp_path / "copy"
        copy.mkdir()
        for path in tmp_path.glob("store.sqlite*"):
            shutil.copy(path, copy / path.name)
    with Store(copy / "store.sqlite") as store:
        assert set(store.get({"q": "k1"})) == {"q"}


def test_only_the_content_key_counts(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        put(store, ("k1", "alice", result(score=1.0)), ("k2", "bob", result(score=2.0)))
        assert store.get({"q": "k2"})["q"].score == 2.0
        assert store.get({"q": "k3"}) == {}
        assert store.get({}) == {}


def test_the_same_key_again_replaces_the_row(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        put(store, ("k", "alice", result(score=1.0)))
        put(store, ("k", "bob", result(score=0.0)))
        assert store.get({"q": "k"})["q"].score == 0.0
        put(store)


def test_a_put_that_fails_keeps_what_was_there_and_does_not_wedge_the_store(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        put(store, ("k1", "alice", result()))
        with pytest.raises(UsageError, match="kept"):
            store.put("now", [made("k2", "alice", result()), made("k3", None, result())])  # type: ignore[arg-type]
        put(store, ("k4", "bob", result("r")))
        assert set(store.get({"q": "k1", "x": "k2", "r": "k4"})) == {"q", "r"}
        assert store.get({"x": "k2"}) == {}


DAMAGED = ["", "{", "null", "[]", "7", "{}", '{"question": "q"}', '"text"', '{"question": []}', "\x00", "NaN"]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_row_is_treated_as_not_stored(tmp_path: Path, text: str) -> None:
    with Store(tmp_path / "s") as store:
        put(store, ("k1", "alice", result("q")), ("k2", "alice", result("r")))
        store.db.execute("UPDATE results SET result = ? WHERE key = 'k1'", (text,))
        assert store.get({"q": "k1", "r": "k2"}) == {"r": result("r")}
        put(store, ("k1", "alice", result("q", 0.5)))
        assert store.get({"q": "k1"})["q"].score == 0.5, "it is run again and stored"


@pytest.mark.parametrize("blob", [b"\xff\xfe", b"", b"{}"])
def test_a_row_of_bytes_is_treated_as_not_stored(tmp_path: Path, blob: bytes) -> None:
    with Store(tmp_path / "s") as store:
        put(store, ("k1", "alice", result("q")), ("k2", "alice", result("r")))
        store.db.execute("UPDATE results SET result = ? WHERE key = 'k1'", (blob,))
        assert store.get({"q": "k1", "r": "k2"}) == {"r": result("r")}


def test_every_cut_of_a_row_is_treated_as_not_stored(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        put(store, ("k1", "alice", result("q")))
        ((text,),) = store.db.execute("SELECT result FROM results").fetchall()
        for length in range(len(text)):
            store.db.execute("UPDATE results SET result = ?", (text[:length],))
            assert store.get({"q": "k1"}) == {}, text[:length]


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    """It tells hidden cases."""
    before = os.umask(0o022)
    try:
        with Store(tmp_path / "s") as store:
            put(store, ("k", "alice", result()))
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert "s" in modes and all(mode == 0o600 for mode in modes.values()), modes


def test_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version={VERSION + 1}")
    other.close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"another version.*--out"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"student,score\n" * 100, b"\0" * 5000, b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="--out"):
        Store(path)
    assert path.read_bytes() == content


def test_a_folder_or_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "s"):
        with pytest.raises(UsageError):
            Store(path)


# -- the reports of a run ------------------------------------------------------------------------------------


def test_a_run_is_written_in_the_order_of_names_whatever_order_it_was_graded_in(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        store.put("one", [made("k1", "bob", result()), made("k2", "ada", result(score=0.5))])
        store.put("one", [made("k3", "Zoë", result())])
        assert [row.student for row in store.rows("one")] == ["Zoë", "ada", "bob"]
        lines = [json.loads(line) for line in store.lines("one")]
    assert [line["student"] for line in lines] == ["Zoë", "ada", "bob"]
    assert [line["questions"][0]["score"] for line in lines] == [1.0, 0.5, 1.0]
    assert "notes" not in lines[0]["questions"][0]


def test_only_this_runs_students_are_written_and_the_unchanged_among_them(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        store.put("one", [made("k1", "ada", result(), "d1"), made("k2", "bob", result(), "d2")])
        row = store.unchanged("ada", "d1", {"q": "k1"})
        assert row is not None and row.student == "ada" and row.scores == {"q": 1.0}
        store.put("two", [made("k3", "cid", result())], ["ada"])
        assert [row.student for row in store.rows("two")] == ["ada", "cid"]
        assert [json.loads(line)["student"] for line in store.lines("two")] == ["ada", "cid"]


def test_a_report_counts_as_unchanged_only_with_its_digest_and_all_its_parts(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        store.put("one", [made("k1", "ada", result(), "d1"), made("k2", "bob", result())])
        assert store.unchanged("ada", "d2", {"q": "k1"}) is None
        assert store.unchanged("ada", "", {"q": "k1"}) is None
        assert store.unchanged("bob", "", {"q": "k2"}) is None, "one without a digest is made anew"
        assert store.unchanged("eve", "d1", {"q": "k1"}) is None
        store.db.execute("UPDATE results SET result = '{' WHERE key = 'k1'")
        assert store.unchanged("ada", "d1", {"q": "k1"}) is None
        store.db.execute("DELETE FROM results WHERE key = 'k1'")
        assert store.unchanged("ada", "d1", {"q": "k1"}) is None
        with pytest.raises(UsageError, match="run the same command again"):
            list(store.lines("one"))


def test_an_ungraded_question_is_told_and_never_found_again(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        store.put("one", [made("k1", "ada", result(score=None), text="\ud800")])
        (line,) = store.lines("one")
        assert json.loads(line)["questions"][0]["score"] is None and json.loads(line)["said"] == "\ud800"
        assert store.get({"q": "k1"}) == {}
