"""The trusted end of the wire: every value comes back as it was, and nothing else comes in."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.errors import WireError
from grader.model import Fixture
from grader.wire import DTYPES, MAX_HEADER, PREFIX, UNUSABLE, Unusable, decode, encode, pack, parse_header, read_frame

# -- helpers -------------------------------------------------------------------------------------------------


class Reader:
    """Reads from bytes as a pipe would, and counts what it was asked for."""

    def __init__(self, data: bytes) -> None:
        self.data, self.asked = data, 0

    def __call__(self, count: int) -> bytes:
        self.asked += count
        if count > len(self.data):
            raise EOFError
        out, self.data = self.data[:count], self.data[count:]
        return out


def round_trip(value: Any) -> Any:
    buffers: list[bytes] = []
    frame = pack({"value": encode(value, buffers)}, buffers)
    header, got = read_frame(Reader(frame), 1 << 24)
    return decode(header["value"], got)


def layout(array: np.ndarray) -> str:
    return "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "S"


def assert_same(a: Any, b: Any) -> None:
    if isinstance(a, np.ndarray):
        assert isinstance(b, np.ndarray)
        assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        assert layout(a) == layout(b)
        assert a.flags.writeable == b.flags.writeable
        assert not np.shares_memory(a, b)
    elif isinstance(a, Fixture):
        assert isinstance(b, Fixture) and a.name == b.name
        assert_same(dict(a.args), dict(b.args))
    elif isinstance(a, (list, tuple)):
        assert isinstance(b, list) and len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif isinstance(a, dict):
        assert isinstance(b, dict) and list(a) == list(b)
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, float):
        assert type(b) is float and (a == b or (math.isnan(a) and math.isnan(b)))
        assert math.copysign(1, a) == math.copysign(1, b) or math.isnan(a)
    else:
        assert type(a) is type(b) and a == b


def frame_of(header: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return PREFIX.pack(len(text), len(body)) + text + body


# -- every kind of value -------------------------------------------------------------------------------------


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from(list(DTYPES.values())))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    array = np.asarray(draw(hnp.arrays(dtype, shape)))
    form = draw(st.sampled_from("CFSTR"))
    if form == "F":
        array = np.asfortranarray(array)
    elif form == "S" and array.ndim:
        array = array[..., ::2]
    elif form == "T":
        array = array.T
    elif form == "R" and array.ndim:
        array = array[::-1]
    if draw(st.booleans()):
        array.flags.writeable = False
    return array


leaves = (
    st.none()
    | st.booleans()
    | st.integers(1 - (1 << 63), (1 << 63) - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8).filter(
        lambda s: s == s.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    )
    | arrays()
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        | st.builds(Fixture, st.text(max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=2))
    ),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None)
@given(values)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    assert_same(value, round_trip(value))


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_in_every_layout(dtype: str) -> None:
    block = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for array in (block, np.asfortranarray(block), block[:, ::2, 1:3], block[::-1], block[0, 0, 0], block[:0]):
        frozen = np.asarray(array).copy(order="K")
        frozen.flags.writeable = False
        assert_same(np.asarray(array), round_trip(np.asarray(array)))
        assert_same(frozen, round_trip(frozen))


def test_an_array_is_a_fresh_writable_copy() -> None:
    """Two readings of one frame share nothing: writing to the first leaves the second as it was sent."""
    buffers: list[bytes] = []
    node = encode(np.zeros(3), buffers)
    raw = [bytearray(buffer) for buffer in buffers]
    first = decode(node, [memoryview(buffer) for buffer in raw])
    first[0] = 1.0
    assert decode(node, [memoryview(buffer) for buffer in raw])[0] == 0.0
    assert first[0] == 1.0


def test_lone_surrogates_and_tuples_and_numpy_scalars() -> None:
    assert round_trip("\ud800 and \udfff") == "\ud800 and \udfff"
    assert round_trip((1, (2.5, None))) == [1, [2.5, None]]
    assert round_trip([np.float64(0.5), np.int32(3), np.bool_(True), np.str_("x")]) == [0.5, 3, True, "x"]
    assert round_trip([math.inf, -math.inf]) == [math.inf, -math.inf]
    assert np.isnan(round_trip(math.nan))


def test_big_endian_arrays_travel_little_endian() -> None:
    got = round_trip(np.arange(4, dtype=">f8"))
    assert got.dtype == np.dtype("<f8") and got.tolist() == [0, 1, 2, 3]


def nest(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.array([None]), "object"),
        (np.zeros(2, np.float16), "float16"),
        (np.zeros(2, complex), "complex"),
        (np.zeros(2, [("a", float)]), "'a'"),
        (np.array(["a"]), "<U1"),
        (np.zeros(2, np.longdouble), "float128|longdouble"),
        (np.zeros(2, "M8[s]"), "datetime"),
        (1 << 63, "64 bits"),
        (-(1 << 63), "64 bits"),
        (np.uint64(1 << 63), "64 bits"),
        (1j, "complex"),
        ({1: 2}, "keys"),
        ({1, 2}, "set"),
        (len, "builtin"),
        (nest(17), "16 deep"),
    ],
)
def test_what_cannot_travel_is_refused_by_name(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        encode(value, [])


def test_sixteen_levels_travel_both_ways() -> None:
    assert round_trip(nest(16)) == nest(16)


# -- nodes that lie ------------------------------------------------------------------------------------------

EIGHT = [b"\0" * 8]


@pytest.mark.parametrize(
    "node",
    [
        ["a", 0, "<f8", [2], "C", False],  # 16 bytes claimed, 8 sent
        ["a", 0, "<f8", [0], "C", False],
        ["a", 0, "<f8", [], "C", 0],
        ["a", 0, "<f8", [1], "K", False],
        ["a", 0, "<f8", [-1], "C", False],
        ["a", 0, "<f8", [-1, -1], "C", False],
        ["a", 0, "<f8", [True], "C", False],
        ["a", 0, "<f8", [1.0], "C", False],
        ["a", 0, "<f8", 1, "C", False],
        ["a", 0, "<f8", [1] * 17, "C", False],
        ["a", 0, "<f8", [1 << 62], "C", False],
        ["a", 0, "<f8", [1 << 80, 0], "C", False],
        ["a", 1, "<f8", [1], "C", False],
        ["a", -1, "<f8", [1], "C", False],
        ["a", False, "<f8", [1], "C", False],
        ["a", "0", "<f8", [1], "C", False],
        ["a", 0, "|O8", [1], "C", False],
        ["a", 0, "|O", [1], "C", False],
        ["a", 0, "<f2", [4], "C", False],
        ["a", 0, "<c8", [1], "C", False],
        ["a", 0, ">f8", [1], "C", False],
        ["a", 0, "f8", [1], "C", False],
        ["a", 0, "<M8[s]", [1], "C", False],
        ["a", 0, "<U2", [1], "C", False],
        ["a", 0, "i4,f4", [1], "C", False],
        ["a", 0, [["x", "<f8"]], [1], "C", False],
        ["a", 0, "<f8", [1], "C"],
        ["a", 0, "<f8", [1], "C", False, 1],
        ["n", True],
        ["n", "1"],
        ["n", None],
        ["n"],
        ["n", 1, 2],
        ["n", math.inf],
        ["n", math.nan],
        ["n", 1 << 63],
        ["n", 10**400],
        ["n", -(10**400)],
        ["x", "Infinity"],
        ["x", 1],
        ["b", 1],
        ["b", "true"],
        ["s", 1],
        ["s"],
        ["0", 0],
        ["l", {}],
        ["l", [1]],
        ["l"],
        ["d", []],
        ["d", {"a": 1}],
        ["z", 1],
        [["n"], 1],
        [None],
        [],
        {},
        None,
        "n",
        7,
        [{"a": 1}],
    ],
)
def test_a_malformed_node_is_refused_on_both_sides(node: Any) -> None:
    for answers in (False, True):
        with pytest.raises(WireError):
            decode(node, EIGHT, answers=answers)


@pytest.mark.parametrize(
    "node",
    [
        ["a", 0, "<f8", [1], "F", False],
        ["a", 0, "<f8", [1], "S", False],
        ["a", 0, "<f8", [1], "C", True],
        ["l", [["a", 0, "<f8", [1], "F", False]]],
    ],
)
def test_an_answer_comes_plain(node: Any) -> None:
    """Layouts and write protection are for inputs; a worker has no use for them."""
    decode(node, EIGHT)
    with pytest.raises(WireError, match="malformed array"):
        decode(node, EIGHT, answers=True)


ARRAY = ["a", 0, "<f8", [1], "C", False]


@pytest.mark.parametrize(
    "node", [["l", [ARRAY, ARRAY]], ["d", {"a": ARRAY, "b": ["l", [ARRAY]]}], ["l", [["l", [ARRAY]], ["l", [ARRAY]]]]]
)
def test_the_bytes_of_an_answer_are_named_once(node: Any) -> None:
    """A short header must not make many copies of a long body."""
    decode(node, EIGHT)
    with pytest.raises(WireError):
        decode(node, EIGHT, answers=True)


def test_the_bytes_of_an_answer_are_named_once_in_all_its_values() -> None:
    seen = set[int]()
    decode(ARRAY, EIGHT, answers=True, seen=seen)
    with pytest.raises(WireError):
        decode(ARRAY, EIGHT, answers=True, seen=seen)
    assert decode(["a", 1, "<f8", [1], "C", False], EIGHT * 2, answers=True, seen=seen).tolist() == [0.0]


@pytest.mark.parametrize("shape", [[0, 1 << 61], [1 << 61, 0], [0, 1 << 40, 1 << 40], [0, (1 << 62) - 1]])
@pytest.mark.parametrize("order", ["C", "F", "S"])
def test_an_empty_array_of_impossible_shape_is_refused(shape: list[int], order: str) -> None:
    """No bytes are claimed, so the sizes agree; NumPy would refuse it with an error of its own."""
    with pytest.raises(WireError):
        decode(["a", 0, "<f8", shape, order, False], [b""], answers=True)


def test_numbers_of_64_bits_pass_and_larger_ones_do_not() -> None:
    assert decode(["n", (1 << 63) - 1], []) == (1 << 63) - 1
    with pytest.raises(WireError):
        decode(["n", 1 << 64], [], answers=True)


def test_a_fixture_is_refused_in_an_answer_also_inside_a_list() -> None:
    node = ["f", "model", {}]
    assert decode(node, []) == Fixture("model", {})
    for inner in (node, ["l", [node]], ["d", {"a": node}]):
        with pytest.raises(WireError):
            decode(inner, [], answers=True)


def test_unusable_is_taken_in_answers_only_and_from_the_list_only() -> None:
    for kind in UNUSABLE:
        assert decode(["?", kind, [2, 3]], [], answers=True) == Unusable(kind, (2, 3))
        with pytest.raises(WireError):
            decode(["?", kind, None], [])
    assert decode(["?", "too large", [1 << 43]], [], answers=True) == Unusable("too large", (1 << 43,))
    assert decode(["l", [["?", "no data", None]]], [], answers=True) == [Unusable("no data")]
    for node in (["?", "<b>my own words</b>", None], ["?", "no data", [-1]], ["?", "no data", "x"], ["?", "no data"]):
        with pytest.raises(WireError):
            decode(node, [], answers=True)


@pytest.mark.parametrize("wrap", [lambda n: ["l", [n]], lambda n: ["d", {"a": n}], lambda n: ["f", "m", {"a": n}]])
def test_deep_nodes_are_refused_and_not_a_crash(wrap: Callable[[Any], Any]) -> None:
    node: Any = ["0"]
    for _ in range(17):
        node = wrap(node)
    with pytest.raises(WireError):
        decode(node, [])


# -- frames that lie -----------------------------------------------------------------------------------------


def test_a_header_over_its_cap_is_refused_before_it_is_read() -> None:
    reader = Reader(PREFIX.pack(MAX_HEADER + 1, 0) + b"x" * 100)
    with pytest.raises(WireError, match="header over its cap"):
        read_frame(reader, 1 << 20)
    assert reader.asked == PREFIX.size


@pytest.mark.parametrize("length", [1001, 1 << 33, (1 << 64) - 1])
def test_a_body_over_its_cap_is_refused_before_anything_is_read(length: int) -> None:
    reader = Reader(PREFIX.pack(2, length) + b"{}" + b"x" * 100)
    with pytest.raises(WireError, match="body over its cap"):
        read_frame(reader, 1000)
    assert reader.asked == PREFIX.size


def test_sizes_that_disagree_are_refused_before_the_body_is_read() -> None:
    header = json.dumps({"sizes": [4]}).encode()
    reader = Reader(PREFIX.pack(len(header), 1000) + header + b"x" * 1000)
    with pytest.raises(WireError, match="disagree"):
        read_frame(reader, 1000)
    assert reader.asked == PREFIX.size + len(header)


def test_a_body_at_its_cap_passes() -> None:
    _, buffers = read_frame(Reader(frame_of({"sizes": [3, 0, 5]}, b"abcdefgh")), 8)
    assert [bytes(b) for b in buffers] == [b"abc", b"", b"defgh"]


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"sizes": None},
        {"sizes": {}},
        {"sizes": [1.0]},
        {"sizes": [True, False]},
        {"sizes": ["1"]},
        {"sizes": [-1, 2]},
        {"sizes": [2]},
        {"sizes": [0]},
        {"sizes": []},
        {"sizes": [10**400]},
    ],
)
def test_malformed_sizes_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        read_frame(Reader(frame_of(header, b"x")), 100)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b"\xff\xfe{\x00",
        b"\x80",
        b'{"a": ' + b"[" * 30_000,
        b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a": ' + b"1" * 10_000 + b"}",
    ],
)
def test_a_header_that_is_no_plain_object_is_refused(text: bytes) -> None:
    with pytest.raises(WireError):
        parse_header(text)


def test_extra_and_duplicate_fields_do_no_harm() -> None:
    text = b'{"sizes": [9], "a": 1, "sizes": [2], "more": {"x": []}}'
    header, buffers = read_frame(Reader(PREFIX.pack(len(text), 2) + text + b"hi"), 10)
    assert header["more"] == {"x": []} and bytes(buffers[0]) == b"hi"


def test_pack_refuses_a_header_over_its_cap() -> None:
    with pytest.raises(WireError, match="header"):
        pack({"text": "x" * MAX_HEADER}, [])


def test_damaged_frames_give_a_wire_error_or_a_value_and_nothing_else() -> None:
    """A few thousand flips, cuts and splices of valid answers: no other exception may come out."""
    rng = random.Random(5)
    buffers: list[bytes] = []
    value = {
        "loss": 0.5,
        "dW": np.arange(6.0).reshape(2, 3),
        "k": [np.arange(3), "text", None, True, math.nan],
        "e": np.zeros((0, 2)),
    }
    header = {"values": {k: encode(v, buffers) for k, v in value.items()}, "seq": 3}
    header["values"]["u"] = ["?", "too large", [3, 4]]
    frame = pack(header, buffers)
    body_length = sum(map(len, buffers))
    fields = b'0123456789-[]{}",:.eEnaxlsdbf?tu<>|' + bytes([0, 127, 255])
    good = 0
    for _ in range(5000):
        data = bytearray(frame)
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(data))
            data[at] = rng.choice(fields) if rng.random() < 0.8 else rng.randrange(256)
        if rng.random() < 0.15:
            del data[rng.randrange(len(data)) :]
        if rng.random() < 0.1:
            at = rng.randrange(PREFIX.size, len(data) + PREFIX.size + 1)
            data[at:at] = bytes(rng.choices(fields, k=3))
            data[: PREFIX.size] = PREFIX.pack(max(0, len(data) - PREFIX.size - body_length), body_length)
        try:
            got, parts = read_frame(Reader(bytes(data)), 1 << 20)
            nodes = got.get("values")
            for node in nodes.values() if isinstance(nodes, dict) else ():
                decode(node, parts, answers=True)
            good += 1
        except (WireError, EOFError):  # EOFError: the reader's own, as a closed pipe
            pass
    assert 0 < good < 5000
