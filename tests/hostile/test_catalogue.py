"""Every row of the catalogue has a line in docs/threats.md, and what is named there exists."""

from __future__ import annotations

import ast
import re
from collections import Counter

from arena import HERE, ROOT
from odd import ODD
from rows import ATTACKS

ROWS = [
    f"{letter}{i}" for letter, n in (("S", 38), ("C", 10), ("T", 12), ("R", 17), ("E", 15)) for i in range(1, n + 1)
]
ROWS += ["F1", *(f"X{i}" for i in range(1, 9))]
TEXT = (ROOT / "docs" / "threats.md").read_text()
TABLE = re.findall(r"^\| ([A-Z]\d+) \| (.+) \| (.+) \| (.+) \|$", TEXT, re.M)


def functions(name: str) -> dict[str, bool]:
    """Tests of a file of that name: whether each is parametrised."""
    (path,) = (ROOT / "tests").rglob(name)
    tree = ast.parse(path.read_text())
    return {f.name: bool(f.decorator_list) for f in tree.body if isinstance(f, ast.FunctionDef)}


def test_every_row_is_there_once_and_in_order() -> None:
    assert [row for row, *_ in TABLE] == ROWS


def test_every_test_that_is_named_exists() -> None:
    names = {attack.name for attack in ATTACKS}
    for row, _, _, tests in TABLE:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)(?:\[([^\]]+)\])?`", tests)
        assert named and len(named) == tests.count("`") // 2, row
        for file, function, parameter in named:
            assert function in functions(file), f"{row}: {file}::{function}"
            assert not parameter or (functions(file)[function] and parameter in names), f"{row}: {parameter}"


def test_every_file_that_is_named_exists() -> None:
    paths = re.findall(r"`(grader/[\w/.]+|tests/[\w/.]+)`", TEXT)
    assert len(paths) > 10
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_every_attack_is_named_in_its_row() -> None:
    lines = {row: tests for row, _, _, tests in TABLE}
    for attack in ATTACKS:
        if attack.name != "X1_state_probes":  # of test_state.py
            assert f"[{attack.name}]" in lines[attack.row], attack.name


def test_rows_of_odd_submissions_have_some() -> None:
    from test_hostile_notebooks import NAMES

    counted = Counter(odd.row.split()[-1] for odd in ODD) + Counter(row for row, _ in NAMES)
    by_file = [r for r, _, _, t in TABLE if "test_odd_submission" in t or "test_notebook`" in t]
    assert by_file == ["S34", "E7", "E8", "E9", "E10", "E11", "E12", "E13", "E14", "E15"]
    assert all(counted[row] for row in by_file)


def test_every_file_of_an_attack_is_in_the_table_of_attacks() -> None:
    on_disk = {path.name.removesuffix(".py") for path in (HERE / "attacks").iterdir()}
    assert on_disk == {attack.name for attack in ATTACKS}
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_attacks_without_a_control_say_why() -> None:
    kinds = {"wins", "done", "down", "mark", "says", "pair"}
    without = [a for a in ATTACKS if a.control not in kinds]
    assert all(re.fullmatch(r"NOT RUN: .{10,}", a.control) for a in without)
    assert len(without) < 8
