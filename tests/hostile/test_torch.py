"""The same ways out of a worker that has torch loaded: more libraries, more memory, more to read."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from arena import Run, build, grade, put_attack
from listeners import Listeners
from play_rows import confined
from rows import ATTACKS, Attack

pytestmark = [confined]
# Ways out alone: what an array is compared with is the same code.
OUT = [a for a in ATTACKS if a.kinds == ("Exception",) and a.row[0] in "STREX" and a.control in ("done", "mark")]
LARGER = ("R4_threads", "R5_maps_memory")  # a torch worker may take twice as much


@dataclass
class Seen:
    run: Run
    contacts: list[str]
    marks: list[str]
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("torch")
    arena = build(folder, "torch")
    listeners = Listeners(folder / "open", arena.mark)
    try:
        places = {**arena.places(folder / "out"), **listeners.open()}
        (arena.submissions / "A-neighbour").mkdir()
        (arena.submissions / "A-neighbour" / "demo.py").write_text(f"import torch\n# {arena.tokens['neighbour']}\n")
        worlds = [put_attack(a, arena.submissions / a.name, places) for a in OUT]
        before = arena.marks()
        run = grade(arena, folder / "out", [arena.submissions], worlds)
        return Seen(run, listeners.contacts(), sorted({*arena.marks()} - {*before}), arena.tokens)
    finally:
        listeners.close()
        for path in arena.marks():
            with contextlib.suppress(OSError):
                os.unlink(path)


def known(attack: Attack) -> object:
    reason = attack.open or ("twice the memory: the attempt is within the limit" if attack.name in LARGER else "")
    return pytest.param(attack, id=attack.name, marks=[pytest.mark.skip(reason=f"NOT RUN: {reason}")] if reason else [])


@pytest.mark.parametrize("attack", [known(attack) for attack in OUT])
def test_attack(attack: Attack, seen: Seen) -> None:
    (result,) = [q for q in seen.run.reports[attack.name]["questions"] if q["question"] == attack.target]
    text = "\n".join(o["message"] for o in result["outcomes"])
    assert result["score"] == 0.0 and attack.says in text and "BROKEN" not in text
    assert set(re.findall(r"(\w+)=DONE", text)) == set(attack.harmless)


def test_nothing_is_left_reached_or_told(seen: Seen) -> None:
    assert len(OUT) > 25
    assert (seen.contacts, seen.marks, seen.run.said["left"]) == ([], [], [])
    texts = [seen.run.said["stdout"], *(path.read_bytes().decode("latin-1") for path in Path(seen.run.out).iterdir())]
    assert not [name for name, token in seen.tokens.items() if any(token in text for text in texts)]
