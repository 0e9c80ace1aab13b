"""One run of `grader grade` over the whole hostile cohort, and what must have come of each attack."""

from __future__ import annotations

import builtins
import csv
import json
import re
from typing import Any

import pytest
from arena import Found, found  # noqa: F401
from odd import ODD, Odd
from play_rows import confined
from rows import ATTACKS, POINTS, Attack

pytestmark = [confined]
TEN = sum(POINTS.values())
# Failure.kind, Outcome.kind: whatever comes back, a student's hidden case may be told one of these and no other word.
VOCABULARY = {
    "", "wrong value", "wrong shape", "wrong type", "not finite", "input modified", "state kept between calls",
    "no exception", "always raises", "wrong number of outputs", "unreadable answer", "crashed", "time limit",
    "memory limit", "missing", "ungraded", "an exception",
}  # fmt: skip


def said(report: dict[str, Any], question: str) -> str:
    """Messages of a question's outcomes, and the notes."""
    (result,) = [q for q in report["questions"] if q["question"] == question]
    return "\n".join([*(o["message"] for o in result["outcomes"]), *report["notes"]])


def known(attack: Attack) -> Any:
    """An attack that succeeds today is expected to fail its test, with the reason."""
    marks = [pytest.mark.xfail(strict=attack.strict, reason=attack.open)] if attack.open else []
    return pytest.param(attack, id=attack.name, marks=marks)


@pytest.mark.parametrize("attack", [known(attack) for attack in ATTACKS])
def test_attack(attack: Attack, found: Found) -> None:  # noqa: F811
    report = found.run.reports[attack.name]
    assert report["status"] == "graded"
    assert {q["question"]: q["score"] for q in report["questions"]} == attack.points
    assert report["score"] == sum(attack.points.values()) and report["max_score"] == TEN
    (result,) = [q for q in report["questions"] if q["question"] == attack.target]
    assert {o["kind"] for o in result["outcomes"]} == set(attack.kinds)
    text = said(report, attack.target)
    assert attack.says in text, "the cause, or the proof that the attack ran, is not named"
    assert "BROKEN" not in text, "a fault of the attack's own is no defence"
    done = set(re.findall(r"(\w+)=DONE", text))
    assert done == set(attack.harmless)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_neighbour(attack: Attack, found: Found) -> None:  # noqa: F811
    """The honest student who comes next: full points, and the very bytes of a run without any attacker."""
    student = f"{attack.name}-next"
    assert found.run.reports[student]["score"] == TEN
    assert found.run.lines[student] == found.alone.lines[student]


@pytest.mark.parametrize("odd", ODD, ids=lambda o: ascii(o.name))
def test_odd_submission(odd: Odd, found: Found) -> None:  # noqa: F811
    report = found.run.reports[odd.student or odd.name]
    if odd.full:
        assert (report["status"], report["score"]) == ("graded", TEN)
        return
    assert report["score"] == odd.score
    texts = [*report["notes"], *(o["message"] for q in report["questions"] for o in q["outcomes"])]
    assert any(odd.says in text for text in texts)
    assert all("\n" not in text and len(text) < 300 for text in texts), "one clear line"
    if odd.score is None:
        assert report["status"] == "ungraded"
        assert sum(f"ungraded: {report['student']}:" in line for line in found.run.said["stderr"].splitlines()) == 1


def test_what_was_safe_in_a_bad_zip_is_graded(found: Found) -> None:  # noqa: F811
    for student in ("E7_traversal/E7_in", "E7_absolute/E7_abs"):
        assert found.run.reports[student]["score"] == TEN


def test_everybody_has_one_report_and_one_row(found: Found) -> None:  # noqa: F811
    """Nobody is lost, and nobody comes in twice."""
    with open(found.run.out / "grades.csv", newline="") as file:
        names = [row["student"].removeprefix("'") for row in csv.DictReader(file)]
    assert sorted(names) == sorted(found.run.reports)
    expected = {"A-neighbour", *(a.name for a in ATTACKS), *(f"{a.name}-next" for a in ATTACKS)}
    expected |= {odd.student or odd.name for odd in ODD} | {"E7_traversal/E7_in", "E7_absolute/E7_abs"}
    assert set(found.run.reports) == expected


def test_the_run_ends_by_itself_and_says_what_is_ungraded(found: Found) -> None:  # noqa: F811
    assert found.alone.said["code"] == 0
    assert found.run.said["code"] == 3, "the odd submissions are ungraded"
    assert "Traceback" not in found.run.said["stdout"] + found.run.said["stderr"]


def test_the_isolation_is_stamped_on_each_report(found: Found) -> None:  # noqa: F811
    levels = {report["isolation"] for report in found.run.reports.values()}
    assert len(levels) == 1 and levels.pop().startswith("strong")


# -- nothing is left, nothing is reached, nothing leaks --------------------------------------------------------


def test_no_process_is_left(found: Found) -> None:  # noqa: F811
    assert found.run.said["left"] == []


def test_no_file_is_left(found: Found) -> None:  # noqa: F811
    assert found.marks == []


def test_nothing_is_changed(found: Found) -> None:  # noqa: F811
    """Course, submissions, home, temporary files, and a folder in which anybody may write."""
    assert found.changed == []


def test_the_results_folder_holds_the_results_alone(found: Found) -> None:  # noqa: F811
    names = {path.name for path in found.run.out.iterdir()}
    assert {"grades.csv", "reports.jsonl", "grades.sqlite"} <= names
    assert names <= {"grades.csv", "reports.jsonl", "grades.sqlite", "grades.sqlite-wal", "grades.sqlite-shm"}
    assert not any(path.is_symlink() for path in found.run.out.iterdir())


def test_no_listener_was_reached(found: Found) -> None:  # noqa: F811
    assert found.contacts == []


def test_nothing_was_typed_into_the_terminal(found: Found) -> None:  # noqa: F811
    assert found.run.said["typed"] == ""


def test_no_planted_secret_is_in_anything_that_was_written(found: Found) -> None:  # noqa: F811
    texts = [found.run.said["stdout"], found.run.said["stderr"]]
    texts += [path.read_bytes().decode("latin-1") for path in found.run.out.iterdir()]
    for name, token in found.arena.tokens.items():
        assert len(token) == 24
        assert not any(token in text for text in texts), f"the {name} got out"


def test_no_expected_value_is_in_an_attackers_words(found: Found) -> None:  # noqa: F811
    """What an attack says of its loot is in its exception; a hidden answer would be there to six digits."""
    from grader.keyfile import load

    (path,) = (found.arena.course / ".grader" / "keys").glob("*.key")
    key = load(path.read_bytes(), str(path))
    (question,) = [q for q in key.questions if q.name == "softmax"]
    numbers = {f"{v:.6f}" for c in question.cases if c.hidden for v in c.expected["p"].tolist()}
    assert len(numbers) > 8
    searched = 0
    for attack in ATTACKS:
        text = said(found.run.reports[attack.name], attack.target)
        for words in re.findall(r"Tried: .*|told_\S*", text):
            searched += 1
            assert not any(number in words for number in numbers), attack.name
    assert searched > 50


def test_no_text_that_a_sink_would_act_on(found: Found) -> None:  # noqa: F811
    """No control character but the line's end, no direction override, no formula at the head of a cell."""
    table = (found.run.out / "grades.csv").read_text()
    reports = (found.run.out / "reports.jsonl").read_text()
    for text in (found.run.said["stdout"], found.run.said["stderr"], table, reports):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    with open(found.run.out / "grades.csv", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n") and not re.fullmatch(r"-?[\d.]+", cell)]


def test_kinds_are_of_a_fixed_vocabulary(found: Found) -> None:  # noqa: F811
    """No name of a student's class, no text and no shape becomes the kind of an outcome."""
    names = {n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, BaseException)}
    for student, report in found.run.reports.items():
        kinds = {o["kind"] for q in report["questions"] for o in q["outcomes"]}
        assert kinds <= VOCABULARY | names, student


def test_hints_of_hidden_cases_hold_nothing_of_the_students(found: Found) -> None:  # noqa: F811
    for student, report in found.run.reports.items():
        for outcome in (o for q in report["questions"] for o in q["outcomes"] if o["hidden"]):
            text = outcome["hint"] + outcome["mistake"]
            assert not re.search(r"777|told_|Tried|[0-9]\.[0-9]", text), student


def test_reports_stay_small(found: Found) -> None:  # noqa: F811
    """Whatever was printed, raised or returned."""
    assert max(map(len, found.run.lines.values())) < 40_000
    assert json.loads(found.run.lines["R7_floods_the_log"])["score"] == TEN
