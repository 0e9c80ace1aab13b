"""Values that no honest function returns, through the whole grader: each gets a verdict, none gets points, and none is
a fault of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from arena import HERE, Found, Run, found, grade  # noqa: F401
from play_rows import confined

pytestmark = [confined]
# What softmax(z) returns; p is the right answer.
VALUES = {
    "infinite": "p * np.inf",
    "minus infinite": "p * -np.inf",
    "nan in one place": "np.where(np.arange(z.size) == 0, np.nan, p)",
    "the largest number": "np.full(z.shape, 1.7976931348623157e308)",
    "largest and smallest": "np.array([1.7e308, -1.7e308] * z.size)[: z.size]",
    "denormal": "np.full(z.shape, 5e-324)",
    "minus zero": "np.full(z.shape, -0.0)",
    "float32 at its end": "np.full(z.shape, 3.4e38, dtype=np.float32)",
    "least integer": "np.full(z.shape, -(2**63))",
    "largest integer": "np.full(z.shape, 2**64 - 1, dtype=np.uint64)",
    "bytes as numbers": "np.full(z.shape, 255, dtype=np.uint8)",
    "other byte order": "np.full(z.shape, 777.0).astype('>f8')",
    "long double": "np.full(z.shape, 777.0, dtype=np.longdouble)",
    "many axes": "np.full((1,) * 16 + z.shape, 777.0)",
    "too many axes": "np.full((1,) * 20 + z.shape, 777.0)",
    "no axis": "np.float64(777.0)",
    "turned": "np.full((z.size, z.size), 777.0)[::-1, ::-1].T",
    "read-only": "np.broadcast_to(777.0, z.shape)",
    "a list of arrays": "[p, p]",
    "arrays of many lengths": "[p, p[:1]]",
    "a nest": "[[[[[[[[[[[[[[p]]]]]]]]]]]]]]",
    "a list that holds itself": "(lambda x: (x.append(x), x)[1])([])",
    "a dict": "{'p': p, 'score': 10}",
    "a dict with numbers for keys": "{0: p}",
    "a dict with a long key": "{'k' * 5000: p}",
    "text": "'PASS'",
    "long text": "'x' * 10**6",
    "lone surrogates": "'\\ud800' * 9",
    "bytes": "p.tobytes()",
    "nothing": "None",
    "not implemented": "NotImplemented",
    "dots": "...",
    "a type": "np.ndarray",
    "a function": "np.exp",
    "a module": "np",
    "a generator": "(v for v in p)",
    "a map": "map(float, p)",
    "a memoryview": "memoryview(p)",
    "a set": "set(p.tolist())",
    "a range": "range(z.size)",
    "a huge integer": "10**5000",
    "a boolean": "True",
    "complex": "p + 0.5j",
    "a tuple of too many": "(p, p, p)",
    "an array of arrays": "np.array([p, None], dtype=object)",
    "a matrix": "np.asmatrix(np.full(z.shape, 777.0))",
    "a record array": "np.rec.fromarrays([p, p])",
    "characters": "np.char.array(['a'] * z.size)",
    "a subclass of float": "type('F', (float,), {'__eq__': lambda a, b: True, '__hash__': None})(777.0)",
    "a subclass of int": "type('I', (int,), {'__abs__': lambda a: 1 / 0})(777)",
    "a subclass of str": "type('S', (str,), {'__len__': lambda a: -1})('x')",
    "a subclass of list": "type('L', (list,), {'__len__': lambda a: 10**18})(p.tolist())",
    "a subclass of dict": "type('D', (dict,), {'items': lambda a: 1 / 0})(p=1.0)",
    "a lying shape": "type('A', (np.ndarray,), {'shape': property(lambda a: (10**9,))})((1,))",
    "an object with detach": "type('T', (), {'detach': lambda a: 1 / 0, 'cpu': 1})()",
}


@pytest.fixture(scope="module")
def graded(found: Found, tmp_path_factory: pytest.TempPathFactory) -> Run:  # noqa: F811
    folder = tmp_path_factory.mktemp("values")
    honest = (HERE / "honest.py").read_text()
    for name, value in VALUES.items():
        path = Path(folder, "all", name, "demo.py")
        path.parent.mkdir(parents=True)
        path.write_text(f"{honest}\n\nright = softmax\n\n\ndef softmax(z):\n    p = right(z)\n    return {value}\n")
    return grade(found.arena, folder / "out", [folder / "all"], [], workers=2)


@pytest.mark.parametrize("name", VALUES)
def test_value(name: str, graded: Run) -> None:
    report = graded.reports[name]
    points = {q["question"]: q["score"] for q in report["questions"]}
    assert points == {"scores": 2.0, "relu": 2.0, "softmax": 0.0, "half_square": 2.0, "center": 2.0}
    (result,) = [q for q in report["questions"] if q["question"] == "softmax"]
    assert {o["verdict"] for o in result["outcomes"]} <= {"FAIL", "ERROR", "MEMORY"}
    assert all(o["message"] and len(o["message"]) < 1000 for o in result["outcomes"])
    json.dumps(report, allow_nan=False)


def test_nothing_is_said_of_the_grader(graded: Run) -> None:
    assert graded.said["code"] == 0 and graded.said["left"] == []
    assert "Traceback" not in graded.said["stderr"] and "Warning" not in graded.said["stderr"]
