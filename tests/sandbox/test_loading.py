"""A file is run as a whole, and goes on behind what raised, as if each statement had been run by itself."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from grader.sandbox.worker.loading import run_parts, run_script
from grader.sandbox.worker.reading import remember

SOURCES = {
    "all well": "a = 1\nb = a + 1\n",
    "one raises": "a = 1\nb = 1 / 0\nc = a + 2\n",
    "two raise": "a = 1 / 0\nb = 2\nc = b / 0\nd = b + 1\n",
    "several on a line": "a = 1; b = 1 / 0; c = 3\nd = 4\n",
    "the last raises": "a = 1\nraise ValueError('x')\n",
    "deep inside": "def f(x):\n    return 1 / x\na = f(1)\nb = f(0)\nc = f(2)\n",
    "over many lines": "a = [\n    1,\n    1 / 0,\n]\nb = 2\n",
    "in a decorator": "def deco(f):\n    raise ValueError('no')\na = 1\n@deco\ndef g(x):\n    return x\nb = 2\n",
    "in a class": "class A:\n    x = 1\n    y = 1 / 0\nb = 2\n",
    "in a loop": "out = []\nfor i in range(3):\n    out.append(1 / (1 - i))\nb = out\n",
    "an exit": "a = 1\nimport sys\nsys.exit(3)\nb = 2\n",
    "imports of which one is missing": "import math, not_there, json\na = math.pi\nb = json.dumps(1)\n",
    "a missing import": "import not_there\na = 1\n",
    "from a missing import": "from not_there import x\na = 1\n",
    "a function again": "def f(x): return 1\ndef f(x): return 2\na = f(0)\n",
    "a function again, and one that raises": "def f(x): return 1\na = 1 / 0\ndef f(x): return 2\nb = f(0)\n",
    "a definition in a text": "a = '''\ndef f(x): 1\ndef f(x): 2\n'''\n",
    "a name that is only there later": "a = later\nlater = 1\nb = later\n",
    "from the future": "from __future__ import annotations\ndef f(x: not_there) -> None: ...\na = 1 / 0\n"
    "def g(x: not_there) -> None: ...\nb = 1\n",
    "return outside of a function": "a = 1\nreturn a\nb = 2\n",
    "nothing": "",
    "umlauts before it": "s = 'äöü'; a = 1 / 0; b = 2\n",
    "a with": "import contextlib\nwith contextlib.suppress(ValueError):\n    a = 1\n    raise KeyError('x')\nb = 2\n",
    "the same list is not filled twice": "out = []\nout.append(1); out.append(1 / 0); out.append(2)\n",
}


UNSEEN = {"__doc__", "__builtins__"}


def plain(space: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in space.items() if isinstance(v, (int, float, str, list)) and not k.startswith("__")}


@pytest.mark.parametrize("name", SOURCES)
def test_the_whole_gives_what_the_statements_give(name: str) -> None:
    source = SOURCES[name]
    remember("a.py", source)
    whole, single = {"__name__": "a"}, {"__name__": "a"}
    said = run_script(source, "a.py", whole, None)
    assert said == run_parts([("a.py", ast.parse(source, "a.py"))], {"a.py"}, single, None)
    assert plain(whole) == plain(single) and whole.keys() - UNSEEN == single.keys() - UNSEEN


def test_what_raised_is_run_once() -> None:
    space: dict[str, Any] = {"calls": []}
    (note,) = run_script("calls.append(1)\ncalls.append(1 / 0)\ncalls.append(2)\n", "a.py", space, None)
    assert space["calls"] == [1, 2]
    assert "line 2 raised ZeroDivisionError" in note and "the rest of the file was still read" in note


def test_a_file_that_is_no_python_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        run_script("a = (\n", "a.py", {}, None)


def test_what_is_to_be_done_behind_each_statement_is_done() -> None:
    seen = list[list[str]]()
    run_script("a = 1\nb = 2\n", "a.py", {}, lambda space: seen.append([k for k in space if k in "ab"]))
    assert seen == [["a"], ["a", "b"]]
