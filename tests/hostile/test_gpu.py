"""R17: a student's code and a graphics processor. Worker processes do not get one."""

from __future__ import annotations

import glob

import pytest
from play_rows import confined

pytestmark = [confined]


@pytest.mark.skipif(not glob.glob("/dev/nvidia[0-9]*"), reason="NOT RUN: no graphics processor on this machine")
def test_a_worker_cannot_open_a_graphics_processor() -> None:
    """What cannot be opened cannot be filled or hung. The control opens it from here."""
    import contextlib
    import os

    from arena import HERE

    from grader.model import AnswerKey, FrozenCase, FrozenQuestion, Limits, Output, SourceFile, Step, Submission
    from grader.sandbox.run import Runner
    from grader.sandbox.zygote import Zygote

    device = sorted(glob.glob("/dev/nvidia[0-9]*"))[0]
    os.close(os.open(device, os.O_RDWR))
    text = (HERE / "world.py").read_text() + "\ndef f(path):\n    tried(device=lambda: os.open(path, os.O_RDWR) >= 0)\n"
    case = FrozenCase("0", False, {"path": device}, {}, {})
    step = Step("function", "f", ("path",), ("out",))
    question = FrozenQuestion("f", "", ("path",), (Output("out", 1.0),), (step,), (case,))
    key = AnswerKey("demo", "Demo", "student.py", "numpy", (question,), {})
    zygote = Zygote()
    try:
        runner = Runner(key, Submission("ann", (SourceFile("a.py", text.encode()),), "a.py"), zygote, Limits())
        with contextlib.closing(runner):
            ((_, found),) = runner.responses([question])
    finally:
        zygote.close()
    assert found["0"].failure is not None and "device=refused" in found["0"].failure.message
