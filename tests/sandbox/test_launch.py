"""The plain launcher answers as the zygote does, on any system; and a launcher that loses its process says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from play import QUICK, ask, below, linux, one, play, runner, why

from grader.errors import SandboxError
from grader.model import Limits, Response, Verdict
from grader.sandbox.layers import level
from grader.sandbox.spawn import Spawner, clean_environment, describe_status
from grader.sandbox.worker.identity import NOT_ROOT
from grader.sandbox.zygote import Zygote
from grader.wire import Unusable

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="NOT RUN: POSIX signals")
LINES = [pytest.param(True, id="threaded")] + ([pytest.param(False, id="polled")] if os.name == "posix" else [])
SHORT = Limits(question=0.3, submission=20.0)

BEHAVIOUR = """
import numpy as np
def double(X):
    return 2 * X
def edits(X):
    X += 1
    return X
def words(X):
    print("said", X.shape)
    return ["a", {"b": None}, float("inf")]
def fails(X):
    raise ValueError("no")
def giant(X):
    return np.broadcast_to(0.0, (1 << 40,))
"""
QUESTIONS = [
    ask(name, {"X": np.arange(4.0).reshape(2, 2)}, {"X": np.ones(3, dtype=np.float32)}, kind="list")
    for name in ("double", "edits", "words", "fails", "giant", "absent")
]


@pytest.fixture(scope="module", params=LINES)
def spawner(request: pytest.FixtureRequest) -> Iterator[Spawner]:
    made = Spawner(threaded=request.param)
    yield made
    made.close()


def plain(response: Response) -> object:
    """A response as something that can be compared; a thread may deliver printed text late."""
    values = {
        k: (v.tolist(), str(v.dtype)) if isinstance(v, np.ndarray) else v.kind if isinstance(v, Unusable) else v
        for k, v in response.values.items()
    }
    return values, response.failure, response.raised, response.modified


@linux
def test_the_same_answers_as_the_zygote(spawner: Spawner) -> None:
    zygote = Zygote()
    try:
        strong = play(zygote, BEHAVIOUR, *QUESTIONS)
    finally:
        zygote.close()
    weak = play(spawner, BEHAVIOUR, *QUESTIONS)
    for name, responses in strong.items():
        assert [plain(r) for r in weak[name]] == [plain(r) for r in responses], name
    assert why(strong["absent"][0]) == ("MISSING", "missing") and strong["edits"][0].modified == ("X",)


def test_time_outs_and_crashes_cost_their_case(spawner: Spawner) -> None:
    source = """
        import os, time
        def f(x):
            if x == 1:
                time.sleep(60)
            if x == 2:
                os._exit(3)
            return x
        def g(x):
            return x
    """
    started = time.monotonic()
    cases = [{"x": float(i)} for i in range(4)]
    found = play(spawner, source, ask("f", *cases, seconds=2.0), ask("g", *cases), limits=QUICK)
    assert time.monotonic() - started < 8.0
    assert [r.values.get("out") for r in found["f"]] == [0.0, None, None, 3.0]
    assert why(found["f"][1]) == ("TIMEOUT", "time limit") and why(found["f"][2]) == ("ERROR", "crashed")
    assert "exit code 3" in found["f"][2].failure.message
    assert [r.values["out"] for r in found["g"]] == [0.0, 1.0, 2.0, 3.0]


@posix
def test_a_segmentation_fault_is_named(spawner: Spawner) -> None:
    response = one(spawner, "import ctypes\ndef f(x):\n    ctypes.string_at(0)\n")
    assert why(response) == ("ERROR", "crashed") and "segmentation fault" in response.failure.message


def test_a_flood_is_capped(spawner: Spawner) -> None:
    source = "def f(x):\n    for _ in range(3000):\n        print('x' * 999)\n    return 7.0\n"
    limits = Limits(question=8.0, submission=20.0, output=2000)
    found = play(spawner, source, ask("f", {"x": 1.0}, {"x": 2.0}), limits=limits)["f"]
    assert [r.values["out"] for r in found] == [7.0, 7.0] and sum(len(r.printed) for r in found) <= 2000


def test_large_arrays_both_ways(spawner: Spawner) -> None:
    X = np.random.default_rng(0).normal(size=(1000, 700))  # larger than any pipe
    question = ask("f", {"X": X}, expected={"out": X})
    response = play(spawner, "def f(X):\n    return 2 * X\n", question)["f"][0]
    np.testing.assert_array_equal(response.values["out"], 2 * X)


@pytest.mark.parametrize("name", ["numpy.py", "json.py"])
def test_files_beside_us_are_not_imported(
    spawner: Spawner, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text("raise SystemExit('the wrong file was imported')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    spawner.close()  # no worker from before
    source = "import json, os\nimport numpy as np\ndef f(x):\n    return np.exp(0.0) + len(json.dumps(x))\n"
    assert one(spawner, source).values["out"] == 4.0
    beside = {"student.py": "import numpy as np\nimport json\ndef f(x):\n    return np.exp(0.0)", name: "exp = None"}
    assert play(spawner, beside, ask("f", {"x": 1.0}))["f"][0].values["out"] == 1.0


@linux
def test_no_process_is_left(spawner: Spawner) -> None:
    spawner.close()
    before = below(os.getpid())
    spawner.warm()
    for source in (
        "def f(x):\n    return x",
        "def f(x):\n    while True: pass",
        "import os, time\ndef f(x):\n    os.fork() or time.sleep(60)\n    return x",
        "import os\ndef f(x):\n    os.kill(os.getpid(), 19)",
        "x = (",
    ):
        one(spawner, source, limits=SHORT)
    spawner.warm()
    spawner.close()
    assert below(os.getpid()) == before


@posix
def test_no_descriptor_is_left() -> None:
    made = Spawner(threaded=False)
    one(made, "def f(x):\n    return x")
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        one(made, "import os\ndef f(x):\n    os._exit(1)")
    made.close()
    assert len(os.listdir("/dev/fd")) == before


def test_our_environment_is_not_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    assert not {"SECRET_TOKEN", "PYTHONSTARTUP", "HOME"} & set(clean_environment())


@posix
def test_deaths_in_words() -> None:
    assert describe_status(signal.SIGSEGV) == "segmentation fault"
    assert describe_status(signal.SIGTERM) == "killed by SIGTERM"
    assert describe_status(3 << 8) == "ended the process (exit code 3)"
    assert describe_status(-1) == "crashed"
    for number in range(1, 65):
        assert describe_status(number)


def test_levels_in_words() -> None:
    assert level({}) == "strong: uid, namespaces, cgroup, landlock, seccomp, rlimits"
    assert level({"seccomp": "?", "landlock": "?", "cgroup": "?"}) == "weak: without landlock, seccomp"
    plain = {"uid": NOT_ROOT, "cgroup": "Permission denied"}
    assert level(plain) == "strong: namespaces, landlock, seccomp, rlimits; without cgroup"
    assert level({**plain, "namespaces": "?"}) == "strong: landlock, seccomp, rlimits; without namespaces, cgroup"
    assert level({"uid": "root without CAP_SETUID"}) == "weak: without uid"
    assert Spawner().isolation == "none"


# -- faults of ours ------------------------------------------------------------------------------------------


@linux
def test_a_zygote_that_died_is_replaced() -> None:
    made = Zygote()
    try:
        assert one(made, "def f(x):\n    return x").values == {"out": 1.0}
        os.kill(made.pid, signal.SIGKILL)
        assert one(made, "def f(x):\n    return x").values == {"out": 1.0}
    finally:
        made.close()


@linux
def test_a_zygote_that_dies_under_a_call_is_our_fault() -> None:
    """Never a zero for the student: SandboxError, which becomes UNGRADED."""
    made = Zygote()
    work = runner(made, "def f(x):\n    return x", [question := ask("f", {"x": 1.0})])
    try:
        work.nudged(question, question.cases[0], ())
        assert made.process is not None
        os.kill(made.pid, signal.SIGKILL)
        made.process.wait()
        time.sleep(0.1)  # the worker follows its zygote
        with pytest.raises(SandboxError, match=r"the sandbox died|failed to end"):
            work.nudged(question, question.cases[0], ())
        assert one(made, "def f(x):\n    return x").values == {"out": 1.0}, "and the next one is graded"
    finally:
        made.close()


@linux
def test_a_closed_zygote_starts_nothing() -> None:
    made = Zygote()
    made.close()
    with pytest.raises(SandboxError, match="closed"):
        made.start(Limits())
    made.close()


def test_a_python_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    for launcher in [Spawner(), *([Zygote()] if sys.platform == "linux" else [])]:
        with pytest.raises(SandboxError, match="cannot start"):
            launcher.start(Limits())
        launcher.close()


@linux
def test_a_worker_that_cannot_import_says_why(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr("grader.sandbox.spawn.BOOT", "raise ImportError('no NumPy here')")
    made = Zygote()
    with pytest.raises(SandboxError, match="failed to start: ImportError: no NumPy here"):
        made.start(Limits())
    made.close()


# -- torch ---------------------------------------------------------------------------------------------------


@linux
def test_torch_assignments_get_tensors() -> None:
    pytest.importorskip("torch", reason="NOT RUN: no torch here")
    source = """
        import torch
        def f(X, L):
            return (X.requires_grad_() ** 2).sum(), L[0] @ L[0].T
        def grad(X, L):
            X.requires_grad_()
            (X**2).sum().backward()
            return X.grad, torch.randn(2)
        def edits(X, L):
            L[0].add_(1)
            return X, X
        def layer(X, L):
            net = torch.nn.Linear(2, 1).double()
            torch.optim.Adam(net.parameters()).step()
            return net(X), torch.ones(2).bfloat16()
    """
    X = np.arange(4.0).reshape(2, 2)
    inputs = {"X": X, "L": [np.ones((1, 2), dtype=np.float32), 3]}
    names = ("f", "grad", "edits", "layer")
    made = Zygote("torch")
    try:
        found = play(made, source, *[ask(n, inputs, gives=("a", "b")) for n in names], library="torch")
    finally:
        made.close()
    (f,), (grad,), (edits,), (layer,) = (found[name] for name in names)
    assert f.values["a"] == 14.0 and f.values["b"].dtype == np.float32 and not f.modified, f
    np.testing.assert_array_equal(grad.values["a"], 2 * X)
    assert edits.modified == ("L",) and edits.failure is None
    assert layer.values["a"].shape == (2, 1) and layer.failure.verdict == Verdict.ERROR


# -- `grader check` starts fast ------------------------------------------------------------------------------


def test_the_launcher_does_not_import_numpy() -> None:
    code = "import sys; from grader.sandbox.spawn import Spawner; assert 'numpy' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0
