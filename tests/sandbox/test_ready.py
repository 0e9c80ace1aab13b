"""The worker that waits: used once, replaced where it died, gone with its owner."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from grader.model import Limits
from grader.sandbox.ready import Ready


def test_the_waiting_worker_is_the_next_one() -> None:
    ready = Ready()
    ready.warm()
    assert ready.spawner.waiting is not None
    pid = ready.spawner.waiting.pid
    ready.warm()
    assert ready.spawner.waiting.pid == pid
    channel = ready.start(Limits())
    assert channel.request({"op": "ready", "library": "numpy", "fixtures": False}, [], 30, 1 << 16)[0]["seq"] == 1
    channel.end()
    ready.close()


def test_one_that_died_while_it_waited_is_replaced() -> None:
    ready = Ready()
    ready.warm()
    assert ready.spawner.waiting is not None
    ready.spawner.waiting.kill()
    ready.spawner.waiting.wait()
    channel = ready.start(Limits())
    channel.request({"op": "ready", "library": "numpy", "fixtures": False}, [], 30, 1 << 16)
    channel.end()
    ready.close()


def test_torch_is_imported_before_it_is_asked_for() -> None:
    pytest.importorskip("torch")
    ready = Ready()
    ready.warm("torch", "x = 1", Limits())
    channel = ready.start(Limits())
    started = time.monotonic()
    channel.request({"op": "ready", "library": "torch", "fixtures": True}, [b"x = 1"], 60, 1 << 16)
    assert time.monotonic() - started < 1.0
    channel.end()
    ready.warm("torch", limits=Limits())
    assert ready._channel is not None
    ready._channel.kill()  # it dies while it imports
    ready.start(Limits()).end()
    ready.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell a process that its parent is gone")
def test_a_worker_in_a_loop_ends_with_its_owner() -> None:
    code = """
import os, sys
from grader.model import Limits
from grader.sandbox.spawn import Spawner
from grader.wire import prepare
spawner = Spawner(); spawner.warm(); print(spawner.waiting.pid, flush=True)
channel = spawner.start(Limits())
channel.request({"op": "ready", "library": "numpy", "fixtures": False}, [], 30, 1 << 16)
load = {"op": "load", "files": ["a.py"], "main": "a.py", "module": "a", "targets": [], "ask": {}}
channel.send(prepare(load, [b"while True: pass"]), 5)
print("sent", flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    pid, said = done.stdout.split()
    assert said == "sent"
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":  # it has ended, and whoever inherited it has not looked yet
            return
        time.sleep(0.1)
    pytest.fail("it still runs")
