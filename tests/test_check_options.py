"""The front of `grader check`: what may be typed, what is printed where, and how it ends."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run

from grader.cli.commands import cli
from grader.cli.console import Console, coloured, shown_in
from grader.cli.plain import Wanted, parsed

MODEL = (ROOT / "reference" / "linear_classifiers" / "solutions" / "model.py").read_text()
GRADER = [sys.executable, "-P", "-m", "grader"]
posix = pytest.mark.skipif(os.name != "posix", reason="NOT RUN: POSIX signals")


@pytest.fixture
def desk(handout: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(handout, tmp_path / "desk"))
    (copy / "linear_classifiers.py").write_text(MODEL)
    return copy


def write(desk: Path, more: str) -> None:
    (desk / "linear_classifiers.py").write_text(MODEL + more)


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "PYTHONIOENCODING")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


# -- what may be typed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "desk",
        "-q svm_loss",
        "-q svm_loss --question scores desk",
        "desk -q a -q b --json",
        "--watch",
        "--watch --json here/file.py",
    ],
)
def test_what_is_read_without_click_is_what_click_reads(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two readers, one answer: the table of options that click holds is the one that is shown."""
    seen = list[Wanted]()
    monkeypatch.setattr("grader.cli.run_check.run", lambda wanted, _: seen.append(wanted) or 0)
    monkeypatch.setattr("grader.sandbox.spawn.Spawner.warm", lambda _: None)
    with pytest.raises(SystemExit):
        cli.main(["check", *typed.split()], standalone_mode=False)
    quick = parsed(typed.split())
    assert quick is not None and vars(quick) == vars(seen[0])


@pytest.mark.parametrize(
    "typed", [["-h"], ["--help"], ["-q"], ["-q", "--json"], ["--wach"], ["a", "b"], ["--question=x"], ["--", "x"], [""]]
)
def test_what_is_not_plain_is_left_to_click(typed: list[str]) -> None:
    assert parsed(typed) is None


def test_wrong_use_is_one_line_and_exit_code_2(grader: Run, desk: Path) -> None:
    for typed, says in [
        (["-q", "svm_los"], "error: no question 'svm_los'; did you mean svm_loss?"),
        (["-q", "svm_loss", "-q", "xyz"], "error: no question 'xyz'; there are scores, "),
        (["nowhere"], "error: nowhere: no such file or folder"),
        (["--watch", "--json"], "error: --json gives one document: leave --watch away"),
        (["a", "b"], "Got unexpected extra argument (b)"),
    ]:
        done = grader("check", *typed, cwd=desk)
        assert done.returncode == 2 and says in done.stderr and not done.stdout, done
        assert "Traceback" not in done.stderr


def test_several_questions_and_the_last_line(grader: Run, desk: Path) -> None:
    write(desk, "\n\ndef append_one(X):\n    return X\n")
    done = grader("check", "-q", "softmax_loss", "-q", "append_one", cwd=desk)
    assert done.returncode == 1
    assert [line.split()[1] for line in done.stdout.splitlines() if re.match("  (ok|FAIL)", line)] == [
        "append_one",
        "softmax_loss",
    ]
    last = done.stdout.splitlines()[-1]
    assert last.startswith("Public cases passed: 1 of 2 questions. Not the grade: hidden cases count too")
    assert last.endswith("without a sandbox.")


# -- what is printed, and how --------------------------------------------------------------------------------


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


def test_one_document_of_json_and_nothing_else(grader: Run, desk: Path) -> None:
    more = (
        "\n\nimport sys\nprint('top', file=sys.__stdout__)\n\n\ndef append_one(X):\n    print('né', X.shape)\n"
        "    return np.full((2, 3), np.nan)\n\n\ndef svm_loss_i(s, y):\n    raise NotImplementedError\n"
    )
    write(desk, more)
    done = grader("check", "--json", "-q", "append_one", "-q", "svm_loss_i", "-q", "softmax_loss", cwd=desk)
    found = strict(done.stdout)
    assert done.returncode == 1 and not done.stderr and done.stdout.isascii()
    head = {key: found[key] for key in ("version", "assignment", "file", "isolation", "grade", "passed", "failure")}
    assert head == {
        "version": 1,
        "assignment": "linear_classifiers",
        "file": "linear_classifiers.py",
        "isolation": "none",
        "grade": False,
        "passed": False,
        "failure": None,
    }
    assert {q["name"]: q["status"] for q in found["questions"]} == {
        "append_one": "FAIL",
        "svm_loss_i": "todo",
        "softmax_loss": "ok",
    }
    wrong, _, right = found["questions"]
    assert {c["verdict"] for c in wrong["cases"]} == {"FAIL"} and wrong["details"][0].startswith("two rows: ")
    assert "né (2, " in wrong["cases"][0]["printed"] and wrong["cases"][0]["called"].startswith("X=[[")
    assert all(c["distance"] is not None and c["verdict"] == "PASS" for c in right["cases"])
    assert {g["output"]: g["agrees"] for g in right["gradients"]} == {"dS": True}


def test_the_documented_fields_are_the_ones_that_come(grader: Run, desk: Path) -> None:
    section = (ROOT / "docs" / "student.md").read_text().partition("## grader check")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `([\w.]+)`", section.partition("| field |")[2], flags=re.M))
    found = strict(grader("check", "--json", "-q", "softmax_loss", cwd=desk).stdout)
    (question,) = found["questions"]
    came = {*found, *(f"questions.{k}" for k in question)}
    came |= {f"cases.{k}" for k in question["cases"][0]} | {f"gradients.{k}" for k in question["gradients"][0]}
    assert listed == came
    (desk / "linear_classifiers.py").write_text("def f(:\n")
    broken = strict(grader("check", "--json", cwd=desk).stdout)
    assert broken["failure"]["kind"] == "SyntaxError" and broken["questions"] == broken["notes"] == []
    assert broken.keys() == found.keys()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_no_console_is_too_small_for_what_students_write(encoding: str, desk: Path) -> None:
    write(desk, "\n\ndef append_one(X):\n    print('пе', 'x' * 200)\n    raise ValueError('日本 – 本…')\n")
    done = subprocess.run(
        [*GRADER, "check", "-q", "append_one"],
        cwd=desk,
        env=environment(PYTHONIOENCODING=encoding, PYTHONUTF8="0"),
        capture_output=True,
        check=False,
    )
    said = done.stdout.decode(encoding)
    assert done.returncode == 1 and not done.stderr, done.stderr
    assert "ValueError: ??" in said and "printed in" in said


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_and_who_asks_for_it() -> None:
    screen, pipe = Terminal(), io.StringIO()
    wanted = [
        (screen, {}, False, True),
        (pipe, {}, False, False),
        (screen, {"NO_COLOR": "1"}, False, False),
        (screen, {"NO_COLOR": ""}, False, True),
        (screen, {"TERM": "dumb"}, False, False),
        (pipe, {"FORCE_COLOR": "1"}, False, True),
        (pipe, {"FORCE_COLOR": "0"}, False, False),
        (screen, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        (screen, {}, True, False),
        (screen, {"WT_SESSION": "x"}, True, True),
    ]
    for stream, variables, windows, expected in wanted:
        assert coloured(stream, variables, windows) is expected, (variables, windows)
    pipe.close()
    assert not coloured(pipe, {}, False)


def test_only_the_status_is_coloured(desk: Path) -> None:
    write(desk, "\n\ndef append_one(X):\n    return X\n\n\ndef svm_loss_i(s, y):\n    raise NotImplementedError\n")
    command = [*GRADER, "check", "-q", "append_one", "-q", "svm_loss_i", "-q", "softmax_loss"]
    colour, neither = {"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    said = {}
    for name, more in {"plain": {}, "colour": colour, "neither": neither}.items():
        said[name] = subprocess.run(command, cwd=desk, env=environment(**more), capture_output=True, text=True).stdout
    assert said["plain"] == said["neither"] == re.sub("\x1b\\[\\d+m", "", said["colour"])
    assert re.findall("\x1b\\[(\\d+)m(\\w+)\x1b\\[0m *(\\w+)", said["colour"]) == [
        ("31", "FAIL", "append_one"),
        ("33", "todo", "svm_loss_i"),
        ("32", "ok", "softmax_loss"),
    ]


def test_text_that_an_encoding_lacks() -> None:
    assert shown_in("a … b", "utf-8") == "a … b" and shown_in("a … b", "cp1252") == "a … b"
    assert shown_in("a … é 日", "ascii") == "a ... ? ?" and shown_in("日…", "cp1252") == "?..."
    assert shown_in("…", None) == "..."


def wait_for(true: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_what_is_slow_is_named_on_a_terminal_and_taken_away_again() -> None:
    out, err = io.StringIO(), Terminal()
    with Console(out, err, slow=0.04) as console:
        console.doing = lambda: "checking softmax"
        wait_for(lambda: err.getvalue().count("\r... checking softmax, ") > 1)
        console.say("done")
        assert re.search("\r *\r$", err.getvalue()) and out.getvalue() == "done\n"
    assert not err.getvalue().endswith("s")


def test_what_is_slow_is_named_once_elsewhere() -> None:
    out, err = io.StringIO(), io.StringIO()
    with Console(out, err, slow=0.04) as console:
        for name in ("softmax", "hinge"):
            console.doing = lambda name=name: f"checking {name}"  # type: ignore[misc]
            wait_for(lambda: f"... checking {name}, " in err.getvalue())  # noqa: B023
            time.sleep(0.1)
    assert err.getvalue().count("\n") == err.getvalue().count("... ") == 2 and "\r" not in err.getvalue()


def test_a_slow_function_is_named_on_stderr(grader: Run, desk: Path) -> None:
    slow = "\n\n_append = append_one\ndef append_one(X):\n    import time; time.sleep(2.4)\n"
    write(desk, f"{slow}    return _append(X)\n")
    done = grader("check", "-q", "append_one", cwd=desk)
    assert done.returncode == 0 and "\n" in done.stderr and "checking append_one, " in done.stderr
    assert "checking" not in done.stdout


# -- how it ends ---------------------------------------------------------------------------------------------

LOOPS = {
    "python": "while True: pass",
    "sleeps": "import time; time.sleep(1000)",
    "catches": "import time\n    while True:\n        try: time.sleep(1000)\n        except BaseException: pass",
}


def started(desk: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [*GRADER, "check", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=desk, env=environment(), stdout=pipe, stderr=pipe, text=True)


def workers(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def at_work(desk: Path, loop: str) -> tuple[subprocess.Popen[str], int]:
    """A check whose worker is in an endless call, and that worker."""
    write(desk, f"\n\ndef append_one(X):\n    import os, sys\n    os.write(2, b'here')\n    {loop}\n")
    process = started(desk, "-q", "append_one")
    wait_for(lambda: workers(process.pid))
    (worker,) = workers(process.pid)
    wait_for(lambda: "State:\tS" in Path(f"/proc/{process.pid}/status").read_text())
    return process, worker


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: processes are found in /proc")
def test_ctrl_c_is_one_line_and_130_and_no_worker_is_left(desk: Path) -> None:
    process, worker = at_work(desk, LOOPS["catches"])
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and err.splitlines()[-1] == "stopped" and "Traceback" not in err
    assert not is_alive(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: processes are found in /proc")
def test_no_worker_outlives_a_check_that_is_killed(desk: Path) -> None:
    """One that loops in Python, and one that sleeps: neither reads its pipe any more."""
    found = [at_work(desk, LOOPS[loop]) for loop in ("python", "catches")]
    time.sleep(1.0)  # into the call
    for process, worker in found:
        assert is_alive(worker)
        process.kill()
        process.communicate()
    for _, worker in found:
        wait_for(lambda: not is_alive(worker))  # noqa: B023


@posix
def test_nobody_reads_any_more(desk: Path) -> None:
    process = started(desk)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(30) == 1 and process.stderr.read() == ""
    process.stderr.close()


# -- what a student has --------------------------------------------------------------------------------------


def test_it_needs_neither_torch_nor_click_nor_what_notebooks_need(desk: Path) -> None:
    """Only NumPy is imported of what is installed; and click, where something is to be explained."""
    code = (
        "import sys; sys.argv[1:] = ['check']\n"
        "for name in ('torch', 'click', 'nbformat', 'nbconvert', 'IPython', 'pytest'): sys.modules[name] = None\n"
        "from grader.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=desk, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "25 of 25 questions" in done.stdout


def test_numpy_of_the_users_own_is_found(desk: Path, tmp_path: Path) -> None:
    """`pip install --user`: a worker sees no user site, and is told where NumPy lies."""
    import numpy

    site = tmp_path / "user"
    site.mkdir()
    for name in ("numpy", "numpy.libs"):
        if (source := Path(numpy.__file__).parents[1] / name).exists():
            (site / name).symlink_to(source)
    (site / "sitecustomize.py").write_text("raise SystemExit('not for workers')\n")
    code = (
        "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]; "
        f"sys.path.append({str(site)!r}); sys.argv[1:] = ['check']; from grader.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=desk, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_site_gives_is_there_as_where_it_is_graded(grader: Run, desk: Path) -> None:
    """The worker starts without `site`, which looks through all that is installed."""
    write(desk, "\n\nassert callable(help) and copyright and credits\n\ndef append_one(X):\n    exit()\n")
    said = grader("check", "-q", "append_one", cwd=desk).stdout
    assert "SystemExit" in said and "Error" not in said and "raised" not in said.partition("  note")[2], said


def test_threads_in_place_of_polls_find_the_same(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As on Windows: pipes that cannot be polled."""
    from grader.cli.run_check import run
    from grader.sandbox.spawn import Spawner

    write(desk, "\n\ndef append_one(X):\n    return X\n")  # prints nothing: a thread may deliver it late
    said = []
    for threaded in (True, os.name == "nt"):
        spawner = Spawner(threaded=threaded)
        try:
            assert run(Wanted(str(desk), ("append_one", "softmax_loss"), as_json=True), spawner) == 1
        finally:
            spawner.close()
        said.append(strict(capsys.readouterr().out))
    assert said[0] == said[1]
