"""pytest as a student types it in a handout's folder: what is collected, what a failure says, and what is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from importlib import metadata
from pathlib import Path

import pytest
from conftest import ROOT, Run
from deskkit import BENT, HALF, RIGHT, STUB, desk, notebook, put

# All that is imported while items run: what a test in this process imports first is taken out again behind it, and
# NumPy can be imported once only.
import grader.checking
import grader.collect.disk
import grader.pytest_plugin
import grader.report.student
import grader.sandbox.line
import grader.sandbox.spawn

pytest_plugins = "pytester"

PLUGIN = ("-p", "grader.pytest_plugin")
IDS = ["public.key::double::two_rows_a_b_1", "public.key::double::one", "public.key::square::pair"]


@pytest.fixture
def at(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty folder to be a student in. Plugins are named, so that it is the same where this is installed or not."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return pytester


def run(at: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return at.runpytest_inprocess(*PLUGIN, "-W", "error", *arguments)


def said(result: pytest.RunResult) -> str:
    return result.stdout.str() + result.stderr.str()


def workers() -> set[int]:
    """The processes that this one has started, and theirs."""
    found, parents = {os.getpid()}, dict[int, int]()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def seconds(pid: int) -> float:
    """Of processor time that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="NOT RUN: processes are counted in /proc")


def test_one_item_for_each_question_and_case(at: pytest.Pytester) -> None:
    desk(at.path)
    listed = said(run(at, "--co", "-q")).splitlines()
    assert listed[:3] == IDS
    assert all(re.fullmatch(r"[\w.:+-]+", name) for name in IDS)


@linux
def test_right_work_passes_and_no_process_is_left(at: pytest.Pytester) -> None:
    desk(at.path, RIGHT.replace("    return", "    print('hello')\n    return"))
    before = workers()
    result = run(at, "-rP")
    result.assert_outcomes(passed=3)
    assert "the grade comes from hidden cases too" in said(result)
    assert "hello" in said(result)
    assert workers() == before


def test_a_failure_is_our_message_and_nothing_else(at: pytest.Pytester, grader: Run) -> None:
    desk(at.path, HALF)
    result = run(at)
    result.assert_outcomes(passed=1, failed=2)
    text = said(result)
    told = grader("check", at.path).stdout
    (wrong,) = [line.strip() for line in told.splitlines() if "two rows: a/b [1]: out is wrong" in line]
    assert f"\n{wrong}\n  called with x=" in text, "the same words as on the command line"
    assert f"FAILED {IDS[0]} - two rows: a/b [1]: out" in text
    for word in ("Traceback", "grader/", "runtest", "Failed:", "pytest.fail"):
        assert word not in text, word


@pytest.mark.parametrize("style", ["short", "line", "no"])
def test_the_styles_of_tracebacks_change_nothing(at: pytest.Pytester, style: str) -> None:
    desk(at.path, HALF)
    text = said(run(at, f"--tb={style}", "-k", "one"))
    assert (text.count("one: out is wrong") > 1) == (style != "no")
    assert "pytest_plugin" not in text.replace("grader.pytest_plugin", "")
    if style == "line":
        assert f"{at.path / 'demo.py'}:1: one: out is wrong" in text


def test_what_is_not_written_yet_fails_and_says_so(at: pytest.Pytester) -> None:
    desk(at.path, STUB)
    result = run(at)
    result.assert_outcomes(failed=3)
    assert f"FAILED {IDS[0]} - not written yet" in said(result)


def test_a_gradient_that_contradicts_the_loss_fails_where_that_is_seen(at: pytest.Pytester, grader: Run) -> None:
    desk(at.path, BENT)
    result = run(at)
    result.assert_outcomes(passed=2, failed=1)
    assert "dx is right here, but your loss is not what it is the gradient of (pair)" in said(result)
    assert grader("check", at.path).returncode == 1, "the same verdict on the command line"


def test_a_question_is_run_when_it_is_asked_for(at: pytest.Pytester) -> None:
    """`-k` of one question and `-x` run nothing else."""
    desk(at.path)
    asked: list[str] = []
    original = grader.checking.Check.one

    def one(check: grader.checking.Check, name: str) -> grader.checking.QuestionCheck | None:
        asked.append(name)
        return original(check, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grader.checking.Check, "one", one)
        run(at, "-k", "square").assert_outcomes(passed=1, deselected=2)
        assert asked == ["square"]
        (at.path / "demo.py").write_text(HALF)
        run(at, "-x").assert_outcomes(failed=1)
        assert asked == ["square", "double"]
        run(at, IDS[1]).assert_outcomes(failed=1)
        assert asked == ["square", "double", "double"]


def test_last_failed_runs_those_alone(at: pytest.Pytester) -> None:
    desk(at.path, HALF)
    run(at).assert_outcomes(passed=1, failed=2)
    run(at, "--lf").assert_outcomes(failed=2)
    (at.path / "demo.py").write_text(RIGHT)
    run(at, "--lf").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def double(:\n", "the file does not load: SyntaxError: "),
        (None, "no demo.py and no other Python file"),
    ],
)
def test_work_that_does_not_load_fails_each_item_with_one_message(
    at: pytest.Pytester, source: str | None, why: str
) -> None:
    desk(at.path, source)
    result = run(at)
    result.assert_outcomes(failed=3)
    assert said(result).count(f"\n{why}") == 3
    assert "Traceback" not in said(result)


def test_a_notebook_is_checked_and_its_notes_are_told(at: pytest.Pytester) -> None:
    desk(at.path, None, demo__ipynb=notebook("%matplotlib inline\n!ls", RIGHT))
    result = run(at)
    result.assert_outcomes(passed=3)
    assert "note  left out, since only Python is run: !ls (code cell 1 line 2)" in said(result)
    put(at.path, {"demo.py": STUB, "other.ipynb": "no notebook"})
    run(at, "demo.ipynb").assert_outcomes(passed=3)
    named = run(at, "demo.py", "-v")
    named.assert_outcomes(failed=3)
    assert "demo.py::double::one FAILED" in said(named)


def test_the_students_own_tests_run_beside(at: pytest.Pytester) -> None:
    mine = "from demo import double\n\n\ndef test_mine():\n    assert double(1) == 2\n"
    desk(at.path, RIGHT, test_mine__py=mine)
    run(at).assert_outcomes(passed=4)
    run(at, "test_mine.py").assert_outcomes(passed=1)


def test_several_handouts_under_one_root_and_keys_that_are_not_ours(at: pytest.Pytester) -> None:
    desk(at.path / "first", RIGHT)
    desk(at.path / "second", HALF + "1 / 0\n")
    put(at.path, {"tls/public.key": "-----BEGIN PUBLIC KEY-----\n", "tls/other.key": b"\0"})
    result = run(at)
    result.assert_outcomes(passed=4, failed=2)
    assert "note  second: line 10 raised ZeroDivisionError while the file was loaded" in said(result)
    assert "FAILED second/public.key::double::one" in said(result)
    run(at, str(at.path / "first")).assert_outcomes(passed=3)
    run(at, str(at.path / "second" / "public.key")).assert_outcomes(passed=1, failed=2)


def test_a_damaged_key_is_one_line(at: pytest.Pytester) -> None:
    folder = desk(at.path)
    (folder / "public.key").write_bytes((folder / "public.key").read_bytes()[:-9])
    result = run(at)
    result.assert_outcomes(errors=1)
    assert "public.key: damaged; get the handout again" in said(result)
    assert "Traceback" not in said(result)


INSTALLED = any(e.name == "dlgrader" for e in metadata.entry_points(group="pytest11"))


@pytest.mark.skipif(not INSTALLED, reason="NOT RUN: the project is not installed here, so pytest does not know it")
def test_an_installed_plugin_is_found_and_switched_off_by_name(
    at: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    desk(at.path)
    at.runpytest_subprocess("--co", "-q").stdout.fnmatch_lines(IDS)
    assert at.runpytest_subprocess("--co", "-q", "-p", "no:dlgrader").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_it_can_be_switched_off_and_is_not_there_where_no_handout_is(at: pytest.Pytester) -> None:
    put(at.path, {"test_mine.py": "def test_mine():\n    pass\n"})
    quiet = run(at, "-v")
    quiet.assert_outcomes(passed=1)
    assert "note" not in said(quiet)
    desk(at.path)
    run(at, "-p", "no:grader.pytest_plugin").assert_outcomes(passed=1)


def test_junit_holds_the_message_without_control_characters(at: pytest.Pytester) -> None:
    loud = HALF.replace("return x\n", "raise ValueError('\\x1b[31m red \\x00\\u202e\\ufffe & <b> done')\n")
    desk(at.path, loud)
    run(at, "--junitxml=out.xml").assert_outcomes(passed=1, failed=2)
    text = (at.path / "out.xml").read_text(encoding="utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ufffe]", text)
    cases = {(c.get("classname"), c.get("name")): c for c in ET.fromstring(text).iter("testcase")}
    assert set(cases) == {
        ("public.key.double", "two_rows_a_b_1"),
        ("public.key.double", "one"),
        ("public.key.square", "pair"),
    }
    failure = cases["public.key.double", "one"].find("failure")
    assert failure is not None
    assert "ValueError: \ufffd[31m red \ufffd\ufffd\ufffd & <b> done (demo.py line 5" in (failure.get("message") or "")
    assert "called with x=[5.]" in (failure.text or "")


@pytest.mark.parametrize("how", ["load", "loadfile"])
def test_two_processes(at: pytest.Pytester, how: str) -> None:
    pytest.importorskip("xdist")
    desk(at.path, HALF)
    result = at.runpytest_subprocess(
        "-p", "xdist.plugin", *PLUGIN, "-n", "2", "--dist", how, "--junitxml=out.xml", "-q"
    )
    result.assert_outcomes(passed=1, failed=2)
    assert f"FAILED {IDS[1]} - one: out is wrong" in said(result)
    assert said(result).count("the grade comes from hidden cases too") == 1
    assert "one: out is wrong" in (at.path / "out.xml").read_text()


@linux
def test_ctrl_c_leaves_no_process(at: pytest.Pytester) -> None:
    desk(at.path, RIGHT.replace("return 2 * x\n", "print('begun', flush=True)\n    while True:\n        pass\n", 1))
    command = [sys.executable, "-m", "pytest", *PLUGIN, "-q", "-p", "no:cacheprovider"]
    before = workers()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while process.poll() is None and not any(seconds(pid) > 1 for pid in workers() - before - {process.pid}):
        time.sleep(0.05)  # until the loop runs: no import takes the worker a second
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=30)
    assert process.returncode == 2, text
    assert "KeyboardInterrupt" in text
    assert workers() <= before


def test_the_hooks_import_next_to_nothing() -> None:
    code = "import sys, pytest; old = set(sys.modules); import grader.pytest_plugin; print(*(set(sys.modules) - old))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"grader", "grader.pytest_plugin"}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["three images", "three/images", "three_images"], ["three_images", "three_images_2", "three_images_3"]),
        (["λ → 0; N=1", "[x]", "::", "a::b"], ["λ_0_N_1", "x", "case", "a_b"]),
    ],
)
def test_names_are_such_as_a_shell_bears(given: list[str], made: list[str]) -> None:
    assert grader.pytest_plugin.names(given) == made
