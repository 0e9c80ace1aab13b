"""Samples of the fuzzing of everything that reads hostile bytes; the full run is benchmarks/fuzz.py."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from pathlib import Path

import pytest
from fuzzframes import BODY_CAP, EXPECTED, NONCE, bombs, framed, good_reports
from fuzztargets import QUESTION, TARGETS, Tape, conversation, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.diff import compare, read
from grader.errors import UsageError, WireError
from grader.sandbox.calls import Call, read_answer
from grader.wire import MAX_HEADER, read_frame

FRAMES, SECONDS = 3500, 2.0  # of each target; for one frame, on a loaded machine
PEAK = 8 << 20  # bytes for any header of at most 64 KiB; a body is held, cut and copied once
FRAMED = [name for name, target in TARGETS.items() if target.framed]


def thrown(name: str, data: bytes) -> bool:
    """Whether a target takes the frame; what it may not raise goes through."""
    target, started = TARGETS[name], time.process_time()
    try:
        target.run(data)
    except target.errors:
        return False
    finally:
        assert time.process_time() - started < SECONDS, data[:200]
    return True


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_valid_is_taken(name: str) -> None:
    taken = [thrown(name, data) for data in TARGETS[name].good()]
    assert any(taken) and (name in ("sayings", "conversation", "answers") or all(taken))


@pytest.mark.parametrize("name", TARGETS)
def test_twisted_frames(name: str) -> None:
    """Refused by the declared errors or taken, and some of each: else the frames would test nothing."""
    taken = sum(thrown(name, data) for data in itertools.islice(stream(name, 0), FRAMES))
    assert FRAMES * 0.03 < taken < FRAMES * 0.9


@pytest.mark.parametrize("bomb", bombs())
def test_small_frames_that_ask_for_much(bomb: str) -> None:
    data = bombs()[bomb]
    for name in FRAMED:
        thrown(name, data)  # what is imported and cached on first use is not counted
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            thrown(name, data)
            peak = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        assert peak < PEAK + 4 * max(0, len(data) - MAX_HEADER), f"{name}: {peak} bytes"


@pytest.mark.parametrize("bomb", ["header of 4 GiB", "body of 16 EiB"])
def test_a_length_over_its_cap_is_refused_before_it_is_read(bomb: str) -> None:
    tape = Tape(bombs()[bomb])
    with pytest.raises(WireError, match="over its cap"):
        read_frame(tape.read, BODY_CAP)
    assert tape.at <= 14


def test_the_bombs_are_what_they_say() -> None:
    """Within the caps, so that what is refused is refused for what is in them."""
    found = {name: len(data) - 12 for name, data in bombs().items()}
    assert all(size <= MAX_HEADER for name, size in found.items() if name != "body at the cap"), found
    assert sum(size > MAX_HEADER // 2 for size in found.values()) >= 15


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["a", "n", "x", "l", "d", "?", "<f8", "C", "nan", "too large"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from([*EXPECTED, "values"]), inner),
    max_leaves=12,
)
fields = st.dictionaries(
    st.sampled_from(["values", "error", "modified", "nudged", "ask", "args", "found", "notes"]), json_values
)


@pytest.mark.parametrize("name", FRAMED)
@settings(max_examples=100, deadline=None)
@given(fields, st.binary(max_size=32))
def test_any_header(name: str, header: dict[str, object], body: bytes) -> None:
    thrown(name, framed({"nonce": NONCE, "seq": 1, **header}, body, [len(body)]))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(name: str, data: bytes) -> None:
    thrown(name, data)


# -- what the fuzzers found, and what they cannot ---------------------------------------------------------------


@pytest.mark.parametrize(
    "tags", [{"nonce": "x", "seq": 1}, {"nonce": NONCE, "seq": 2}, {"nonce": NONCE}, {}, {"part": 1}]
)
def test_an_answer_to_another_request_is_refused(tags: dict[str, object]) -> None:
    with pytest.raises(WireError, match="another request"):
        conversation(framed({"values": {}, **tags}, b"", []))


def test_a_count_of_thousands_of_digits_is_no_message() -> None:
    data = framed({"values": {}, "error": {"count": 10**4000, "wanted": 1}}, b"", [])
    header, body = read_frame(Tape(data).read, BODY_CAP)
    response, _ = read_answer(Call(QUESTION, QUESTION.cases[0]), header, body, "")
    assert response.failure is not None and len(response.failure.message) < 1000


@pytest.mark.parametrize("unit", ["[]", "{}", '""', "0", "1e5", '{"a":0}', '"\\ud800"', "9" * 4000])
def test_a_long_report_takes_no_more_than_its_share(tmp_path: Path, unit: str) -> None:
    """64 bytes for each of the file's, whatever is in it."""
    good = good_reports()[0].decode()
    (tmp_path / "good").write_text(good)
    count = (1 << 20) // (len(unit) + 1)
    for field in ('"notes": ["note"]', '"convention": ["halved"]', '"provenance": {"sources": "0"}'):
        text = good.replace(field, f"{field.partition(':')[0]}: [{','.join([unit] * count)}]", 1)
        assert len(text) > 1 << 19
        (tmp_path / "long").write_text(text)
        tracemalloc.start()
        try:
            compare(read(tmp_path / "good"), read(tmp_path / "long"))
        except UsageError:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 64 * len(text), field
