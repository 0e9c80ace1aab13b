"""Frames that break the rules of the trust line: valid ones that were cut, spliced and twisted, as bytes or as JSON,
ones that a grammar makes up, and bombs. The same seed gives the same frames."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from grader.model import Outcome, QuestionResult, Report, Verdict
from grader.records import report_to_json
from grader.wire import DTYPES, MAX_HEADER, PREFIX, UNUSABLE, encode, pack

BODY_CAP = 1 << 20
NONCE = "0123456789abcdef"
EXPECTED: dict[str, Any] = {  # what a right answer holds
    "loss": 2.5,
    "dW": np.array([[0.5, -1.0, 0.0], [2.0, np.inf, 1.0]]),
    "rows": [np.array([1.0, 2.0]), np.array([3.0])],
    "table": {"W": np.eye(2), "n": 3},
    "count": np.array([1, 2, 3]),
    "word": "yes",
    "nothing": None,
}

TEXTS = ["", "a", "x" * 300, "\ud800", "\u202e", "\x00", "\x1b[2J", "MemoryError", "nan", "1e999", "\U0001f600", "inf"]
NUMBERS: list[Any] = [0, 1, -1, 2, 3, 7, 16, 1 << 31, 1 << 62, (1 << 63) - 1, 1 << 63, 1 << 64, 10**400, -(10**30)]
NUMBERS += [0.0, -0.0, 1.5, 1e308, -1e308, 5e-324, True, False, None]
NAMES = [*EXPECTED, "values", "error", "sizes", "nonce", "seq", "part", "ask", "args", "nudged", "found", "notes"]
NAMES += ["present", "modified", "overflow", "kinds", "type", "message", "file", "text", "line", "count", "wanted"]


def grown(rng: random.Random, depth: int = 0) -> Any:
    """A node that is nearly a value."""
    roll = rng.random()
    if roll < 0.3:
        shape = [rng.choice([0, 1, 2, 3, 3, 1 << 40, 1 << 62, -1, True]) for _ in range(rng.randrange(4))]
        index, dtype = rng.randrange(-1, 4), rng.choice([*DTYPES, "|O", "<c16", "<f2", "<M8[s]", "|S4", ">f8", 7, ""])
        return ["a", index, dtype, shape, rng.choice("CCCFS"), rng.random() < 0.1]
    if roll < 0.45:
        return ["n", rng.choice(NUMBERS)]
    if roll < 0.55:
        return [rng.choice(["s", "x", "?", "b", "f", "0", "zz"]), *(rng.choice(TEXTS) for _ in range(rng.randrange(3)))]
    if roll < 0.6:
        return ["?", rng.choice([*UNUSABLE, "other"]), rng.choice([None, [], [3, 4], [1 << 62] * 16, [0] * 17, "x"])]
    if roll < 0.65 or depth > rng.choice([3, 20]):
        return rng.choice([["0"], [], {}, None, True, "", 0, ["b", True], ["x", "nan"]])
    if roll < 0.85:
        return ["l", [grown(rng, depth + 1) for _ in range(rng.randrange(4))]]
    return ["d", {rng.choice(NAMES + TEXTS): grown(rng, depth + 1) for _ in range(rng.randrange(4))}]


def made_up(rng: random.Random) -> bytes:
    """A frame by the grammar of answers, with fields of right and of wrong types."""
    sizes = [rng.choice([0, 8, 8, 16, 24, 48]) for _ in range(rng.randrange(5))]
    header: dict[str, Any] = {"nonce": NONCE, "seq": 1}
    if rng.random() < 0.7:
        header["values"] = {rng.choice([*EXPECTED]): grown(rng) for _ in range(rng.randrange(4))}
    if rng.random() < 0.4:
        header["error"] = {rng.choice(NAMES): _any(rng) for _ in range(rng.randrange(6))}
    if rng.random() < 0.2:
        header |= {"ask": rng.choice(["f", "f", 3, None]), "args": [grown(rng) for _ in range(rng.randrange(3))]}
    for _ in range(rng.randrange(3)):
        header[rng.choice(NAMES)] = _any(rng)
    return framed(header, rng.randbytes(sum(sizes)), sizes)


def _any(rng: random.Random, depth: int = 0) -> Any:
    roll = rng.random()
    if roll < 0.3:
        return rng.choice(NUMBERS)
    if roll < 0.6 or depth > 3:
        return rng.choice(TEXTS)
    if roll < 0.8:
        return [_any(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {rng.choice(NAMES): _any(rng, depth + 1) for _ in range(rng.randrange(4))}


def framed(header: dict[str, Any], body: bytes, sizes: Any) -> bytes:
    text = json.dumps({**header, "sizes": sizes}).encode()
    return PREFIX.pack(len(text), len(body)) + text + body


def twisted(rng: random.Random, good: list[bytes], has_frame: bool) -> bytes:
    """A valid one, changed."""
    data = rng.choice(good)
    roll = rng.random()
    if roll < 0.5:
        data = _twist_json(rng, data, has_frame)
    elif roll < 0.6:
        other = rng.choice(good)
        data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    if roll > 0.55:
        data = _twist_bytes(rng, data)
    return data + rng.choice(good) if has_frame and rng.random() < 0.1 else data


def _twist_bytes(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at, kind = rng.randrange(len(changed) + 1), rng.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(changed):
            changed[at] = rng.choice(b'\x00\xff[]{}",:0-9eE.\\ux')
        elif kind == 2:
            del changed[at : at + rng.choice([1, 2, 4, 16])]
        elif kind == 3:
            changed[at:at] = rng.choice([b"\x00", b"[", b"{", b'"', b"9" * 20, b"\\ud800", b"1e999", b"NaN", b"-"])
        else:
            changed[:4] = rng.choice([0, 1, MAX_HEADER, MAX_HEADER + 1, (1 << 32) - 1]).to_bytes(4, "big")
    return bytes(changed)


def _twist_json(rng: random.Random, data: bytes, has_frame: bool) -> bytes:
    """Another value, in some place of the JSON, with lengths that fit again (or, seldom, do not)."""
    length = int.from_bytes(data[:4], "big") if has_frame else len(data)
    start = PREFIX.size if has_frame else 0
    tree = json.loads(data[start : start + length])
    for _ in range(rng.choice([1, 1, 2, 3])):
        _replace_somewhere(rng, tree)
    text = json.dumps(tree).encode()
    if rng.random() < 0.1:
        text = text.replace(b"0", rng.choice([b"NaN", b"Infinity", b"-0", b"0.0", b"9" * 5000, b'"0"']), 1)
    if not has_frame:
        return text
    body = data[start + length :]
    return PREFIX.pack(len(text), len(body)) + text + body


def _replace_somewhere(rng: random.Random, tree: Any) -> None:
    while isinstance(tree, (dict, list)) and tree:
        place: Any = rng.choice(list(tree)) if isinstance(tree, dict) else rng.randrange(len(tree))
        if rng.random() < 0.35 or not isinstance(tree[place], (dict, list)) or not tree[place]:
            if rng.random() < 0.2:
                del tree[place]
            else:
                tree[place] = rng.choice([lambda: _any(rng), lambda: grown(rng), lambda: rng.choice(NUMBERS)])()
            return
        tree = tree[place]


# -- valid ones to begin with ----------------------------------------------------------------------------------


def good_frames() -> list[bytes]:
    buffers: list[bytes] = []
    values = {name: encode(value, buffers) for name, value in EXPECTED.items()}
    tags = {"nonce": NONCE, "seq": 1}
    error = {"kinds": ["ValueError", "Exception"], "type": "ValueError", "message": "no", "file": "a.py", "line": 3}
    out = [
        pack({"values": values, "error": None, "modified": [], **tags}, buffers),
        pack(
            {"values": {}, "error": {**error, "text": "x = 1"}, "modified": ["X"], "nudged": [[["n", 1.5]]], **tags}, []
        ),
        pack({"values": {}, "error": {"count": 2, "wanted": 3}, **tags}, []),
        pack({"found": ["f"], "present": ["f", "g"], "notes": ["line 3 was left out"], "error": None, **tags}, []),
        pack({"values": {"loss": ["?", "too large", [3, 1 << 40]], "dW": ["l", [["n", 1], ["x", "nan"]]]}, **tags}, []),
    ]
    asked: list[bytes] = []
    ask = pack({"ask": "f", "args": [encode(np.arange(3.0), asked)]}, asked)
    return [*out, ask + out[0], ask + ask + out[1]]


def good_reports() -> list[bytes]:
    rows = tuple(
        Outcome("q", case, case == "two", "loss", verdict, "wrong value", distance, "told", "hint", "mistake", "g")
        for case, verdict, distance in (("one", Verdict.PASS, 0.5), ("two", Verdict.FAIL, float("inf")))
    )
    results = tuple(QuestionResult(name, 1.5, 3.0, rows, ("halved",), ("note",)) for name in "qr")
    report = Report("demo", "ada", 3.0, 6.0, "graded", results, "strong: all", {"sources": "0"}, ("note",))
    lost = Report("demo", "bob", None, 6.0, "ungraded", (), "weak: x", {})
    return [json.dumps(report_to_json(r)).encode() for r in (report, lost)]


def good_rows() -> list[bytes]:
    line = json.loads(good_reports()[0])
    return [json.dumps({**question, "notes": []}).encode() for question in line["questions"]]


# -- bombs -----------------------------------------------------------------------------------------------------


def _full(text: str, times: int = MAX_HEADER) -> str:
    """Header text: as many copies as fit."""
    room = MAX_HEADER - 200
    return ",".join([text] * min(times, room // (len(text) + 1)))


def bombs() -> dict[str, bytes]:
    """Frames that are small and ask for much: counts, depths, lengths, digits."""
    empty = _full('["a",0,"<f8",[0,140737488355328],"C",false]')
    many = ",".join(f'["a",{i},"|b1",[281474976710656,0],"C",false]' for i in range(1200))
    texts = {
        "buffers": f'{{"sizes":[{_full("0")}]}}',
        "lists": f'{{"sizes":[],"values":{{"rows":["l",[{_full("[]")}]]}}}}',
        "objects": f'{{"sizes":[],"values":{{"table":["d",{{}}]}},"x":[{_full("{}")}]}}',
        "nones": f'{{"sizes":[],"values":{{"rows":["l",[{_full(json.dumps(["0"]))}]]}}}}',
        "numbers": f'{{"sizes":[],"values":{{"dW":["l",[{_full(json.dumps(["n", 7]))}]]}}}}',
        "keys": "{" + ",".join(f'"{i}":0' for i in range(6000)) + ',"sizes":[]}',
        "floats": f'{{"sizes":[],"values":{{}},"x":[{_full("1e5")}]}}',
        "digits": f'{{"sizes":[],"values":{{"loss":["n",{"9" * 4200}]}},"x":[{_full("9" * 4200, 14)}]}}',
        "too many digits": f'{{"sizes":[],"values":{{"loss":["n",{"9" * 60000}]}}}}',
        "exponent": f'{{"sizes":[],"values":{{"loss":["n",1e{"9" * 60000}]}}}}',
        "deep lists": '{"sizes":[],"values":' + "[" * 60000,
        "deep objects": '{"a":' * 10000 + "0" + "}" * 10000,
        "deep values": '{"sizes":[],"values":{"rows":' + '["l",[' * 7800 + "]]" * 7800 + "}}",
        "emoji": '{"sizes":[],"values":{"word":["s","' + "\\ud83d\\ude00" * 5000 + '"]},"error":null}',
        "surrogates": '{"sizes":[],"values":{},"error":{"type":"\\udfff","message":"' + "\\ud800" * 10000 + '"}}',
        "one buffer, named often": f'{{"sizes":[0],"values":{{"rows":["l",[{empty}]]}}}}',
        "empty and huge": f'{{"sizes":[{",".join(["0"] * 1200)}],"values":{{"dW":["l",[{many}]]}}}}',
        "impossible shape": '{"sizes":[0],"values":{"dW":["a",0,"<f8",[0,4611686018427387903],"C",false]}}',
        "many axes": f'{{"sizes":[8],"values":{{"dW":["a",0,"<f8",{[1] * 16},"C",false]}}}}',
        "too many axes": f'{{"sizes":[8],"values":{{"dW":["a",0,"<f8",{[1] * 20000},"C",false]}}}}',
        "negative": '{"sizes":[16,-8],"values":{"dW":["a",0,"<f8",[-1],"C",false]}}',
        "rows of nothing": '{"sizes":[0],"values":{"rows":["a",0,"|b1",[281474976710656,0],"C",false]}}',
        "two rows of nothing": '{"sizes":[0],"values":{"rows":["a",0,"|b1",[2,281474976710656,0],"C",false]}}',
        "twice": '{"sizes":[0],"sizes":[9999999999999],"values":{"dW":["n",1],"dW":["n",2]}}',
        "kinds": f'{{"sizes":[],"values":{{}},"error":{{"kinds":[{_full(json.dumps("ValueError"))}]}}}}',
        "notes": f'{{"sizes":[],"notes":[{_full(json.dumps("x" * 1000), 60)}],"found":["f","f"]}}',
        "counted": f'{{"sizes":[],"values":{{}},"error":{{"count":{"7" * 4000},"wanted":{"8" * 4000}}}}}',
    }
    out = {}
    for name, text in texts.items():
        tagged = text.replace("{", f'{{"nonce":"{NONCE}","seq":1,', 1) if name != "deep objects" else text
        body = bytes(8) if name in ("many axes", "too many axes", "negative") else b""
        out[name] = PREFIX.pack(len(tagged), len(body)) + tagged.encode() + body
    out["header of 4 GiB"] = PREFIX.pack((1 << 32) - 1, 0)
    out["body of 16 EiB"] = PREFIX.pack(2, (1 << 64) - 1) + b"{}"
    out["body at the cap, not sent"] = PREFIX.pack(2, BODY_CAP) + b"{}"
    whole = f'{{"nonce":"{NONCE}","seq":1,"sizes":[{BODY_CAP}],"values":{{"dW":["a",0,"|b1",[{BODY_CAP}],"C",false]}}}}'
    out["body at the cap"] = PREFIX.pack(len(whole), BODY_CAP) + whole.encode() + bytes(BODY_CAP)
    out["utf-16"] = PREFIX.pack(24, 0) + '{"sizes":[]}'.encode("utf-16-be")
    return out
