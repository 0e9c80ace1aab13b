"""AnswerKeys as files: a magic line, a SHA-256, and one frame of the wire's format (JSON header, raw arrays).

The public view of a key is made here and nowhere else: public inputs, expected values, tolerances, points and
accepted conventions; no hidden case, no mistake, no term, no seed."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .errors import KeyFileError, WireError
from .model import AnswerKey, Bound, FrozenCase, FrozenQuestion, MistakeNote, Output, OwnForward, Step, Value
from .wire import decode, encode, pack, read_frame

MAGIC = b"DLGRADER KEY 3\n"
HEADER_CAP = 256 << 20
PUBLIC_PROVENANCE = ("grader", "torch", "numpy")


def public_view(key: AnswerKey) -> AnswerKey:
    """The key that travels with a handout."""
    questions = tuple(
        replace(
            question,
            mistakes=(),
            cases=tuple(_public_case(question, case) for case in question.cases if not case.hidden),
        )
        for question in key.questions
    )
    provenance = {name: key.provenance[name] for name in PUBLIC_PROVENANCE if name in key.provenance}
    return replace(key, questions=questions, provenance=provenance, public=True, student="")


def _public_case(question: FrozenQuestion, case: FrozenCase) -> FrozenCase:
    """A public case without mistakes and terms. Where a predicate marks it, no right answer travels either: of that
    only the form is needed, and it may be all that students are asked to find."""
    bare = replace(case, mistakes={}, terms={})
    if not question.predicate:
        return bare
    bounds = {
        part: {
            dtype: Bound(b.rtol, max(0.0, b.atol - b.rtol * _largest(case.expected[part]))) for dtype, b in rows.items()
        }
        for part, rows in case.bounds.items()
    }
    return replace(bare, expected={part: _form(value) for part, value in case.expected.items()}, bounds=bounds)


def _form(value: Value) -> Value:
    """A value of the same shapes and types, with zeros for all that is finite."""
    if isinstance(value, list):
        return [_form(item) for item in value]
    array = np.asarray(value)
    blank = np.where(np.isfinite(array), np.zeros_like(array), array)
    return blank.astype(array.dtype) if isinstance(value, np.ndarray) else blank.astype(array.dtype).item()


def _largest(value: Value) -> float:
    if isinstance(value, list):
        return max(map(_largest, value), default=0.0)
    array = np.asarray(value, dtype=np.float64)
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def dump(key: AnswerKey) -> bytes:
    """The key as the bytes of a file; the same key gives the same bytes."""
    buffers: list[bytes] = []
    header = {
        "assignment": key.assignment,
        "title": key.title,
        "file": key.file,
        "library": key.library,
        "provenance": dict(key.provenance),
        "fixtures": key.fixtures,
        "public": key.public,
        "per_student": key.per_student,
        "student": key.student,
        "handed": list(key.handed),
        "questions": [_question(q, buffers) for q in key.questions],
    }
    frame = pack(header, buffers, HEADER_CAP)
    return MAGIC + hashlib.sha256(frame).digest() + frame


def load(data: bytes, name: str = "key") -> AnswerKey:
    """Read a key. Raises KeyFileError, naming the file, when it is damaged or of another version."""
    if not data.startswith(MAGIC):
        other = data.startswith(b"DLGRADER KEY ")
        raise KeyFileError(
            f"{name}: made by another version; get the handout again" if other else f"{name}: not a key file"
        )
    frame = data[len(MAGIC) + 32 :]
    if hashlib.sha256(frame).digest() != data[len(MAGIC) : len(MAGIC) + 32]:
        raise KeyFileError(f"{name}: damaged; get the handout again (an instructor: delete the file, it is made anew)")
    stream = io.BytesIO(frame)
    try:
        header, buffers = read_frame(stream.read, len(frame), HEADER_CAP)
        questions = tuple(_read_question(q, buffers) for q in header["questions"])
        return AnswerKey(
            header["assignment"],
            header["title"],
            header["file"],
            header["library"],
            questions,
            header["provenance"],
            header["fixtures"],
            header["public"],
            header["per_student"],
            header["student"],
            tuple(map(str, header.get("handed", ()))),  # keys of an earlier release have none
        )
    except (WireError, LookupError, TypeError, ValueError, AttributeError, struct.error) as error:
        raise KeyFileError(f"{name}: cannot be read ({type(error).__name__}: {error})") from error


def question_digest(question: FrozenQuestion) -> str:
    """SHA-256 of a frozen question: its cases, expected values, tolerances and points."""
    buffers: list[bytes] = []
    header = _question(question, buffers)
    return hashlib.sha256(pack({"question": header}, buffers, HEADER_CAP)).hexdigest()


def _question(q: FrozenQuestion, buffers: list[bytes]) -> dict[str, Any]:
    return {
        "name": q.name,
        "title": q.title,
        "params": q.params,
        "outputs": [[o.name, o.points, o.wrt, o.kind] for o in q.outputs],
        "steps": [s.row for s in q.steps],
        "seconds": q.seconds,
        "forward": [q.forward.question, encode(dict(q.forward.fixed), buffers)] if q.forward else None,
        "conventions": q.conventions,
        "mistakes": [[m.name, m.hint, m.code] for m in q.mistakes],
        "calls": q.calls,
        "carry": q.carry,
        "predicate": q.predicate,
        "parts": [[o.name, o.points, o.wrt, o.kind] for o in q.parts],
        "cases": [_case(c, buffers) for c in q.cases],
    }


def _case(c: FrozenCase, buffers: list[bytes]) -> dict[str, Any]:
    def pair(values: Mapping[str, Value]) -> list[Any]:
        return encode(dict(values), buffers)

    return {
        "name": c.name,
        "hidden": c.hidden,
        "raises": c.raises,
        "kink": c.kink,
        "inputs": pair(c.inputs),
        "expected": pair(c.expected),
        "bounds": {out: {d: [b.rtol, b.atol] for d, b in rows.items()} for out, rows in c.bounds.items()},
        "cotangent": pair(c.cotangent),
        "anchor": encode(c.anchor, buffers),
        "conventions": {name: pair(values) for name, values in c.conventions.items()},
        "mistakes": {name: pair(values) for name, values in c.mistakes.items()},
        "terms": {name: pair(values) for name, values in c.terms.items()},
        "kept": pair(c.kept),
    }


def _read_question(q: dict[str, Any], buffers: list[memoryview]) -> FrozenQuestion:
    forward = q["forward"]
    return FrozenQuestion(
        name=q["name"],
        title=q["title"],
        params=tuple(q["params"]),
        outputs=tuple(Output(*row) for row in q["outputs"]),
        steps=tuple(Step(kind, of, tuple(takes), tuple(gives), by) for kind, of, takes, gives, by in q["steps"]),
        cases=tuple(_read_case(c, buffers) for c in q["cases"]),
        seconds=q["seconds"],
        forward=OwnForward(forward[0], decode(forward[1], buffers)) if forward else None,
        conventions=tuple(q["conventions"]),
        mistakes=tuple(MistakeNote(*row) for row in q["mistakes"]),
        calls=tuple(q["calls"]),
        carry=q["carry"],
        predicate=q["predicate"],
        parts=tuple(Output(*row) for row in q["parts"]),
    )


def _read_case(c: dict[str, Any], buffers: list[memoryview]) -> FrozenCase:
    def many(nodes: dict[str, Any]) -> dict[str, Value]:
        return {name: decode(node, buffers) for name, node in nodes.items()}

    return FrozenCase(
        name=c["name"],
        hidden=c["hidden"],
        inputs=decode(c["inputs"], buffers),
        expected=decode(c["expected"], buffers),
        bounds={out: {d: Bound(*b) for d, b in rows.items()} for out, rows in c["bounds"].items()},
        raises=c["raises"],
        kink=c["kink"],
        cotangent=decode(c["cotangent"], buffers),
        anchor=decode(c["anchor"], buffers),
        conventions=many(c["conventions"]),
        mistakes=many(c["mistakes"]),
        terms=many(c["terms"]),
        kept=decode(c["kept"], buffers),
    )
