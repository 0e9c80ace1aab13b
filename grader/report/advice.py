"""What to try next, for each kind of outcome on a public case. A named misconception has a hint of its own; this is
what can be said without one, from the answer, the inputs and the kind of failure alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from ..model import Array, Failure, FrozenCase, FrozenQuestion, Outcome, Response, Value

BY_KIND = {
    "input modified": "`x = x - 1` makes a new array, `x -= 1` and `x[...] = 1` change the caller's: copy it first",
    "state kept between calls": "what outlives a call: a global, a default argument, something on self from before?",
    "no exception": "look at the input first, and `raise` before anything is computed",
    "always raises": "it must refuse a bad input and take a good one: for which of them is your condition true?",
    "time limit": "can a loop go on for ever? If not: can one operation on whole arrays take its place?",
    "memory limit": "print the shapes: which array is far larger than what comes in?",
    "crashed": "take out calls that end Python (exit, quit, os._exit), and recursion without an end",
    "missing": "define it under this very name, at the left margin of the file",
    "not finite": "inf comes of overflow, of a log of 0 or a division by 0; nan of inf - inf, 0 * inf or 0 / 0: "
    "print the parts and find the first that is not finite",
    "unreadable answer": "return plain arrays and numbers, and nothing else",
}
BY_ERROR = {
    "NameError": "is it spelt as where it was made? A variable of another function is not known here",
    "UnboundLocalError": "it is assigned further down in this function, or in a branch that was not taken",
    "AttributeError": "print type(...) of what stands before the dot; a function without `return` gives None",
    "IndexError": "print the .shape of what is indexed, and the index; both count from 0",
    "KeyError": "print the keys that are there",
    "TypeError": "print the type of each part of that line, and count the arguments of the call",
    "ZeroDivisionError": "which number is 0 for this input, and what should come out then?",
    "RecursionError": "the function calls itself, perhaps through another: what ends that?",
    "ModuleNotFoundError": "where it is graded there is only what the assignment asks for, and your own files",
    "ImportError": "where it is graded there is only what the assignment asks for, and your own files",
    "SyntaxError": "look at that line and the one above it: a bracket, a colon or a quote that is missing?",
    "IndentationError": "lines of one block begin in one column; do not mix tabs and spaces",
    "AssertionError": "it is an assert of your own: print what it looks at",
}
SHAPES = ("shape", "broadcast", "dimension", "size", "matmul", "mat1", "1-d", "2-d")
MOST = 64  # of numerator and denominator: a factor that counts something
PLAIN = (Fraction(2), Fraction(1, 2), Fraction(-1), Fraction(-2), Fraction(-1, 2))  # factors that need no count


def advice(question: FrozenQuestion, case: FrozenCase, outcome: Outcome, response: Response | None) -> str:
    """One line on what to do about a wrong public outcome; "" where nothing more can be said."""
    if response is not None and response.failure is not None and outcome.output not in response.values:
        if outcome.kind == "wrong number of outputs":
            names = ", ".join(output.name for output in question.returned)
            return f"return {names} in this order, as one tuple: `return {names}`"
        return of_failure(response.failure)
    got = response.values.get(outcome.output) if response is not None else None
    expected = case.expected.get(outcome.output)
    if outcome.kind == "wrong value":
        return _value(case, got, expected)
    if outcome.kind == "wrong shape":
        return _shape(case, got, expected)
    if outcome.kind == "wrong type" and got is None:
        return "does every way through the function end in `return`?"
    if outcome.kind == "property does not hold":
        return "call your functions with these numbers and print each step"
    return BY_KIND.get(outcome.kind, "")


def of_failure(failure: Failure) -> str:
    """One line on what to do where no value came back."""
    text = failure.message.lower()
    if "does not require grad" in text:
        return "the way from a parameter to the loss is cut: .detach(), .item(), .numpy() or torch.tensor(...) on it?"
    if failure.kind in ("ValueError", "RuntimeError", "IndexError") and any(word in text for word in SHAPES):
        return "print the .shape of each part of that line, and write the shapes under the formula"
    known = BY_ERROR.get(failure.kind) or BY_KIND.get(failure.kind)
    if known is None and failure.kind.endswith(("Error", "Exception")):
        return "print what that line works on, just before it"
    return known or ""


def _value(case: FrozenCase, got: Value, expected: Value) -> str:
    factor = None if isinstance(expected, int) else _factor(got, expected)
    if factor is not None:
        counts = [text for number in (factor.numerator, factor.denominator) for text in _counts(case.inputs, number)]
        if counts or factor in PLAIN:
            where = f" ({'; '.join(dict.fromkeys(counts[:2]))})" if counts else ""
            return f"what you return is {factor} times what is expected: which factor or count is that?{where}"
    if _infinite(got) and not _infinite(expected):
        return BY_KIND["not finite"]
    if isinstance(got, np.ndarray) and got.ndim:
        return _sums(got, expected) or "take one wrong element, work it out by hand for these inputs, step by step"
    return "work it out by hand for these inputs, and print each of your steps beside it"


def _infinite(value: Value) -> bool:
    return isinstance(value, (float, np.ndarray)) and not np.isfinite(value).all()


def _sums(got: Array, expected: Value) -> str:
    """What the rows of the expected add up to, where yours do not: a softmax, or its gradient, along another axis."""
    if not isinstance(expected, np.ndarray) or expected.shape != got.shape or got.ndim != 2 or 1 in got.shape:
        return ""
    for total in (0.0, 1.0):
        for axis, line in ((1, "row"), (0, "column")):
            if np.allclose(expected.sum(axis), total) and expected.any() and not np.allclose(got.sum(axis), total):
                other = ("row", "column")[axis]
                yours = f"; of yours each {other} does" if np.allclose(got.sum(1 - axis), total) else ""
                return f"each {line} of what is expected adds up to {total:g}{yours or ', and of yours not'}"
    return ""


def _factor(got: Value, expected: Value) -> Fraction | None:
    """got / expected as a small fraction that is not 1, for single numbers."""
    numbers = [float(np.asarray(x)) for x in (got, expected) if isinstance(x, (int, float)) or _single(x)]
    if len(numbers) != 2 or not all(map(math.isfinite, numbers)) or 0.0 in numbers:
        return None
    ratio = numbers[0] / numbers[1]
    near = Fraction(ratio).limit_denominator(MOST)
    small = abs(near.numerator) <= MOST and near not in (0, 1)
    return near if small and math.isclose(ratio, float(near), rel_tol=1e-9) else None


def _single(value: Value) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "biuf"


def _shape(case: FrozenCase, got: Value, expected: Value) -> str:
    if not (isinstance(got, (np.ndarray, int, float)) and isinstance(expected, (np.ndarray, int, float))):
        return "compare .shape with the docstring"
    a, b = np.shape(got), np.shape(expected)
    if a == b[::-1] and len(a) == 2:
        return "rows and columns are exchanged: write the shape of each factor under it, and see which one to turn"
    if not a:
        return "everything was added up to one number: which axis should stay?"
    if tuple(n for n in a if n != 1) == tuple(n for n in b if n != 1):
        return "an axis of length 1 is too much or missing: keepdims=, reshape or [:, None]?"
    if len(a) == len(b):
        i = next(i for i, (m, n) in enumerate(zip(a, b, strict=True)) if m != n)
        ours, wanted = (next(_counts(case.inputs, n), "") for n in (a[i], b[i]))
        if ours and wanted:
            return f"{ours}, {wanted}: is a sum or a mean taken along the wrong axis?"
    if len(a) > len(b):
        return "an axis too many: is a sum or a mean missing?"
    return "write the shape of each step under its line, and compare the last with the docstring"


def _counts(inputs: Mapping[str, Value], number: int) -> Iterator[str]:
    """What an input has as many of, in words."""
    for name, value in inputs.items():
        if isinstance(value, np.ndarray) and value.ndim in (1, 2) and number > 1:
            for axis, length in enumerate(value.shape):
                if length == number:
                    noun = "entries" if value.ndim == 1 else ("rows", "columns")[axis]
                    yield f"{name} has {number} {noun}"
