"""The magics in IPython's own shell: what is held of a session, and what an interrupt leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytest.importorskip("IPython", reason="NOT RUN: the magics need pip install ipython")

SCRIPT = """
import os, signal, sys, threading, time
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance(colors="NoColor")
def run(code, **more):
    return shell.run_cell(code, store_history=True, **more)

run("before = 1\\nimport numpy as np")
run("%load_ext grader")
from grader import magic
held = lambda: [cell.source for cell in magic.session().cells.cells()]
assert held() == ["before = 1\\nimport numpy as np", "%load_ext grader"], held()
magic.session().cells.notebook()

run("def append_one(X): return X", cell_id="a")
run("x = 1", cell_id="b")
run("def append_one(X): return np.hstack([X, np.ones((len(X), 1))])", cell_id="a")
shell.run_cell("hidden = 1", store_history=False)
shell.run_cell("hidden = 2", silent=True)
run("get_ipython().run_cell('nested = 1')")
assert held()[2:] == [
    "x = 1", "def append_one(X): return np.hstack([X, np.ones((len(X), 1))])", "get_ipython().run_cell('nested = 1')"
], held()

run("%%grade append_one\\ny = 5\\nraise ValueError('shown once')")
assert shell.user_ns["y"] == 5
run("%grade append_one nothing")
run("result = __import__('grader').check(append_one)")
assert shell.user_ns["result"], shell.user_ns["result"]

# an interrupt: the check ends, its worker too, and the next check works
run("def fold_bias(W, b):\\n    while True: pass")
threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
started = time.monotonic()
done = run("%grade fold_bias")
assert isinstance(done.error_in_exec, KeyboardInterrupt) and time.monotonic() - started < 8, done
children = open(f"/proc/self/task/{os.getpid()}/children").read().split() if sys.platform == "linux" else [1]
assert len(children) == 1, children  # the next one, which waits
assert run("assert __import__('grader').check('append_one')").success

run("%unload_ext grader")
assert "grade" not in shell.magics_manager.magics["line"]
if sys.platform == "linux":
    assert not open(f"/proc/self/task/{os.getpid()}/children").read().split()
run("%load_ext grader")
assert held()[0].startswith("before"), held()
print("all well")
"""


def test_a_session(handout: Path, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    shutil.copytree(handout, desk)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=desk, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.stdout.endswith("all well\n"), done.stdout + done.stderr
    assert done.stdout.count("ValueError: shown once") == 1
    assert "KeyboardInterrupt: the check was stopped" in done.stdout
    assert "error: no question 'nothing'" in done.stdout
    assert "grader/" not in done.stdout  # no line of ours
    assert "Warning" not in done.stderr, done.stderr
