"""How a student's files are read, loaded and called: encodings, helpers, broken statements, inputs."""
# Student code in tables reads best unbroken.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from play import ask, linux, one, play, runner, why

from grader.model import Fixture
from grader.sandbox.spawn import Launcher, Spawner
from grader.sandbox.zygote import Zygote
from grader.wire import Unusable

pytestmark = linux


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


PLAIN = "def f(x):\n    return 'é' and x\n"

# -- encodings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (PLAIN.encode(), ""),
        (b"\xef\xbb\xbf" + PLAIN.encode(), ""),
        (PLAIN.encode("utf-16"), "UTF-16"),
        (PLAIN.encode("latin-1"), "read as Latin-1"),
        (b"# -*- coding: latin-1 -*-\n" + PLAIN.encode("latin-1"), ""),
        (b"# coding: latin1\n" + PLAIN.encode("latin-1"), ""),
        (b"#!/usr/bin/python\n# vim: set fileencoding=windows-1252 :\n" + PLAIN.encode("cp1252"), ""),
        (b"# -*- coding: utf-8-unix -*-\n" + PLAIN.encode(), ""),
        (b"# coding: UTF8\n" + PLAIN.encode(), ""),
        (PLAIN.replace("\n", "\r\n").encode(), ""),
        (PLAIN.replace("\n", "\r").encode(), ""),
    ],
    ids=["plain", "BOM", "UTF-16", "Latin-1", "cookie", "alias", "second-line", "Emacs", "UTF8", "CRLF", "CR"],
)
def test_encodings_that_are_taken(zygote: Zygote, data: bytes, note: str) -> None:
    notes: list[str] = []
    (response,) = play(zygote, data, ask("f", {"x": 2.0}), notes=notes)["f"]
    assert response.values == {"out": 2.0}
    assert (note in notes[0]) if note else not notes


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"# coding: utf-7\n" + PLAIN.encode(), "the encoding 'utf-7' is not taken; save the file as UTF-8"),
        (b"# coding: rot13\n" + PLAIN.encode(), "'rot13' is not taken"),
        (b"# coding: nonsense\n" + PLAIN.encode(), "'nonsense' is not taken"),
        (b"def f(x):\n    return x\0\n", "null byte"),
        (b"def f(x:\n    return x\n", "was never closed"),
        (b"def f(x):\n    print 'two'\n", "Missing parentheses"),
        (b"-" * 100_000 + b"1\n", ""),
        (b"x = " + b"(" * 5000 + b")" * 5000, ""),
    ],
    ids=["utf-7", "rot13", "unknown", "NUL", "unclosed", "print", "parser-killer", "brackets"],
)
def test_sources_that_are_refused(zygote: Zygote, data: bytes, message: str) -> None:
    response = one(zygote, data)
    assert response.failure is not None and response.failure.verdict in ("ERROR", "MEMORY")
    assert message in response.failure.message
    if message:
        assert response.failure.message.startswith("the file does not load: ") and not response.values


def test_a_syntax_error_names_its_line(zygote: Zygote) -> None:
    response = one(zygote, b"import math\n\ndef f(x:\n    return x\n")
    assert why(response) == ("ERROR", "SyntaxError") and "student.py line 3: def f(x:" in response.failure.message


LENGTH = "def f(x):\n    return float(len('\u00e9'))\n"  # 1 as UTF-8, 2 as Latin-1
COOKIES = {
    "on the first line": ("# coding: latin-1\n", 2.0),
    "after a comment": ("#!/usr/bin/python\n# coding: latin-1\n", 2.0),
    "after an indented comment": ("   # mine\n# coding: latin-1\n", 2.0),
    "after a blank line": ("\n# coding: latin-1\n", 2.0),
    "after a docstring": ('"""About encodings."""\n# coding: latin-1\n', 1.0),
    "in a docstring": ('"""What follows is\n# coding: rot13\n"""\n', 1.0),
    "after code": ("import math\n# coding: nonsense\n", 1.0),
    "after code, with CR LF": ("import math\r\n# coding: nonsense\r\n", 1.0),
    "after code, with CR": ("import math\r# coding: nonsense\r", 1.0),
    "after a comment, with CR": ("# mine\r# coding: latin-1\r", 2.0),
    "on the third line": ("# mine\n# yours\n# coding: nonsense\n", 1.0),
    "not a comment": ("coding = 'coding: rot13'\n", 1.0),
}


@pytest.mark.parametrize("name", COOKIES)
def test_where_an_encoding_counts(zygote: Zygote, name: str) -> None:
    head, wanted = COOKIES[name]
    data = (head + LENGTH).encode()
    assert one(zygote, data).values == {"out": wanted}
    python: dict[str, Any] = {}
    exec(compile(data, "student.py", "exec"), python)
    assert python["f"](0) == wanted, "Python itself reads it otherwise"


# -- loading -------------------------------------------------------------------------------------------------


def test_a_broken_statement_costs_no_function_beside_it(zygote: Zygote) -> None:
    source = """
        import no_such_module
        def f(x):
            return x + 1
        constant = 1 / 0
        raise SystemExit(3)
        def g(x):
            return x + 2
        print(f(1, 2, 3))
    """
    notes: list[str] = []
    found = play(zygote, source, ask("f", {"x": 1.0}), ask("g", {"x": 1.0}), notes=notes)
    assert found["f"][0].values == {"out": 2.0} and found["g"][0].values == {"out": 3.0}
    assert [next(w for w in n.split() if w[0].isupper()) for n in notes] == [
        "ModuleNotFoundError", "ZeroDivisionError", "SystemExit", "TypeError",
    ]  # fmt: skip
    assert notes[1].startswith("line 5 raised") and "the rest of the file was still read" in notes[1]


def test_defined_twice_is_noted_and_the_last_counts(zygote: Zygote) -> None:
    notes: list[str] = []
    source = "def f(x):\n    return 1\n\ndef f(x):\n    return 2\n"
    assert play(zygote, source, ask("f", {"x": 1.0}), notes=notes)["f"][0].values == {"out": 2}
    assert notes == ["f is defined again on line 4: the last one counts"]


def test_missing_and_not_callable(zygote: Zygote) -> None:
    found = play(zygote, "g = 3\n", ask("f", {"x": 1.0}), ask("g", {"x": 1.0}))
    assert why(found["f"][0]) == why(found["g"][0]) == ("MISSING", "missing")
    assert found["f"][0].failure.message == "f is not defined in student.py"
    assert found["g"][0].failure.message == "g is not a function or class"


STYLES = {
    "a lambda": "f = lambda x: 2 * x",
    "a future import": "from __future__ import annotations\ndef f(x: Undefined) -> Nothing:\n    return 2 * x",
    "a partial": "import functools, operator\nf = functools.partial(operator.mul, 2)",
    "an object": "class Twice:\n    def __call__(self, x):\n        return 2 * x\nf = Twice()",
    "behind if": "import sys\nif sys.version_info > (3,):\n    def f(x):\n        return 2 * x",
    "a demo below": "def f(x):\n    return 2 * x\nif __name__ == '__main__':\n    f = None",
    "a decorator": "import functools\ndef d(g):\n    @functools.wraps(g)\n    def h(*a):\n        return 2 * g(*a)\n"
    "    return h\n@d\ndef f(x):\n    return x",
    "a dataclass": "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass P:\n"
    "    v: float\n    k: dataclasses.InitVar[int] = 2\n    def __post_init__(self, k):\n        self.v *= k\n"
    "def f(x):\n    return P(x).v",
    "a global": "count = 1\ndef f(x):\n    global count\n    count += 1\n    return x * count",
    "an enum and a pickle of itself": "import enum, pickle\nclass E(enum.Enum):\n    A = 2\n"
    "def f(x):\n    return pickle.loads(pickle.dumps(E.A)).value * x",
}


@pytest.mark.parametrize("name", STYLES)
def test_ways_to_define_a_function(zygote: Zygote, name: str) -> None:
    notes: list[str] = []
    (response,) = play(zygote, STYLES[name], ask("f", {"x": 3.0}), notes=notes)["f"]
    assert response.values == {"out": 6.0} and not notes, (response, notes)


@pytest.mark.parametrize("helper", ["tools", "session", "worker", "values", "main", "confine", "scratch", "grader"])
def test_helper_modules_of_any_name(zygote: Zygote, helper: str) -> None:
    files = {"student.py": f"from {helper} import f\nimport {helper}", f"{helper}.py": "def f(x):\n    return 2 * x"}
    assert play(zygote, files, ask("f", {"x": 3.0}))["f"][0].values == {"out": 6.0}


def test_helper_packages(zygote: Zygote) -> None:
    files = {
        "student.py": "from kit.deep.ops import twice\nimport kit\nf = twice",
        "kit/__init__.py": "from .deep import ops\n",
        "kit/deep/__init__.py": "",
        "kit/deep/ops.py": "from ..scale import k\ndef twice(x):\n    return k * x",
        "kit/scale.py": "k = 2",
    }
    notes: list[str] = []
    assert play(zygote, files, ask("f", {"x": 3.0}), notes=notes)["f"][0].values == {"out": 6.0}, notes


def test_an_error_in_a_helper_names_the_helper(zygote: Zygote) -> None:
    files = {"student.py": "import tools\ndef f(x):\n    return tools.g(x)", "tools.py": "def g(x):\n    return x / 0"}
    response = play(zygote, files, ask("f", {"x": 3.0}))["f"][0]
    assert (
        why(response) == ("ERROR", "ZeroDivisionError") and "tools.py line 2: return x / 0" in response.failure.message
    )


def test_a_helper_that_shadows_numpy_changes_nothing(zygote: Zygote) -> None:
    files = {"student.py": "import numpy as np\ndef f(x):\n    return np.exp(x)", "numpy.py": "exp = abs"}
    assert play(zygote, files, ask("f", {"x": 0.0}))["f"][0].values["out"] == 1.0


def test_folders_without_an_init_are_importable(zygote: Zygote) -> None:
    files = {
        "student.py": "from kit.deep.ops import twice\nimport kit.deep.ops as ops, kit\nf = twice",
        "kit/deep/ops.py": "from ..scale import k\nimport kit.scale\ndef twice(x):\n    return kit.scale.k * x",
        "kit/scale.py": "k = 2",
    }
    notes: list[str] = []
    assert play(zygote, files, ask("f", {"x": 3.0}), notes=notes)["f"][0].values == {"out": 6.0}, notes
    assert not notes


@pytest.fixture(scope="module", params=["grade", "check"])
def either(request: pytest.FixtureRequest, zygote: Zygote) -> Iterator[Launcher]:
    """The confined worker and the plain one."""
    made: Launcher = zygote if request.param == "grade" else Spawner()
    yield made
    if made is not zygote:
        made.close()


@pytest.mark.parametrize(
    "statement", ["import pytest", "import pytest.mark", "from pytest import mark", "import torch"]
)
def test_other_packages_are_not_there(either: Launcher, statement: str) -> None:
    """Installed on one machine and not on another, in `check` and not in `grade`: the same answer everywhere."""
    notes: list[str] = []
    (response,) = play(either, f"{statement}\ndef f(x):\n    return x\n", ask("f", {"x": 2.0}), notes=notes)["f"]
    assert response.values == {"out": 2.0}
    top = statement.split()[1].split(".")[0]
    assert len(notes) == 1 and notes[0].startswith("line 1 raised ModuleNotFoundError")
    assert f"{top} is not there where this is graded" in notes[0]
    response = one(either, f"def f(x):\n    {statement}\n")
    assert why(response) == ("ERROR", "ModuleNotFoundError")
    assert f"{top} is not there where this is graded" in response.failure.message
    fallback = f"try:\n    {statement}\nexcept ImportError:\n    found = False\ndef f(x):\n    return found\n"
    assert one(either, fallback).values == {"out": False}


@pytest.mark.parametrize(
    "statement",
    [
        "import numpy.linalg, numpy.fft, numpy.testing, numpy.ma, numpy.polynomial",
        "import numpy.random._generator, numpy.lib.stride_tricks",
        "import json, xml.dom.minidom, concurrent.futures, importlib.metadata, unittest.mock, email.mime.text",
        "import sysconfig; sysconfig.get_config_vars()",
        "import zoneinfo; zoneinfo.ZoneInfo('UTC')",
        "import ctypes.util, locale, doctest, pydoc, timeit, cProfile, pstats",
        "import __main__, this",
        "import importlib; importlib.reload(importlib.import_module('statistics'))",
        "import platform; platform.platform()",
    ],
)
def test_numpy_and_the_standard_library_are_there(either: Launcher, statement: str) -> None:
    notes: list[str] = []
    found = play(either, f"{statement}\ndef f(x):\n    return x\n", ask("f", {"x": 2.0}), notes=notes)
    assert found["f"][0].values == {"out": 2.0} and not notes


def test_a_missing_import_does_not_cost_the_one_beside_it(either: Launcher) -> None:
    source = "import nothere, numpy as np, alsonot\nimport math\ndef f(x):\n    return np.exp(0.0) + math.sqrt(4)\n"
    notes: list[str] = []
    (response,) = play(either, source, ask("f", {"x": 2.0}), notes=notes)["f"]
    assert response.values == {"out": 3.0}
    assert [next(w for w in ("nothere", "alsonot") if w in note) for note in notes] == ["nothere", "alsonot"]


@pytest.mark.parametrize(
    "name", ["numpy.py", "json.py", "random.py", "sys.py", "worker.py", "student.PY", "my work (2).py"]
)
def test_a_sole_file_of_any_name_is_graded(either: Launcher, name: str) -> None:
    source = "import json, random, sys\nimport numpy as np\ndef f(x):\n    return np.exp(0.0) + len(json.dumps(x))\n"
    notes: list[str] = []
    assert play(either, {name: source}, ask("f", {"x": 1.0}), notes=notes)["f"][0].values == {"out": 4.0}
    assert not notes


def test_the_order_of_a_set_of_words_is_the_same_in_every_run() -> None:
    """A student's loop over a set gives the same sums, and the same grade, twice."""
    source = "def f(x):\n    return list({chr(97 + i % 26) * (1 + i // 26) for i in range(200)})\n"
    orders = []
    for make in (Zygote, Zygote, Spawner):
        made = make()
        try:
            orders.append(one(made, source, kind="list").values["out"])
        finally:
            made.close()
    assert len(orders[0]) == 200 and orders[0] == orders[1] == orders[2]
    assert orders[0] != sorted(orders[0])


# -- calling -------------------------------------------------------------------------------------------------


def test_random_numbers_are_the_same_in_every_call(zygote: Zygote) -> None:
    source = """
        import random
        import numpy as np
        noise = np.random.normal()
        def f(x):
            return [np.random.normal(), random.random()]
    """
    a, b = play(zygote, source, ask("f", {"x": 1.0}, {"x": 2.0}))["f"]
    np.testing.assert_array_equal(a.values["out"], b.values["out"])
    np.testing.assert_array_equal(one(zygote, source).values["out"], a.values["out"])


MODIFIED = {
    "an element": ("X[0, 0] = 5", {"X"}),
    "in-place arithmetic": ("X += 1", {"X"}),
    "the shape": ("X.shape = (4,)", {"X"}),
    "an array in a list": ("L[1][0] = 5", {"L"}),
    "an item of a list": ("L[0] = 5", {"L"}),
    "an item of another type": ("L[0] = 1.0", {"L"}),
    "a longer list": ("L.append(1)", {"L"}),
    "a nested list": ("L[2][0] = 9", {"L"}),
    "an item of a dict": ("D['a'] = 5", {"D"}),
    "a new key": ("D['z'] = 5", {"D"}),
    "a list in a dict": ("D['c'].pop()", {"D"}),
    "text in a list": ("L[3] = 'other'", {"L"}),
    "two at once": ("X[:] = 0; D.clear()", {"X", "D"}),
    "NaN where NaN was": ("X[1, 1] = np.nan", set()),
    "the same value": ("X[0, 0] = X[0, 0]; L[0] = L[0]", set()),
    "its own copy": ("X = X.copy(); X += 1; L = list(L); L.clear()", set()),
}


@pytest.mark.parametrize("name", MODIFIED)
def test_modified_inputs_are_named(zygote: Zygote, name: str) -> None:
    body, wanted = MODIFIED[name]
    inputs = {
        "X": np.array([[1.0, 2.0], [3.0, np.nan]]),
        "L": [1, np.ones(2), [4, 5], "text", None, float("inf"), True],
        "D": {"a": 1.5, "b": np.zeros(2), "c": [1, 2]},
    }
    response = one(zygote, f"import numpy as np\ndef f(X, L, D):\n    {body}\n    return 1.0", inputs)
    assert response.failure is None and set(response.modified) == wanted


def test_a_modified_input_is_told_beside_an_exception(zygote: Zygote) -> None:
    response = one(zygote, "def f(X):\n    X += 1\n    raise ValueError('no')", {"X": np.ones(2)})
    assert response.modified == ("X",) and response.raised[0] == "ValueError"


def test_layouts_and_dtypes_arrive_as_they_are(zygote: Zygote) -> None:
    frozen = np.ones(3)
    frozen.flags.writeable = False
    inputs = {
        "strided": np.arange(12.0).reshape(3, 4)[:, ::2],
        "turned": np.arange(6.0).reshape(2, 3).T,
        "frozen": frozen,
        "single": np.ones(2, dtype=np.float32),
        "ints": np.array([1, 2], dtype=np.int32),
        "flags": np.array([True, False]),
        "scalar": np.array(2.5),
        "empty": np.zeros((0, 3)),
        "big": np.ones(2, dtype=">f8"),
    }
    source = """
        def f(**kw): pass
        def f(strided, turned, frozen, single, ints, flags, scalar, empty, big):
            return [
                not strided.flags.c_contiguous and not strided.flags.f_contiguous and strided.sum() == 30,
                turned.flags.f_contiguous and not turned.flags.c_contiguous and turned[2, 1] == 5,
                not frozen.flags.writeable and strided.flags.writeable and single.flags.writeable,
                single.dtype == "float32", ints.dtype == "int32", flags.dtype == bool,
                scalar.shape == () and scalar == 2.5, empty.shape == (0, 3), big.dtype == "float64",
            ]
    """
    assert list(one(zygote, source, inputs).values["out"]) == [True] * 9


def test_writing_to_a_read_only_input_is_an_error(zygote: Zygote) -> None:
    frozen = np.ones(3)
    frozen.flags.writeable = False
    response = one(zygote, "def f(x):\n    x += 1\n    return x", {"x": frozen})
    assert why(response) == ("ERROR", "ValueError") and "read-only" in response.failure.message


def test_answers_keep_their_dtype(zygote: Zygote) -> None:
    source = "import numpy as np\ndef f(x):\n    return np.ones(2, dtype=x)"
    for dtype in ("float32", "float64", "int32", "uint8", "bool"):
        assert one(zygote, source, {"x": dtype}).values["out"].dtype == dtype
    assert one(zygote, source, {"x": "longdouble"}).values["out"].dtype == "float64"
    for dtype, kind in [("float16", "float16"), ("complex64", "complex"), ("O", "object array"), ("U3", "text array")]:
        assert one(zygote, source, {"x": dtype}).values["out"] == Unusable(kind, (2,))


def test_an_answer_is_copied_before_it_can_change(zygote: Zygote) -> None:
    source = """
        import numpy as np
        class Net:
            def __init__(self, x):
                self.cache = np.zeros(2)
            def forward(self, x):
                self.cache += 1
                return self.cache
    """
    from grader.model import Step

    steps = (
        Step("new", "Net", ("x",)),
        Step("call", "forward", ("x",), ("a",)),
        Step("call", "forward", ("x",), ("b",)),
        Step("get", "cache", (), ("cache",)),
    )
    question = ask("Net", {"x": 1.0}, gives=("a", "b", "cache"), steps=steps)
    values = play(zygote, source, question)["Net"][0].values
    assert [v[0] for v in values.values()] == [1.0, 2.0, 2.0] and list(values) == ["a", "b", "cache"]


def test_a_step_that_fails_keeps_what_came_before(zygote: Zygote) -> None:
    from grader.model import Step

    source = "class Net:\n    def forward(self):\n        return 1.0"
    steps = (Step("new", "Net"), Step("call", "forward", (), ("a",)), Step("get", "db", (), ("db",)))
    response = play(zygote, source, ask("Net", {"x": 1.0}, gives=("a", "db"), steps=steps))["Net"][0]
    assert response.values == {"a": 1.0} and why(response) == ("ERROR", "AttributeError")


def test_a_fixture_is_built_in_the_worker(zygote: Zygote) -> None:
    fixtures = "def cubic(a):\n    return lambda x: a * x**3\n"
    inputs = {"g": Fixture("cubic", {"a": np.array(2.0)}), "x": 2.0}
    assert one(zygote, "def f(g, x):\n    return g(x)", inputs, fixtures=fixtures).values["out"] == 16.0


@pytest.mark.parametrize(
    ("returned", "count"), [("1.0", 1), ("(1.0, 2.0, 3.0)", 3), ("None", 1), ("{'a': 1, 'b': 2}", 1), ("()", 0)]
)
def test_wrong_number_of_outputs(zygote: Zygote, returned: str, count: int) -> None:
    question = ask("f", {"x": 1.0}, gives=("a", "b"))
    response = play(zygote, f"def f(x):\n    return {returned}", question)["f"][0]
    assert why(response) == ("FAIL", "wrong number of outputs")
    assert response.failure.message == f"returned {count} value{'s' * (count != 1)}, expected 2: a, b"


def test_lists_dicts_and_text_come_back(zygote: Zygote) -> None:
    source = (
        "import numpy as np\ndef f(x):\n    return " + "[1, 'two', None, [3, [4, 5]], {'k': np.ones(2)}, [1, [2, 3]]]"
    )
    got = one(zygote, source, kind="list").values["out"]
    assert got[:3] == [1, "two", None] and got[3][0] == 3 and list(got[3][1]) == [4, 5]
    assert list(got[4]["k"]) == [1.0, 1.0] and got[5][0] == 1


@pytest.mark.parametrize("text", ["np.str_('two')", "np.array('two')", "np.array(['two'])[0]", "'two'"])
def test_text_of_numpy_is_text(zygote: Zygote, text: str) -> None:
    for kind in ("array", "list", "text"):
        assert one(zygote, f"import numpy as np\ndef f(x):\n    return {text}\n", kind=kind).values == {"out": "two"}
    inside = f"import numpy as np\ndef f(x):\n    return [{text}, {{'k': {text}}}, None]\n"
    assert one(zygote, inside, kind="list").values["out"] == ["two", {"k": "two"}, None]


def test_a_long_text_of_numpy_is_too_large_like_any_other(zygote: Zygote) -> None:
    source = "import numpy as np\ndef f(x):\n    return np.str_('x' * 5000)\n"
    assert one(zygote, source).values == {"out": Unusable("too large")}


def test_rows_of_many_lengths_are_a_list_where_one_is_asked_for(zygote: Zygote) -> None:
    source = "def f(x):\n    return [[1, 2], [3], []]"
    got = one(zygote, source, kind="list").values["out"]
    assert [list(row) for row in got] == [[1, 2], [3], []]
    assert one(zygote, source, kind="array").values["out"] == Unusable("ragged list")


def test_print_reaches_us_with_its_case(zygote: Zygote) -> None:
    source = "import sys, os\ndef f(x):\n    print('out', x)\n    print('err', file=sys.stderr)\n    os.write(1, b'raw\\xff')\n"
    a, b = play(zygote, source, ask("f", {"x": 1.0}, {"x": 2.0}))["f"]
    assert "out 1.0" in a.printed and "err" in a.printed and "raw\ufffd" in a.printed
    assert "out 2.0" in b.printed and "out 1.0" not in b.printed


def test_input_ends_at_once(zygote: Zygote) -> None:
    assert why(one(zygote, "def f(x):\n    return input('a number? ')")) == ("ERROR", "EOFError")


# -- functions that the grader answers -----------------------------------------------------------------------


def seven(*_: Any) -> Any:
    return np.array(7.0)


def answered(zygote: Zygote, source: str, answer: Any = seven) -> Any:
    """What `f` answers where `g(x, y)` is answered by us."""
    made = runner(zygote, source, [ask("f", {"x": 1.0})], ask={"g": ("x", "y")}, answer=answer)
    try:
        return next(iter(made.responses(made.key.questions)))[1]["0"], made.asked
    finally:
        made.close()


@pytest.mark.parametrize("call", ["g(1, 2)", "g(x=1, y=2)", "g(y=2, x=1)", "g(1, y=2)", "g(*[1, 2])"])
def test_arguments_come_in_the_order_of_the_parameters(zygote: Zygote, call: str) -> None:
    seen = []

    def answer(name: str, args: list[Any]) -> Any:
        seen.append((name, args))
        return np.array(7.0), [1.0, None]

    source = (
        f"def g(x, y): pass\ndef f(x):\n    out = {call}\n    assert type(out) is tuple and out[1] == [1.0, None]\n"
    )
    response, asked = answered(
        zygote, source + "    assert type(out[0]).__name__ == 'float64'\n    return out[0]\n", answer
    )
    assert response.values == {"out": np.array(7.0)} and seen == [("g", [1, 2])] and asked == {"0": {"g"}}


@pytest.mark.parametrize("call", ["g()", "g(1)", "g(1, 2, 3)", "g(1, 2, y=3)", "g(1, z=2)"])
def test_a_call_that_fits_no_parameters_is_the_students_error(zygote: Zygote, call: str) -> None:
    response, asked = answered(zygote, f"def g(x, y=0, *z, **more): pass\ndef f(x):\n    return {call}\n")
    assert why(response) == ("ERROR", "TypeError") and not asked
    assert "g takes x, y, and each of them once" in response.failure.message


def test_while_the_file_is_loaded_the_students_own_is_called(zygote: Zygote) -> None:
    source = "def g(x, y):\n    return x + y\nEARLY = g(1.0, 2.0)\ndef f(x):\n    return EARLY * g(1, 1)\n"
    response, _ = answered(zygote, source)
    assert response.values["out"] == 21.0
    early = "EARLY = g(1.0, 2.0)\ndef f(x):\n    return g(1, 1)\n"
    assert answered(zygote, early)[0].values["out"] == 7.0, "what is missing is answered too, but not at loading"


def test_the_last_definition_is_the_one_that_is_answered(zygote: Zygote) -> None:
    source = "def g(x, y):\n    return 1.0\nold = g\ndef g(x, y):\n    return 2.0\ndef f(x):\n    return old(1, 1) + g(1, 1)\n"
    assert answered(zygote, source)[0].values["out"] == 8.0


def test_notes_are_of_the_first_load_alone(zygote: Zygote) -> None:
    """One after a crash could tell what a hidden case held."""
    source = "import os\nraise OSError(os.getpid())\ndef f(x):\n    return os._exit(1) if x > 1 else os.getpid()"
    notes: list[str] = []
    first, crash, other = play(zygote, source, ask("f", {"x": 1.0}, {"x": 2.0}, {"x": 0.0}), notes=notes)["f"]
    assert why(crash)[1] == "crashed" and first.values["out"] != other.values["out"]
    assert len(notes) == 1 and f"({first.values['out']})" in notes[0]
