"""A hostile student, from the file to the view: what hidden cases hold never comes back to them."""
# Student code in tables reads best unbroken.
# ruff: noqa: E501

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import pytest
from course_of_two import two_questions

from grader.keyfile import public_view
from grader.model import AnswerKey, Limits, Report, SourceFile, Submission, Verdict
from grader.pipeline import grade
from grader.report.view import EXCEPTIONS, KINDS, OTHER, StudentView, student_view
from grader.sandbox.zygote import Zygote

CANARY = "CaNaRy"
WORDS = {*KINDS.values(), *EXCEPTIONS, OTHER}


def text_of(view: StudentView) -> str:
    return json.dumps(asdict(view), ensure_ascii=False)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    launcher = Zygote()
    yield launcher
    launcher.close()


KEEP = """
    import os, warnings
    import numpy as np
    kept = []
    def say(x):
        kept.append("CaNaRy" + "-".join(repr(float(v)) for v in x))
        print(kept)
        warnings.warn(kept[-1])
        return kept[-1]
"""
LEAKS = {
    "message": "def first(x):\n    raise ValueError(say(x))\ndef second(x):\n    raise KeyError(say(x))",
    "exception type": "def first(x):\n    raise type(say(x), (ArithmeticError,), {})(1)\nsecond = first",
    "made-up base": "def first(x):\n    raise type('ValueError', (Exception,), {'__str__': lambda s: say(x)})(1)\nsecond = first",
    "notes of an exception": "def first(x):\n    e = ValueError(); e.add_note(say(x)); raise e from KeyError(say(x))\nsecond = first",
    "function and file name": "def first(x):\n    exec(compile('def ' + 'CaNaRy' + '(): raise OSError(2, \"CaNaRy\", \"CaNaRy\")', 'CaNaRy.py', 'exec'))\n    locals()['CaNaRy']()\nsecond = first",
    "shape": "def first(x):\n    return np.ones((17, 19, len(x))), x\ndef second(x):\n    return np.ones(len(x) + 1000)",
    "text": "def first(x):\n    return say(x), say(x)\nsecond = first",
    "keys": "def first(x):\n    return {say(x): 1}, [say(x)]\nsecond = first",
    "kept for a public case": "def first(x):\n    say(x)\n    return x, x\ndef second(x):\n    raise ValueError(str(kept))",
    "kept in a number": "def first(x):\n    say(x)\n    return x, x\ndef second(x):\n    return x * 0 + (float(kept[1].split('-')[0][6:] or 7) if len(kept) > 1 else 0)",
    "kept over a crash": "try:\n    raise SystemError(open('kept').read())\nexcept FileNotFoundError:\n    pass\ndef first(x):\n    open('kept', 'w').write(say(x))\n    os._exit(1)\ndef second(x):\n    raise ValueError(open('kept').read())",
    "time": "def first(x):\n    say(x)\n    while len(x) == 5: pass\n    return x, x\nsecond = first",
    "memory": "def first(x):\n    say(x)\n    raise MemoryError(say(x))\nsecond = first",
    "missing in the end": "def first(x):\n    say(x)\n    globals().pop('second', 0)\n    return x, x\ndef second(x):\n    return x",
}  # fmt: skip


def graded(launcher: Zygote, source: str) -> tuple[AnswerKey, Report, Report]:
    """The key, the report, and the one on public cases alone."""
    key, limits = two_questions(), Limits(question=1.5, submission=10)
    submission = Submission("ada", (SourceFile("demo.py", source.encode()),), "demo.py", notes=("a note",))
    return key, grade(key, submission, launcher, limits), grade(public_view(key), submission, launcher, limits)


def numbers(key: AnswerKey) -> list[float]:
    """All that hidden cases hold."""
    cases = [c for q in key.questions for c in q.cases if c.hidden]
    found = [v for c in cases for value in (*c.inputs.values(), *c.expected.values()) for v in np.ravel(value)]
    return [float(v) for v in found]


@pytest.mark.parametrize("name", LEAKS)
def test_a_hostile_student_learns_nothing(zygote: Zygote, name: str) -> None:
    key, report, public = graded(zygote, textwrap.dedent(KEEP) + LEAKS[name] + "\n")
    view = student_view(report, key, public)
    for case in (c for q in key.questions for c in q.cases if c.hidden):
        assert case.name not in text_of(view)
    for number in numbers(key):
        assert repr(number) not in text_of(view) and f"{number:.4g}" not in text_of(view)
    hidden = [c for q in view.questions for c in q.cases if c.hidden]
    assert len(hidden) == 5 and {c.kind for c in hidden} <= WORDS and not any(c.message for c in hidden)
    assert CANARY not in text_of(student_view(report, key))  # and where no such run was made, nothing at all


def test_the_attack_on_public_messages_is_real(zygote: Zygote) -> None:
    """Why they are not taken from the graded run: there one on a public case holds what a hidden one was given."""
    key, report, _ = graded(zygote, textwrap.dedent(KEEP) + LEAKS["kept for a public case"] + "\n")
    (seen,) = (o for o in report.questions[1].outcomes if not o.hidden)
    first_hidden = next(c for c in key.questions[0].cases if c.hidden)
    assert repr(float(first_hidden.inputs["x"][0])) in seen.message
    assert repr(float(first_hidden.inputs["x"][0])) not in text_of(student_view(report, key))


def test_an_honest_students_view(zygote: Zygote) -> None:
    source = "1 / 0\ndef first(x):\n    return 2 * x, 2 * x\ndef second(x):\n    return 4 * x\n"
    key, report, public = graded(zygote, source)
    view = student_view(report, key, public)
    assert (view.title, view.score, view.max_score, view.status) == ("Demo", 2.0, 4.0, "graded")
    first, second = view.questions
    assert {c.verdict for c in first.cases} == {Verdict.PASS}
    assert second.cases[0].message.startswith("out is wrong in all 2 elements")
    assert [(c.case, c.kind, c.hint) for c in second.cases] == [
        ("seen", "wrong value", "Look at the slope."), ("hidden case 1", "wrong value", "Look at the slope.")
    ]  # fmt: skip
    assert view.notes[0] == "a note" and view.notes[1].startswith("line 1 raised ZeroDivisionError")


def test_why_a_file_does_not_load_is_told(zygote: Zygote) -> None:
    _, report, _ = graded(zygote, "def first(x:\n")
    view = student_view(report)
    assert view.notes == (
        "a note",
        "the file does not load: SyntaxError: '(' was never closed (demo.py line 1: def first(x:)",
    )
    assert {c.kind for q in view.questions for c in q.cases} == {"SyntaxError"}
    assert not any(c.message for q in view.questions for c in q.cases)
