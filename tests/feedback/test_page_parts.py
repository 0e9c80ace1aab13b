"""File names of pages, and what a worker that lies about cells achieves."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import WireError
from grader.feedback.page import page
from grader.report.names import file_name
from grader.report.view import StudentView
from grader.sandbox.cells import Cell, Cells, _checked
from grader.sandbox.worker.cells import hand_out


@pytest.mark.parametrize("name", ["ada", "Zoë Müller", "李明", "doe_jane-12", "a.b@c.de", "O (2)", "x+y"])
def test_an_ordinary_name_is_the_files_name(name: str) -> None:
    assert file_name(name) == f"{name}.html"


ODD = ["../x", "a/b", "a\\b", "a:b", "a*b", "", ".", "..", ".hidden", "-rf", "a ", "a.", "con", "NUL.txt", "a\nb",
       "a\0b", "\ud800", "<b>", "x" * 300, "é" * 80, "李" * 80, 'a"b', "a|b", "~", "$x",
       "%41", "a-0123456789abcdef"]  # fmt: skip


def test_odd_names_are_safe_and_stay_apart() -> None:
    names = [file_name(name) for name in ODD]
    assert len({name.casefold() for name in names}) == len(ODD)
    for name in names:
        assert "/" not in name and "\\" not in name and name[0].isalnum() and len(name.encode()) < 255
    assert file_name("a/b") != file_name("a:b") and file_name("a/b").startswith("a_b-")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=12), unique_by=str.casefold, max_size=6))
def test_two_students_never_share_a_file(students: list[str]) -> None:
    names = [file_name(s) for s in students]
    names += [file_name(n.removesuffix(".html")) for n in names if n.removesuffix(".html") not in students]
    assert len({n.casefold() for n in names}) == len(names)


# -- cells that a worker hands out ---------------------------------------------------------------------------


def told(**more: Any) -> dict[str, Any]:
    return {"kinds": "ct", "starts": [1, 1], "cut": [], "count": 2, "places": {"f": 0}, "lines": {"f": 3}, **more}


BODY = [memoryview(b"x = 1"), memoryview(b"\xff\x1b\xe2\x80\xaetext")]


def test_cells_are_clean() -> None:
    found = _checked(told(count=5, cut=[0, "x"]), BODY, ["f", "g"])
    assert [c.text for c in found.cells] == ["x = 1", "\ufffd\ufffd\ufffdtext"]
    assert (found.places, found.more, found.cells[0].cut, found.lines) == ({"f": 0}, 3, True, {"f": 3})
    many = _checked(told(kinds="c", starts=[1], count=10**30), [memoryview(b"y" * 70_000)], [])
    assert many.more == 10**7 and len(many.cells[0].text) == 60_000 and many.cells[0].cut


@pytest.mark.parametrize(
    "lie",
    [
        {"kinds": "c"}, {"kinds": "cx"}, {"kinds": None}, {"starts": [1]}, {"starts": [1, -5]}, {"starts": [1, True]},
        {"starts": [1, 1e9]}, {"starts": [1, 10**9]}, {"cut": 5}, {"count": 1}, {"count": "2"}, {"places": [0]},
        {"places": {"f": 2}}, {"places": {"f": -1}}, {"places": {"f": 1}}, {"places": {"f": "0"}},
        {"places": {"f": True}}, {"places": {"f": 0.0}}, {"error": 5},
        {"lines": {}}, {"lines": 3}, {"lines": {"f": 0}}, {"lines": {"f": "3"}}, {"lines": {"f": 10**9}},
    ],
    ids=str,
)  # fmt: skip
def test_lies_about_cells_are_refused(lie: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        _checked(told(**lie), BODY, ["f"])


def test_places_of_what_was_not_asked_are_not_taken() -> None:
    assert _checked(told(places={"g": 99, "f": 0}), BODY, ["f"]).places == {"f": 0}


def test_a_script_in_parts() -> None:
    source = (
        "# a\nimport x\nK = 1\n\n# of f\n@dec\ndef f(): pass\n\ny = 2\nif y:\n    def g(): pass\nclass C:\n    f = 1\n"
    )
    header, texts = hand_out("s.py", source.encode(), ["f", "g", "C", "K", "x"])
    assert header["lines"] == {"f": 7, "g": 11, "C": 12, "K": 3}
    assert hand_out("s.py", b"x = (\ndef f(): pass\n\ndef f(): pass\n", ["f"])[0]["lines"] == {"f": 4}  # no Python
    assert [t.decode().split("\n")[0] for t in texts] == ["# a", "# of f", "y = 2", "class C:"]
    assert header["places"] == {"f": 1, "g": 2, "C": 3, "K": 0} and header["starts"] == [1, 5, 9, 12]


def test_too_much_is_cut_and_counted() -> None:
    source = "".join(f"def f{i}():\n    return '{'z' * 50_000}'\n\n" for i in range(40))
    header, texts = hand_out("s.py", source.encode(), ["f0", "f39"])
    assert sum(map(len, texts)) <= 1 << 20 and header["count"] == 40 and 0 < len(texts) < 40
    assert header["places"] == {"f0": 0}


NASTY = {
    "names": "'" + "\\N{" * 20_000,
    "dots": "@" + "a." * 20_000,
    "brackets": "(" * 60_000,
    "quotes": "f'{" * 20_000,
}


def test_no_text_keeps_the_highlighting_busy() -> None:
    """On this side: of all cells together only HIGHLIGHTED_IN_ALL characters are highlighted."""
    pytest.importorskip("nbconvert", reason="NOT RUN: nbconvert is not installed")
    from grader.feedback.page import HIGHLIGHTED, HIGHLIGHTED_IN_ALL

    cells = Cells(tuple(Cell(True, text[:size]) for text in NASTY.values() for size in (HIGHLIGHTED, 60_000)))
    view = StudentView("demo", "Demo", "ann", 0.0, 1.0, "graded", (), "strong")
    started = time.process_time()
    page(view, cells, {}, "x.ipynb")
    used = (time.process_time() - started) / len(NASTY)
    assert used * HIGHLIGHTED_IN_ALL / HIGHLIGHTED < 20, "seconds of a whole page"
