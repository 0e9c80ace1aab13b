"""Two runs compared: what moved, by how much, why; and files that are no reports are refused by line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.diff import Comparison, compare, read
from grader.diff.compare import to_json
from grader.diff.lines import lines_of
from grader.errors import UsageError
from grader.model import Outcome, QuestionResult, Report, Verdict
from grader.records import report_to_json


def reports_jsonl(reports: Sequence[Report]) -> str:
    """As `grader grade` writes them."""
    lines = []
    for one in reports:
        data = report_to_json(one)
        data["questions"] = data.pop("questions")  # the last field
        lines.append(json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n")
    return "".join(lines)


PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR


def outcome(verdict: Verdict = PASS, case: str = "seen", output: str = "loss", **more: object) -> Outcome:
    kind = "" if verdict is PASS else "wrong value"
    return Outcome("square", case, case == "unseen", output, verdict, **{"kind": kind, **more})  # type: ignore[arg-type]


def result(score: float | None, *outcomes: Outcome, name: str = "square", top: float = 3.0) -> QuestionResult:
    return QuestionResult(name, score, top, tuple(replace(o, question=name) for o in outcomes or (outcome(),)))


def report(student: str, *results: QuestionResult, **more: object) -> Report:
    scores = [r.score for r in results]
    total = None if None in scores else sum(s for s in scores if s is not None)
    top, status = sum(r.max_score for r in results), "ungraded" if total is None else "graded"
    found = Report("demo", student, total, top, status, results, "strong: all", {"sources": "x"})
    return replace(found, **more)  # type: ignore[arg-type]


def between(folder: Path, old: Sequence[Report], new: Sequence[Report]) -> Comparison:
    for name, reports in (("old", old), ("new", new)):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "reports.jsonl").write_text(reports_jsonl(reports), errors="backslashreplace")
    return compare(read(folder / "old"), read(folder / "new" / "reports.jsonl"))


# -- what changed --------------------------------------------------------------------------------------------


def test_equal_runs_differ_in_nothing(tmp_path: Path) -> None:
    runs = [report("ada", result(3.0)), report("bob", result(1.0, outcome(FAIL)))]
    found = between(tmp_path, runs, list(reversed(runs)))
    assert not found.differs and found.same == 2
    assert lines_of(found) == ["nothing changed: 2 students"]


def test_a_score_that_moved_says_by_how_much_and_why(tmp_path: Path) -> None:
    old = report("bob", result(1.5, outcome(FAIL), outcome(case="unseen")), result(2.0, name="cube"))
    new = report("bob", result(3.0, outcome(), outcome(case="unseen")), result(2.0, name="cube"))
    found = between(tmp_path, [old, report("ada", result(3.0))], [report("ada", result(3.0)), new])
    (change,) = found.changes
    assert (change.student, change.before, change.after, change.direction) == ("bob", 3.5, 5.0, "up")
    (question,) = change.questions
    assert (question.question, question.before, question.after) == ("square", 1.5, 3.0)
    (row,) = question.outcomes
    assert (row.output, row.case, row.before, row.after) == ("loss", "seen", "FAIL wrong value", "PASS")
    assert lines_of(found) == [
        "1 up, 0 down, 1 with the score that they had",
        "",
        "question  up  down\nsquare     1     0",
        "",
        "bob  3.5 -> 5 of 6  (+1.5)",
        "  square  1.5 -> 3 of 3",
        "    loss  FAIL wrong value -> PASS  seen",
    ]


def test_distances_messages_and_provenance_are_no_change(tmp_path: Path) -> None:
    old = report("ada", result(0.0, outcome(FAIL, distance=7.0, message="at 0x7f01")))
    new = report("ada", result(0.0, outcome(FAIL, distance=7.1, message="at 0x7f02")), provenance={"sources": "y"})
    assert not between(tmp_path, [old], [new]).differs


@pytest.mark.parametrize("field", ["hint", "mistake"])
def test_another_hint_is_a_change_that_moves_nobody(tmp_path: Path, field: str) -> None:
    old, new = (report("ada", result(0.0, outcome(FAIL, **{field: text}))) for text in ("one", "two"))
    found = between(tmp_path, [old], [new])
    assert found.differs and not found.changes[0].moved
    assert lines_of(found)[0].endswith(
        "1 with the score that they had (1 of them with other verdicts, hints or isolation: --all)"
    )
    assert not any("ada" in line for line in lines_of(found))
    assert "    loss  FAIL wrong value, told: one -> two  seen" in lines_of(found, everything=True)


def test_another_verdict_for_the_same_score_is_a_change(tmp_path: Path) -> None:
    old, new = report("ada", result(0.0, outcome(FAIL))), report("ada", result(0.0, outcome(ERROR, kind="TypeError")))
    (change,) = between(tmp_path, [old], [new]).changes
    assert not change.moved and change.questions[0].outcomes[0].after == "ERROR TypeError"


def test_carried_points_are_named(tmp_path: Path) -> None:
    old = report("ada", result(0.0, outcome(FAIL)))
    new = report("ada", result(1.5, outcome(FAIL, carried="scores")))
    (change,) = between(tmp_path, [old], [new]).changes
    assert change.questions[0].outcomes[0].after == "FAIL wrong value (carried: scores)"


def test_an_ungraded_score_is_neither_up_nor_down(tmp_path: Path) -> None:
    done, lost = report("ada", result(3.0)), report("ada", result(None), notes=("the sandbox died",))
    found = between(tmp_path, [done], [lost])
    assert (found.count("up"), found.count("down"), found.count("ungraded")) == (0, 0, 1)
    assert "ada  3 -> ungraded of 3" in lines_of(found) and "  the sandbox died" in lines_of(found)
    assert between(tmp_path, [lost], [done]).count("graded") == 1
    zero = report("ada", result(0.0, outcome(FAIL)))
    assert between(tmp_path, [lost], [zero]).count("graded") == 1, "0 is a score"


def test_questions_added_removed_and_worth_more(tmp_path: Path) -> None:
    old = report("ada", result(3.0), result(1.0, name="cube", top=1.0))
    new = report("ada", result(4.0, top=4.0), result(0.0, outcome(FAIL), name="fresh", top=2.0))
    found = between(tmp_path, [old], [new])
    text = "\n".join(lines_of(found))
    assert "ada  4 of 4 -> 4 of 6" in text, "the same points out of more are a change"
    assert "  square  3 of 3 -> 4 of 4" in text
    assert "  fresh  new: 0 of 2" in text
    assert "  cube  no longer asked: had 1 of 1" in text


def test_cases_added_and_removed(tmp_path: Path) -> None:
    old = report("ada", result(3.0, outcome(), outcome(case="gone")))
    new = report("ada", result(1.5, outcome(), outcome(FAIL, case="unseen")))
    rows = {r.case: (r.before, r.after) for r in between(tmp_path, [old], [new]).changes[0].questions[0].outcomes}
    assert rows == {"gone": ("PASS", ""), "unseen": ("", "FAIL wrong value")}
    text = "\n".join(lines_of(between(tmp_path, [old], [new])))
    assert "PASS -> not asked" in text and "unseen (hidden)" in text


def test_isolation_is_told_once_for_all(tmp_path: Path) -> None:
    old = [report(f"s{i}", result(3.0)) for i in range(4)]
    found = between(tmp_path, old, [replace(r, isolation="weak: without landlock") for r in old])
    assert found.differs
    assert "isolation: strong: all -> weak: without landlock (4 students)" in lines_of(found)


def test_students_in_one_run_only(tmp_path: Path) -> None:
    found = between(tmp_path, [report("ada", result(3.0))], [report("bob", result(None))])
    assert found.differs and found.only_old == (("ada", 3.0),) and found.only_new == (("bob", None),)
    assert lines_of(found)[1:] == ["only in OLD: ada (3)", "only in NEW: bob (ungraded)"]
    assert not between(tmp_path, [], []).differs


def test_two_assignments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two assignments"):
        between(tmp_path, [report("ada", result(3.0))], [report("ada", result(3.0), assignment="other")])


def test_a_report_written_with_other_spaces_compares_equal(tmp_path: Path) -> None:
    one = report("ada", result(1.0, outcome(FAIL, message='{"question": "x"}], "provenance":')), result(2.0, name="b"))
    line = reports_jsonl([one])
    (tmp_path / "a").write_text(line)
    for text in (
        json.dumps(json.loads(line), separators=(",", ":")),
        json.dumps(json.loads(line), sort_keys=True),
        with_tail(line),
    ):
        (tmp_path / "b").write_text(text + "\n")
        assert not compare(read(tmp_path / "a"), read(tmp_path / "b")).differs


def with_tail(line: str) -> str:
    """Questions in the midst."""
    data = json.loads(line)
    return json.dumps({**data, "provenance": data.pop("provenance")})


names = st.text(st.characters(exclude_categories=()), max_size=12)


@settings(max_examples=60, deadline=None)
@given(names, names, names, st.booleans())
def test_any_text_is_compared_exactly_and_printed_harmlessly(
    tmp_path_factory: pytest.TempPathFactory, student: str, message: str, case: str, right: bool
) -> None:
    folder = tmp_path_factory.mktemp("any")
    old = report(student, result(0.0, outcome(FAIL, message=message, case=case), outcome(case=case + "b")))
    new = report(
        student,
        result(3.0 * right, outcome(PASS if right else FAIL, message=message, case=case), outcome(case=case + "b")),
    )
    for name, one in (("a", old), ("b", new)):
        (folder / name).write_text(json.dumps(json.loads(reports_jsonl([one]))) + "\n")
    found = compare(read(folder / "a"), read(folder / "b"))
    assert [c.student for c in found.changes] == [student] * right
    printed = "\n".join(lines_of(found))
    assert all(c == "\n" or c.isprintable() or c == " " or ord(c) > 0x9F for c in printed)
    assert not any(0xD800 <= ord(c) < 0xE000 for c in printed)
    json.dumps(to_json(found)).encode("ascii")


def test_hostile_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\r\u202egnp.exe\nbob  0 -> 100"
    found = between(tmp_path, [report(evil, result(0.0, outcome(FAIL)))], [report(evil, result(3.0))])
    lines = [line for text in lines_of(found) for line in text.splitlines()]
    assert not any(c in "".join(lines) for c in "\x1b\x07\r\u202e")
    assert not any(line.startswith("bob") for line in lines)


def test_two_thousand_students(tmp_path: Path) -> None:
    """No claim about speed on a loaded machine: only that nothing grows faster than the files."""
    outcomes = [outcome(case=f"c{i}") for i in range(8)]
    many = [result(3.0, *outcomes, name=f"q{j}") for j in range(25)]
    old = [report(f"s{i:04}", *many) for i in range(2000)]
    new = [replace(r, provenance={"sources": "y"}) for r in old]
    new[7] = report("s0007", *many[:-1], result(0.0, *[outcome(FAIL, case=f"c{i}") for i in range(8)], name="q24"))
    started = time.process_time()
    found = between(tmp_path, old, new)
    assert [c.student for c in found.changes] == ["s0007"]
    written = time.process_time() - started
    started = time.process_time()
    compare(read(tmp_path / "old"), read(tmp_path / "new"))
    assert time.process_time() - started < max(5.0, written)


# -- files that are no reports ---------------------------------------------------------------------------------

GOOD = reports_jsonl([report("ada", result(3.0), result(1.0, outcome(FAIL), name="cube"))])
DAMAGED = {
    "empty line": "\n",
    "no JSON": "student,score\n",
    "an array": "[]\n",
    "cut short": GOOD[:-20] + "\n",
    "nested": "[" * 100_000 + "\n",
    "nested inside": GOOD.replace('"notes": []', '"notes": ' + "[" * 5000 + "]" * 5000),
    "not finite": GOOD.replace('"score": 4.0', '"score": NaN'),
    "infinite": GOOD.replace('"score": 4.0', '"score": 1e999'),
    "huge integer": GOOD.replace('"score": 4.0', '"score": ' + "9" * 5000),
    "large integer": GOOD.replace('"score": 4.0', '"score": ' + "9" * 400),
    "a score of text": GOOD.replace('"score": 4.0', '"score": "4"'),
    "true": GOOD.replace('"score": 4.0', '"score": true'),
    "no student": GOOD.replace('"student": "ada"', '"student": null'),
    "notes": GOOD.replace('"notes": []', '"notes": [1]'),
    "no questions": GOOD.replace('"questions": [', '"asked": [', 1),
    "questions are text": '{"schema": 2, "questions": "", "student": "a"}\n',
    "another version": GOOD.replace('"schema": 2', '"schema": 1'),
    "twice": GOOD + GOOD,
    "two assignments": GOOD + GOOD.replace('"ada"', '"bob"').replace('"demo"', '"other"'),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_by_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "reports.jsonl"
    path.write_text(text)
    assert text != GOOD
    with pytest.raises(UsageError, match=r"reports\.jsonl:[12]: "):
        read(path)


INSIDE = {
    "verdict": ('"verdict": "FAIL"', '"verdict": "GOOD"'),
    "verdict list": ('"verdict": "FAIL"', '"verdict": []'),
    "hidden": ('"hidden": false', '"hidden": "no"'),
    "case": ('"case": "seen"', '"case": 7'),
    "outcome": ('"outcomes": [{', '"outcomes": [7, {'),
    "outcomes": ('"outcomes": [', '"outcomes": 7, "x": ['),
    "question": ('"question": "cube"', '"question": ["cube"]'),
    "score": ('"score": 3.0', '"score": NaN'),
    "max": ('"max_score": 3.0', '"max_score": null'),
    "hint": ('"hint": ""', '"hint": {}'),
    "convention": ('"convention": []', '"convention": ""'),
}


@pytest.mark.parametrize(("here", "damage"), INSIDE.values(), ids=INSIDE)
def test_a_damaged_question_is_refused_by_line(tmp_path: Path, here: str, damage: str) -> None:
    (tmp_path / "a").write_text(GOOD)
    (tmp_path / "b").write_text(GOOD.replace(here, damage))
    assert here in GOOD
    for one, other in (("a", "b"), ("b", "a")):
        with pytest.raises(UsageError, match="b:1: not a report"):
            compare(read(tmp_path / one), read(tmp_path / other))


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.diff import reading

    os.mkfifo(tmp_path / "pipe")
    for name in ("none", "pipe", "a\0b", "."):
        with pytest.raises(UsageError):
            read(tmp_path / name)
    with pytest.raises(UsageError):
        read(Path("/dev/zero"))
    (tmp_path / "long").write_text(GOOD)
    monkeypatch.setattr(reading, "MAX_LINE", len(GOOD) - 1)
    with pytest.raises(UsageError, match="more than"):
        read(tmp_path / "long")
