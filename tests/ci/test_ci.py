"""`grader ci` as a job types it: what is graded by what, what it says of its own score, and what it never tells."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import deskkit
import pytest
from click.testing import CliRunner, Result
from hiddenkit import HIDDEN, private_key

import grader.cli.ci as command
from grader.cli.commands import cli
from grader.keyfile import dump
from grader.sandbox import layers

STRONG = "strong: tested"
Ci = Callable[..., Result]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No CI but the one that a test makes. The sandbox is used as it is; it is not put to the test each time."""
    for name in [n for n in os.environ if n.startswith(("GITHUB_", "RUNNER_", "CI"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(command, "require_isolation", lambda *_: STRONG)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = deskkit.desk(tmp_path / "repo", deskkit.RIGHT)
    (made / ".git").mkdir()
    return made


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "private.key"
    path.write_bytes(dump(private_key()))
    return path


@pytest.fixture
def ci(repo: Path) -> Ci:
    return lambda *more: CliRunner().invoke(cli, ["ci", str(repo), *map(str, more)])


def test_a_public_key_gives_no_grade(ci: Ci, repo: Path, tmp_path: Path) -> None:
    done = ci("--junit", tmp_path / "x.xml")
    assert done.exit_code == 0 and done.output.startswith("Demo: 3 of 3 points\n"), done.output
    for text in (done.output, (tmp_path / "x.xml").read_text()):
        assert "hidden tests were not run: this is not the grade" in text and STRONG in text
    assert "::" not in done.output  # not on GitHub: no commands
    (repo / "demo.py").write_text(deskkit.HALF)
    done = ci()
    assert done.exit_code == 1 and "FAIL  double: Doubled: 0 of 1" in done.output
    assert ci("--no-fail").exit_code == 0


def test_an_instructors_key_gives_one(ci: Ci, repo: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file, or from a variable that is gone before anything is run. Right on public cases alone is not right."""
    done = ci("--key", key)
    assert done.exit_code == 0 and "no way was found by which the student could have read them" in done.output
    (repo / "demo.py").write_text(deskkit.RIGHT.replace("float(x @ x)", "float(x @ x) if len(x) < 3 else 0.0"))
    monkeypatch.setenv("GRADER_KEY", base64.b64encode(key.read_bytes()).decode())
    monkeypatch.setenv("GITHUB_TOKEN", "ghs")
    done = ci()
    assert done.exit_code == 1 and "hidden case 1, loss: wrong value" in done.output, done.output
    assert not {"GRADER_KEY", "GITHUB_TOKEN"} & os.environ.keys()
    assert not any(str(number) in done.output for number in HIDDEN)


@pytest.mark.parametrize("where", ["in the checkout", "editable workflow", "weak"])
def test_it_says_when_hidden_tests_were_in_reach(
    ci: Ci, repo: Path, key: Path, where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = {
        "in the checkout": "private.key lies in the checkout of the student's repository",
        "editable workflow": "whoever may change the workflow in course/ada can read what the job reads",
        "weak": "the student's code could read what the grader reads (isolation weak: without landlock)",
    }[where]
    if where == "in the checkout":
        key = key.rename(repo / "private.key")
    elif where == "weak":
        monkeypatch.setattr(command, "require_isolation", lambda *_: "weak: without landlock")
    else:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_REPOSITORY", "course/ada")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(repo))
    done = ci("--key", key, "--junit", tmp_path / "x.xml", "--classroom50", tmp_path / "r.json")
    tests = json.loads((tmp_path / "r.json").read_text())["tests"]
    for text in (done.output, (tmp_path / "x.xml").read_text(), tests[-1]["test-name"]):
        assert "not out of the student's reach" in text and said in text.replace(str(repo) + "/", "")


def test_ungraded_is_no_zero(ci: Ci, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two notebooks, of which nobody can say which counts: exit code 3, no score, and no result of before."""
    (repo / "demo.py").unlink()
    for name in ("a.ipynb", "b.ipynb"):
        (repo / name).write_text(deskkit.notebook(deskkit.RIGHT))
    result, output, summary = (tmp_path / name for name in ("r.json", "output", "summary"))
    result.write_text("{}")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    done = ci("--classroom50", result, "--github-classroom", "--junit", tmp_path / "x.xml")
    assert done.exit_code == 3 and not result.exists() and "::error title=Demo%3A not graded::" in done.output
    assert "not graded" in summary.read_text() and "0 of" not in summary.read_text()
    told = [line for line in output.read_text().splitlines() if not line.startswith("end-") and "<<" not in line]
    payload = json.loads(base64.b64decode(told[2]))
    assert told[0] == "" and (payload["status"], payload["max_score"], payload["tests"]) == ("error", 0, [])
    assert (
        "name the one to be graded so" in payload["message"]
        and told[3] == "false"
        and "ungraded" in (tmp_path / "x.xml").read_text()
    )


def test_a_file_that_does_not_load_is_one_annotation(ci: Ci, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(repo.parent))
    (repo / "demo.py").write_text("import numpy\n\nraise SystemExit(3)\n")
    (repo / "public.key").write_bytes(dump(deskkit.key()))
    errors = [line for line in ci().output.splitlines() if line.startswith("::error")]
    assert len(errors) == 2 and all("file=repo/demo.py" in line for line in errors)  # the rest of it is still read
    (repo / "demo.py").write_text("def double(x):\n    return 2 *\n")
    errors = [line for line in ci().output.splitlines() if line.startswith("::error")]
    assert len(errors) == 1 and "file=repo/demo.py,line=2,endLine=2" in errors[0], errors


def test_stamps_of_classroom_50(ci: Ci, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who and what comes from its variables; the time is the commit's, so that a run anew makes nobody late."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"head_commit": {"timestamp": "2026-11-20T23:30:00-05:00", "message": "::error::"}}))
    given = {
        "CLASSROOM": "dl",
        "ASSIGNMENT": "one",
        "OWNER": "ada",
        "SUBMISSION_TAG": "submit/2",
        "COMMIT_URL": "https://c",
    }
    for name, value in {**given, "RELEASE_URL": "https://r", "GITHUB_EVENT_PATH": str(event)}.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "result.json"
    done = ci("--classroom50", path)
    made = json.loads(path.read_text())
    assert "not set" not in done.output and "time" not in done.output
    assert (made["datetime"], made["review"], made["assignment"]) == ("2026-11-21T04:30:00Z", "https://c", "one")
    monkeypatch.delenv("OWNER")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(repo))
    done = ci("--classroom50", path)
    assert "OWNER not set" in done.output and "the time is that of this run" in done.output


def test_what_is_refused(repo: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*arguments: object) -> str:
        done = CliRunner().invoke(cli, ["ci", *map(str, arguments)])
        assert done.exit_code == 2, done.output
        return done.output

    assert "no such folder; name a handout's folder" in said("nowhere")
    assert "the key is that of demo, and not of other" in said("other", "--key", key)
    assert "no such file or folder" in said(repo, "--submission", tmp_path / "no")
    assert "--course and a key" in said("demo", "--key", key, "--course", tmp_path)
    monkeypatch.setenv("GRADER_KEY", "bm8=")
    assert "GRADER_KEY: not a key file" in said(repo)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")  # an error is text, too, and may hold a name that a student chose
    log = said(repo, "--submission", tmp_path / "##[error]x")
    assert log.startswith("::stop-commands::") and log.index("##[error]x") < log.rindex("::", 0, -4)


def test_a_course_with_its_secret_in_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret lies in a file of its owner's for as long as the key is made, and no longer."""
    from grader.ci import given
    from grader.course import Course

    seen = list[tuple[str, int]]()

    def frozen(course: Course, *_: str) -> object:
        assert course.secret_file is not None
        seen.append((course.secret_file.read_text(), stat.S_IMODE(course.secret_file.parent.stat().st_mode)))
        seen.append((str(course.secret_file), 0))
        return private_key()

    monkeypatch.setattr("grader.keys.frozen_key", frozen)
    monkeypatch.setattr(Course, "reference", lambda self, name: self.root / "reference" / name)
    monkeypatch.setattr(given, "handed_by", lambda *_: given.NOTHING)
    (tmp_path / "work.py").write_text(deskkit.RIGHT)
    environ = {"GRADER_SECRET": "a secret of the tests"}
    secrets = given.taken(environ)
    found = given.given("demo", tmp_path / "work.py", "ada", None, Course(tmp_path), "cpu", secrets)
    assert not environ and seen[0] == ("a secret of the tests\n", 0o700) and not Path(seen[1][0]).exists()
    assert found.submission.student == "ada" and tmp_path / ".grader" in found.secrets


COUNTS = """
import os, threading
def square(x):
    for _ in range(150 * (len(x) > 2)):  # a hidden case alone is that long
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    raise ValueError(f"process {os.getpid()}")
"""


@pytest.mark.skipif("namespaces" in layers.missing(), reason="NOT RUN: this machine lacks namespaces")
def test_what_hidden_cases_did_is_not_in_the_numbers_of_processes(ci: Ci, repo: Path, key: Path) -> None:
    told = []
    for source in (COUNTS, COUNTS.replace("150", "0")):
        (repo / "demo.py").write_text(deskkit.RIGHT + source)
        told.append(re.findall(r"process \d+", ci("--key", key).output))
    assert told[0] and told[0] == told[1]
