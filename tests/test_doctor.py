"""`grader doctor`, and the same trial before a batch: what is there, what holds, and never a silent hole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

from grader.cli.commands import cli
from grader.cli.isolation import require_isolation
from grader.errors import SandboxError, WeakIsolationError
from grader.model import Limits
from grader.sandbox import layers, probe
from grader.sandbox.trial import Finding
from grader.sandbox.worker import confine

linux = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: the sandbox's layers are Linux's")
confined = pytest.mark.skipif(bool(confine.missing()), reason=f"NOT RUN: layers are missing: {confine.missing()}")


def doctor(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["doctor", *arguments])
    return done.exit_code, done.output


@linux
@confined
def test_a_machine_that_holds() -> None:
    """Whatever else this machine has, the layers that must be there hold every attempt."""
    code, said = doctor()
    if needed := layers.needed(layers.missing()):
        assert code == 4 and all(f"{layer:<13} missing" in said for layer in needed)
        return
    assert code == 0 and "OPEN" not in said and said.splitlines()[-1].startswith("isolation: strong: ")
    rows = said.splitlines()
    assert len([row for row in rows if row.endswith("held")]) >= len(probe.ATTEMPTS)
    for layer in layers.ALL:
        (row,) = [row for row in rows if row.split()[:1] == [layer]]
        assert row.split()[1] == ("missing" if layer in layers.missing() else "there")
    assert max(map(len, rows)) <= 100 and str(Path.home()) not in said and str(ROOT) not in said


@linux
@confined
@pytest.mark.parametrize("option", ["", "--allow-weak-isolation"])
def test_a_layer_that_is_missing(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = layers.missing
    monkeypatch.setattr(layers, "missing", lambda _=(): real(("landlock", "namespaces")))
    code, said = doctor(*option.split())
    assert code == (0 if option else 4)
    assert "landlock      missing  switched off" in said and "read a file outside                          OPEN" in said
    assert "isolation: weak: without landlock" in said


def test_an_attempt_that_succeeds_although_no_layer_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "missing", lambda _=(): {})
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("grader.sandbox.trial.close_to_others", lambda: None)
    monkeypatch.setattr(probe, "attempts", lambda *_: {**dict.fromkeys(probe.ATTEMPTS, False), "udp": True})
    code, said = doctor()
    assert code == 4 and "send a datagram                              OPEN" in said
    assert said.splitlines()[-1] == "isolation: weak: a worker can send a datagram"
    with pytest.raises(WeakIsolationError, match=r"(?s)open +a worker can send a datagram.*Nothing was graded"):
        require_isolation(Limits(), False)
    assert require_isolation(Limits(), True) == "weak: a worker can send a datagram"


def test_a_sandbox_that_cannot_be_tried_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> dict[str, bool]:
        raise SandboxError("a worker did not get ready (crashed)")

    monkeypatch.setattr(layers, "missing", lambda _=(): {})
    monkeypatch.setattr("grader.sandbox.trial.close_to_others", lambda: None)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(probe, "attempts", broken)
    with pytest.raises(WeakIsolationError, match="could not be tried: a worker did not get ready"):
        require_isolation(Limits(), True)


def test_where_there_are_no_layers_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS and Windows, emulated: nothing is tried, and that is said."""
    monkeypatch.setattr(sys, "platform", "darwin")
    code, said = doctor()
    assert code == 4 and "NOT RUN: nothing stops a worker on darwin" in said
    assert said.count("not on darwin") == len(layers.ALL)
    assert said.splitlines()[-1] == "isolation: weak: without landlock, no_new_privs, rlimits, seccomp, uid"


@linux
@confined
def test_the_level_is_the_same_every_time() -> None:
    """It is part of what a stored result is known by: a level that changes would grade everything again."""
    levels = {require_isolation(Limits(), True) for _ in range(3)}
    assert len(levels) == 1 and len(levels.pop()) <= 80


def test_a_finding_lists_only_what_counts() -> None:
    found = Finding({}, {"read": True, "exists": True, "fork": False}, "", "weak", True)
    assert found.open_ways == ["read a file outside"]
