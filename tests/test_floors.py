"""Imports only go down the floors, the worker imports nothing of ours but itself, and importing is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "grader"
FLOORS = {
    0: "errors model text",
    1: "kept wire tolerance gradcheck locate predicate keyfile records excerpt",
    2: "course author",
    3: "freeze judge collect sandbox",
    4: "pipeline store overrides content selfcheck asking carry oracle mutants",
    5: "audit cohort keys release replay scaffold report checking submit watching diff handout feedback "
    "exports ci gradebooks autograder pages",
    6: "cli magic pytest_plugin __main__",
}
FLOOR = {name: floor for floor, names in FLOORS.items() for name in names.split()}
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def imported(path: Path) -> set[str]:
    """Modules of this package that a file imports, as dotted names below `grader`; type-checking ones too."""
    here, found = path.relative_to(PACKAGE).parts[:-1], set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {a.name.removeprefix("grader.") for a in node.names if a.name.startswith("grader.")}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = [*here[: len(here) - node.level + 1], *(node.module or "").split(".")]
                base = [part for part in base if part]
                names = [".".join([*base, a.name]) for a in node.names] if not node.module else [".".join(base)]
                found |= set(names)
            elif (node.module or "").split(".")[0] == "grader":
                found.add(".".join(node.module.split(".")[1:]))  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imported(path):
        other = name.split(".")[0]
        if other in FLOOR:  # not `__version__`
            assert FLOOR[other] <= FLOOR[room], f"{path.name} (floor {FLOOR[room]}) imports {name}"


def test_every_room_has_a_floor() -> None:
    assert {p.relative_to(PACKAGE).parts[0].removesuffix(".py") for p in MODULES} == set(FLOOR)


def test_rooms_import_no_circles() -> None:
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        graph.setdefault(room, set()).update(n.split(".")[0] for n in imported(path))
    done: set[str] = set()

    def visit(room: str, trail: tuple[str, ...]) -> None:
        assert room not in trail, " -> ".join([*trail, room])
        if room not in done:
            for other in graph.get(room, set()) - {room}:
                visit(other, (*trail, room))
            done.add(room)

    for room in graph:
        visit(room, ())


def test_the_worker_imports_nothing_of_ours_but_itself() -> None:
    allowed = set(sys.stdlib_module_names) | {"numpy", "torch"}
    for path in (PACKAGE / "sandbox" / "worker").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {a.name.split(".")[0] for a in node.names} <= allowed, path.name
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1 or (node.module or "").split(".")[0] in allowed, path.name


def test_no_pickle_anywhere() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & {"pickle", "dill", "marshal", "shelve"}, path.name


@pytest.mark.parametrize("module", ["grader", "grader.cli", "grader.checking", "grader.pipeline", "grader.author"])
def test_importing_loads_neither_torch_nor_nbformat(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'nbformat', 'nbconvert', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import_grader_loads_no_numpy() -> None:
    code = "import sys, grader, grader.sandbox.spawn; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_authors_import_from_the_top() -> None:
    from grader import Assignment, Case, Fixture, Terms, at_most, call, close, get, new, prop, question

    named = (Assignment, Case, Fixture, Terms, at_most, call, close, get, new, prop, question)
    assert all(callable(thing) for thing in named)
