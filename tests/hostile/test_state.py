"""The next student of the same worker: whatever the one before planted, in files, in modules, in the process."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from arena import Found, Run, found, grade, put_attack, put_honest  # noqa: F401
from play_rows import confined
from rows import BY_NAME, POINTS

pytestmark = [confined]
ORDER = ("a-plants", "b-honest", "c-probes", "d-crashes", "e-honest", "f-loops", "g-probes")
ATTACK_OF = {
    "a-plants": "X1_state_plants",
    "c-probes": "X1_state_probes",
    "d-crashes": "R8_segfault",
    "f-loops": "R9_stops_itself",
    "g-probes": "X1_state_probes",
}


@pytest.fixture(scope="module")
def one_by_one(found: Found, tmp_path_factory: pytest.TempPathFactory) -> Run:  # noqa: F811
    """All by one worker process, one after the other, in the order of their names."""
    folder = tmp_path_factory.mktemp("state")
    out, worlds = folder / "out", list[Path]()
    places = found.arena.places(out)
    (folder / "all").mkdir()
    for name in ORDER:
        if name in ATTACK_OF:
            worlds.append(put_attack(BY_NAME[ATTACK_OF[name]], folder / "all" / name, places))
        else:
            put_honest(found.arena, folder / "all" / name)
    return grade(found.arena, out, [folder / "all"], worlds, workers=1)


@pytest.mark.parametrize("student", ["c-probes", "g-probes"])
def test_nothing_of_the_one_before_is_found(one_by_one: Run, student: str) -> None:
    report = one_by_one.reports[student]
    (result,) = [q for q in report["questions"] if q["question"] == "softmax"]
    text = "\n".join(o["message"] for o in result["outcomes"])
    assert set(re.findall(r"(\w+)=(?:no|refused)", text)) >= {"temporary", "numpy", "builtins", "sys", "umask", "exp"}
    assert "DONE" not in text and "BROKEN" not in text
    assert report["score"] == 8.0


def test_what_was_planted_was_planted(one_by_one: Run) -> None:
    """In its own process, where it harms the planter alone."""
    report = one_by_one.reports["a-plants"]
    text = str(report)
    assert "memory=DONE" in text and "modes=DONE" in text and report["score"] == 8.0


@pytest.mark.parametrize("student", ["b-honest", "e-honest"])
def test_an_honest_student_between_them_has_the_same_report(
    one_by_one: Run,
    found: Found,  # noqa: F811
    student: str,
) -> None:
    alone = found.alone.lines["A-neighbour"].replace("A-neighbour", student)
    assert one_by_one.lines[student] == alone
    assert one_by_one.reports[student]["score"] == sum(POINTS.values())


def test_the_worker_is_gone(one_by_one: Run) -> None:
    assert one_by_one.said["code"] == 0 and one_by_one.said["left"] == []


def test_a_second_run_believes_nothing_that_lies_in_the_results_folder(found: Found, tmp_path: Path) -> None:  # noqa: F811
    """X7, from outside the sandbox: a link planted where results are written is replaced, never followed."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    out = tmp_path / "out"
    out.mkdir()
    for name in ("grades.csv", "reports.jsonl"):
        (out / name).symlink_to(victim)
    (tmp_path / "all").mkdir()
    put_honest(found.arena, tmp_path / "all" / "ann")
    run = grade(found.arena, out, [tmp_path / "all"], [], workers=1)
    assert run.said["code"] == 0 and run.reports["ann"]["score"] == 10.0
    assert victim.read_text() == "untouched"
    assert not (out / "grades.csv").is_symlink() and not (out / "reports.jsonl").is_symlink()
