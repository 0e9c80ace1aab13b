"""The README tells the truth: its question, its tables and its commands are run. The table of the demo is held to what
is printed in test_cohort.py, which grades that cohort."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from conftest import COHORT, ROOT, Run

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_first_screen_holds_the_two_commands() -> None:
    screen = "\n".join(README.splitlines()[:20])
    assert "python3 dev.py demo" in screen
    assert "python3 dev.py test" in screen
    assert "python3 dev.py test" in (ROOT / ".ci" / "run").read_text()


def test_the_question_is_one_that_audits_clean(grader: Run, tmp_path: Path) -> None:
    """The README's question, put into a fresh assignment as it stands."""
    (code,) = blocks("python")
    assert grader("new", "readme", "--course", tmp_path).returncode == 0
    (tmp_path / "reference" / "readme" / "mean_square.py").write_text(code)
    done = grader("audit", "readme", "--course", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = next(b for b in blocks("text") if b.startswith("$ grader audit")).partition("\n")[2]
    assert shape_of(done.stdout) == shape_of(shown)


def shape_of(screen: str) -> list[str]:
    """An audit without what another secret or a CUDA device changes: noise, distances, and the nearest."""
    lines = [line for line in screen.splitlines() if not line.startswith("NOT RUN")]
    return [re.sub(r"\s+0\.\d+ .*", "", re.sub(r"\s+", " ", line)) for line in lines]


def test_a_student_reads_this(grader: Run, handout: Path, tmp_path: Path) -> None:
    message = next(b for b in blocks("text") if b.startswith("$ grader check"))
    command, _, expected = message.partition("\n")
    desk = Path(shutil.copytree(handout, tmp_path / "desk"))
    shutil.copy(COHORT / "submissions" / "half-a-derivative" / "linear_classifiers.py", desk)
    assert grader(*shlex.split(command)[2:], cwd=desk).stdout == expected


def test_the_students_commands(grader: Run, handout: Path, tmp_path: Path) -> None:
    desk = Path(shutil.copytree(handout, tmp_path / "desk"))
    shutil.copy(ROOT / "reference" / "linear_classifiers" / "solutions" / "model.py", desk / "linear_classifiers.py")
    section = README.partition("## For students")[2].partition("## For instructors")[0]
    commands = [line.partition("#")[0] for line in section.splitlines() if line.startswith("grader ")]
    assert len(commands) == 2
    for command in commands:
        assert grader(*shlex.split(command)[1:], cwd=desk).returncode == 0, command


def test_the_instructors_commands(grader: Run, tmp_path: Path) -> None:
    section = README.partition("## For instructors")[2].partition("## The sandbox")[0]
    commands = [line.partition("#")[0] for line in section.splitlines() if line.startswith("grader ")]
    assert len(commands) == 4
    for command in commands:
        done = grader(*shlex.split(command)[1:], cwd=tmp_path)
        assert done.returncode == 0, (command, done.stderr)
        if " new " in command:
            (tmp_path / "submissions").mkdir()
            model = tmp_path / "my_course" / "reference" / "first_steps" / "solutions" / "model.py"
            shutil.copy(model, tmp_path / "submissions" / "dana.py")
    assert "dana,10,10,graded,10" in (tmp_path / "results" / "grades.csv").read_text()


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "LICENSE", "CHANGELOG.md", "reference/linear_classifiers"])
def test_what_it_links_to_is_there(name: str) -> None:
    assert (ROOT / name).exists()
