"""Answer keys as files; what the public one holds, and what it must not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.errors import KeyFileError
from grader.keyfile import MAGIC, dump, load, public_view, question_digest
from grader.model import (
    AnswerKey,
    Bound,
    Fixture,
    FrozenCase,
    FrozenQuestion,
    MistakeNote,
    Output,
    OwnForward,
    Step,
)
from grader.wire import pack

RNG = np.random.default_rng(7)


def frozen(name: str, hidden: bool) -> FrozenCase:
    X = RNG.normal(size=(4, 3))
    layouts = {"C": X, "F": np.asfortranarray(RNG.normal(size=(4, 3))), "S": RNG.normal(size=(4, 6))[:, ::2]}
    locked = RNG.normal(size=5)
    locked.flags.writeable = False
    values = {"loss": np.float64(RNG.normal()), "dW": RNG.normal(size=(4, 3))}
    return FrozenCase(
        name,
        hidden,
        {
            **layouts,
            "locked": locked,
            "y": np.arange(4),
            "reg": float(RNG.normal()),
            "f": Fixture("net", {"W": RNG.normal(size=2)}),
        },
        {"loss": np.asarray(values["loss"]), "dW": values["dW"], "list": [RNG.normal(size=2), None, "text"]},
        {"loss": {"float64": Bound(1e-7, float(RNG.random())), "float32": Bound(1e-4, float(RNG.random()))}},
        kink=hidden,
        cotangent={"loss": RNG.normal(size=3)},
        conventions={"half": {"loss": RNG.normal(size=())}},
        mistakes={"counted once": {"dW": RNG.normal(size=(4, 3)), "loss": np.asarray(np.nan)}},
        terms={"secret-term": {"loss": RNG.normal(size=())}},
    )


def make_key() -> AnswerKey:
    cases = (
        frozen("open", False),
        frozen("hidden-alpha", True),
        FrozenCase("hidden-beta", True, {"X": None}, {}, {}, "ValueError"),
    )
    q = FrozenQuestion(
        "svm",
        "The hinge loss — für alle",
        ("X", "W"),
        (Output("loss", 4.0), Output("dW", 6.0, "W"), Output("list", 1 / 3, None, "list")),
        (Step("new", "Linear", ("W", "b")), Step("call", "forward", ("X",), ("out",))),
        cases,
        2.5,
        OwnForward("scores", {"reg": 0.0, "W": np.arange(3.0)}),
        ("half",),
        (MistakeNote("counted once", "How often does x_i enter?", "G4"),),
    )
    provenance = {
        "grader": "0",
        "torch": "2",
        "numpy": "2",
        "python": "3",
        "device": "cpu",
        "seed": "5eed5eed",
        "sources": "50c5",
    }
    return AnswerKey(
        "a",
        "A",
        "a.py",
        "numpy",
        (q, replace(q, name="other", forward=None, seconds=None)),
        provenance,
        "def net(W): ...",
    )


KEY = make_key()


def arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, float):
        return [np.asarray(value)]
    if isinstance(value, Fixture):
        return arrays(dict(value.args))
    if isinstance(value, dict):
        return [a for v in value.values() for a in arrays(v)]
    if isinstance(value, (list, tuple)):
        return [a for v in value for a in arrays(v)]
    return []


def plain(value: Any) -> Any:
    """A key as something that `==` compares, with layout and flags."""
    if isinstance(value, np.ndarray):
        flags = value.flags
        return (
            "array",
            value.dtype.str,
            value.shape,
            value.tobytes(),
            flags.c_contiguous,
            flags.f_contiguous,
            flags.writeable,
        )
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return (type(value).__name__, {k: plain(getattr(value, k)) for k in value.__dataclass_fields__})
    return value


def test_a_key_comes_back_as_it_was() -> None:
    assert plain(load(dump(KEY))) == plain(KEY)
    assert load(dump(KEY)).points == KEY.points


def test_the_same_key_gives_the_same_bytes_also_after_reading() -> None:
    assert dump(KEY) == dump(KEY) == dump(load(dump(KEY)))
    assert [question_digest(q) for q in load(dump(KEY)).questions] == [question_digest(q) for q in KEY.questions]


def test_the_digest_of_a_question_sees_every_part_of_it() -> None:
    q = KEY.questions[0]
    first, *others = q.cases
    changed = [
        replace(q, outputs=(replace(q.outputs[0], points=5.0), *q.outputs[1:])),
        replace(q, seconds=3.0),
        replace(q, cases=tuple(others)),
        replace(q, mistakes=()),
        replace(q, conventions=()),
        replace(q, steps=q.steps[:1]),
        *(
            replace(q, cases=(replace(first, **part), *others))
            for part in (
                {"expected": {**first.expected, "dW": np.nextafter(first.expected["dW"], 9)}},
                {"inputs": {**first.inputs, "reg": 0.25}},
                {"bounds": {"loss": {"float64": Bound(1e-7, 1.0)}}},
                {"hidden": True},
                {"raises": "ValueError"},
                {"conventions": {}},
                {"mistakes": {}},
                {"terms": {}},
                {"kink": True},
            )
        ),
    ]
    digests = {question_digest(x) for x in (q, *changed)}
    assert len(digests) == len(changed) + 1


# -- the public view -----------------------------------------------------------------------------------------


def test_the_public_key_holds_what_a_student_needs() -> None:
    public = load(dump(public_view(KEY)))
    assert public.public and not KEY.public
    q = public.questions[0]
    assert [c.name for c in q.cases] == ["open"]
    open_case = KEY.questions[0].cases[0]
    for part in ("inputs", "expected", "bounds", "cotangent", "conventions"):
        assert plain(getattr(q.cases[0], part)) == plain(getattr(open_case, part))
    assert q.outputs == KEY.questions[0].outputs and q.conventions == ("half",) and q.steps == KEY.questions[0].steps
    assert public.provenance == {"grader": "0", "torch": "2", "numpy": "2"}


def test_the_public_key_holds_nothing_else() -> None:
    data = dump(public_view(KEY))
    for word in (
        b"hidden-alpha",
        b"hidden-beta",
        b"counted once",
        b"How often",
        b"G4",
        b"secret-term",
        b"5eed5eed",
        b"50c5",
        b"ValueError",
    ):
        assert word in dump(KEY) and word not in data, word


def test_the_public_key_holds_no_number_of_a_hidden_case_a_mistake_or_a_term() -> None:
    data = dump(public_view(KEY))
    text = data.decode("latin-1")
    secret, seen = [], 0
    for q in KEY.questions:
        for c in q.cases:
            secret += arrays(c.mistakes) + arrays(c.terms)
            if c.hidden:
                rows = [[b.rtol, b.atol] for r in c.bounds.values() for b in r.values()]
                secret += arrays(c.inputs) + arrays(c.expected) + arrays(c.cotangent) + arrays(c.conventions)
                secret += [np.array([atol]) for _, atol in rows]
    for array in secret:
        for number in array.astype("<f8").ravel():
            if number in range(10) or np.isnan(number):
                continue  # class labels
            seen += 1
            assert number.tobytes() not in data
            assert repr(float(number)) not in text
    assert seen > 100


def test_a_public_view_of_a_public_view_is_the_same() -> None:
    public = public_view(KEY)
    assert dump(public_view(public)) == dump(public)


# -- damage --------------------------------------------------------------------------------------------------


def test_another_version_is_told_from_no_key_at_all() -> None:
    data = dump(KEY)
    with pytest.raises(KeyFileError, match=r"^mine\.key: made by another version"):
        load(data.replace(MAGIC, b"DLGRADER KEY 9\n", 1), "mine.key")
    for other in (b"", b"PK\x03\x04", b"\n" + data, MAGIC[:-1]):
        with pytest.raises(KeyFileError, match=r"^mine\.key: "):
            load(other, "mine.key")


def test_every_cut_and_every_flip_is_noticed() -> None:
    data = dump(KEY)
    for cut in (len(MAGIC), len(MAGIC) + 10, len(MAGIC) + 32, len(data) // 2, len(data) - 1):
        with pytest.raises(KeyFileError, match=r"mine\.key: damaged"):
            load(data[:cut], "mine.key")
    with pytest.raises(KeyFileError, match="damaged"):
        load(data + b"\0")
    for at in range(len(MAGIC), len(data), 97):
        flipped = bytearray(data)
        flipped[at] ^= 1
        with pytest.raises(KeyFileError, match="damaged"):
            load(bytes(flipped))


def sealed(frame: bytes) -> bytes:
    return MAGIC + hashlib.sha256(frame).digest() + frame


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"short",
        pack({}, []),
        pack({"questions": 3}, []),
        pack({"questions": [3]}, []),
        pack({"questions": [{"name": "q"}]}, []),
        pack({"questions": []}, []),
        pack({"questions": []}, [b"x" * 50])[:-20],
        b"\xff" * 40,
    ],
)
def test_a_whole_file_with_the_wrong_content_is_refused(frame: bytes) -> None:
    with pytest.raises(KeyFileError, match=r"^mine\.key: cannot be read"):
        load(sealed(frame), "mine.key")
