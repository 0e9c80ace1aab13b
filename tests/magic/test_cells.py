"""Which code counts where cells are run in any order, again, and edited."""

from __future__ import annotations

import json

from grader.magic.cells import Cells
from grader.sandbox.worker.notebook import code_of


def sources(cells: Cells) -> list[str]:
    return [cell["source"] for cell in json.loads(cells.notebook())["cells"]]


def test_the_order_is_that_of_the_last_runs() -> None:
    cells = Cells()
    for count, name in enumerate("abca", 1):
        cells.ran(f"{name} = 1", count, name)
    assert sources(cells) == ["b = 1", "c = 1", "a = 1"]


def test_a_cell_that_is_edited_replaces_itself_where_the_front_end_names_it() -> None:
    cells = Cells()
    cells.ran("x = 1", 1, "one")
    cells.ran("x = 2", 2, "one")
    assert sources(cells) == ["x = 2"]
    assert cells.certain
    unnamed = Cells(["x = 1", "x = 2", "x = 1"])
    assert sources(unnamed) == ["x = 2", "x = 1"]
    assert not unnamed.certain


def test_the_same_code_in_two_cells_is_held_once_and_comes_back_when_one_is_edited() -> None:
    cells = Cells()
    cells.ran("x = 1", 1, "one")
    cells.ran("x = 1", 2, "two")
    assert sources(cells) == ["x = 1"]
    cells.ran("y = 1", 3, "two")
    assert sources(cells) == ["x = 1", "y = 1"]


def test_a_cell_of_the_history_is_known_again() -> None:
    cells = Cells(["x = 1", "", "  \n", "y = 2"])
    cells.ran("x = 1", 5, "one")
    cells.ran("x = 3", 6, "one")
    assert sources(cells) == ["y = 2", "x = 3"]


def test_a_loop_that_was_stopped_stays_only_where_its_cell_is_known() -> None:
    cells = Cells()
    cells.ran("while True: pass", 1)
    cells.stopped("while True: pass")
    cells.ran("while 1: pass", 2, "one")
    cells.stopped("while 1: pass")
    assert sources(cells) == ["while 1: pass"]


def test_the_worker_reads_it_and_places_are_called_as_the_page_shows_them() -> None:
    cells = Cells()
    cells.ran("def f(: pass", 7, "one")
    cells.ran("\ud800 = 1", 8, "two")  # half a character, as pasted text may hold
    cells.ran("x = 1\n%matplotlib inline\n!ls", 9, "three")
    _, notes = code_of(cells.notebook())
    told = [cells.named(note) for note in notes]
    assert told[0].startswith("In [7] line 1 is no Python")
    assert "!ls (In [9] line 3)" in told[-1]
    assert cells.named("code cell 4 and code cell 99999999") == "code cell 4 and code cell 99999999"
