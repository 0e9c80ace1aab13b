"""What is handed out of each assignment gives nothing of its reference, its solutions or its hidden cases away."""

from __future__ import annotations

import ast
import builtins
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from conftest import ROOT

from grader.author.source import Source, read_source
from grader.collect.handed import handed_of
from grader.course import Course
from grader.freeze import freeze
from grader.freeze.leaves import numbers
from grader.handout import made_notebook
from grader.handout.pieces import pieces
from grader.keyfile import load
from grader.model import PUBLIC_KEY, AnswerKey, FrozenCase, Limits, SourceFile, Submission
from grader.pipeline import grade
from grader.release import release
from grader.sandbox.spawn import Spawner

NAMES = sorted(path.parent.name for path in (ROOT / "reference").glob("*/__init__.py"))
LONG = 24  # characters of an expression that is no coincidence
# Expressions of a solution that the handout prints on purpose, each with the reason.
PRINTED: dict[str, dict[str, str]] = {
    "neural_networks": {
        "two_layer_forward(X,W1,b1,W2,b2)": "the signature, called with its own names",
        "two_layer_loss(X,y,W1,b1,W2,b2)": "the signature, called with its own names",
    },
}


@dataclass
class Handout:
    name: str
    key: AnswerKey
    source: Source
    folder: Path

    @property
    def texts(self) -> dict[str, str]:
        return {p.name: p.read_text() for p in sorted(self.folder.rglob("*")) if p.suffix in (".py", ".md", ".txt")}

    @property
    def everything(self) -> bytes:
        return b"\n".join(p.read_bytes() for p in sorted(self.folder.rglob("*")) if p.is_file())

    def reference(self) -> list[Path]:
        return sorted((ROOT / "reference" / self.name).glob("*.py"))

    def solutions(self) -> list[Path]:
        return sorted((ROOT / "reference" / self.name / "solutions").glob("*.py"))

    def public_words(self) -> set[str]:
        """Names that students are meant to know: of questions, parameters, outputs, steps, and harnesses' inputs."""
        words = {self.key.file.removesuffix(".py"), "raises", "hidden"}
        stub = ast.parse((self.folder / self.key.file).read_text())
        words |= {node.arg for node in ast.walk(stub) if isinstance(node, ast.arg)}  # as the reference's signatures
        for q in self.key.questions:
            words |= {q.name, *q.params, *(o.name for o in q.outputs), *(o.name for o in q.parts)}
            for step in q.steps:
                words |= {step.target, step.by, *step.takes, *step.gives}
            words |= {name for case in q.cases for name in case.kept}
        return words


@pytest.fixture(scope="module", params=NAMES)
def handout(request: pytest.FixtureRequest, secret_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Handout:
    course = Course(ROOT, secret_file)
    key = freeze(course, request.param)
    folder = tmp_path_factory.mktemp("release") / request.param
    release(course, key, folder)
    return Handout(request.param, key, read_source(course, request.param), folder)


def identifiers(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.arg, ast.keyword)):
            found.add(node.arg or "")
    return found


def common_words() -> set[str]:
    """Names of the language and of the two libraries, and of the grader's own authoring words."""
    words = {*dir(builtins), *dir(np), *dir(np.linalg), *dir(np.random), *dir(np.random.Generator), *dir(np.ndarray)}
    words |= {
        *dir(torch),
        *dir(torch.Tensor),
        *dir(torch.nn),
        *dir(torch.nn.functional),
        *dir(torch.optim),
        *dir(torch.optim.SGD),
        *dir(torch.nn.Module),
        "load_digits",
        "np",
        "torch",
    }
    return words | {
        "self",
        "float64",
        "Path",
        "rng",
        "cases",
        "annotations",
        *dir(Path),
        *dir(str),
        *dir(dict),
        *dir(list),
    }


def test_no_identifier_of_the_reference_stands_in_the_handouts_code(handout: Handout) -> None:
    private: set[str] = set()
    for path in handout.reference():
        private |= identifiers(ast.parse(path.read_text()))
    private -= handout.public_words() | common_words()
    private = {word for word in private if len(word) > 3}
    assert len(private) > 10
    for name, text in handout.texts.items():
        if name.endswith(".py"):
            shown = identifiers(ast.parse(text))
        else:
            shown = {w for w in re.findall(r"\w+", text) if "_" in w.strip("_")}
        assert not sorted(shown & private), (name, sorted(shown & private))


def test_no_mistake_hint_or_hidden_case_is_named(handout: Handout) -> None:
    everything = handout.everything
    secret = [m.name for q in handout.key.questions for m in q.mistakes]
    secret += [m.hint for q in handout.key.questions for m in q.mistakes]
    assert len(secret) > 20
    found = [text for text in secret if len(text) > 12 and text.encode() in everything]
    assert not found
    public = load((handout.folder / PUBLIC_KEY).read_bytes())
    hidden = {(q.name, c.name) for q in handout.key.questions for c in q.cases if c.hidden}
    assert hidden and not hidden & {(q.name, c.name) for q in public.questions for c in q.cases}
    answers = [v for q in public.questions if q.predicate for c in q.cases for v in c.expected.values()]
    assert not any(np.isfinite(leaf).all() and np.any(leaf) for value in answers for leaf in numbers(value))
    assert not any(q.mistakes or any(c.terms or c.mistakes for c in q.cases) for q in public.questions)


def expressions(path: Path) -> set[str]:
    """Statements and expressions of a file that say something, without white space."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0] = ast.Pass()  # docstrings are compared nowhere: the stub's teach
    wanted = (ast.BinOp, ast.Call, ast.Assign, ast.AugAssign, ast.Return, ast.Compare, ast.Subscript, ast.IfExp)
    found = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, wanted) and not _is_data(node)}
    return {squeezed(text) for text in found if len(squeezed(text)) >= LONG and not text.startswith("raise")}


def _is_data(node: ast.AST) -> bool:
    """Whether an expression is an array of numbers that were typed in: inputs of a case, which have a test below."""
    return not identifiers(node) - {"np", "array", "float64"}


def squeezed(text: str) -> str:
    return re.sub(r"[\s'\"]", "", text)


def test_no_expression_of_a_solution_or_the_reference_is_printed(handout: Handout) -> None:
    shown = {name: squeezed(text) for name, text in handout.texts.items()}
    own = set().union(*(expressions(handout.folder / name) for name in shown if name == "fixtures.py"))
    own |= {f"{q.name}({','.join(q.params)})" for q in handout.key.questions}  # as the stub defines it
    printed = PRINTED.get(handout.name, {})
    found = [
        (path.name, expression, name)
        for path in (*handout.solutions(), *handout.reference())
        for expression in sorted(expressions(path))
        for name, text in shown.items()
        if expression in text and expression not in own and expression not in printed
    ]
    assert not found, found
    assert all(any(expression in text for text in shown.values()) for expression in printed), "no longer printed"


def test_no_constant_of_the_reference_stands_in_the_handout(handout: Handout) -> None:
    """Numbers of three digits or more that an author wrote, but for those of public cases."""
    public = {
        f"{abs(float(v)):.12g}"
        for q in handout.key.questions
        for c in q.cases
        if not c.hidden
        for value in (*c.inputs.values(), *c.expected.values(), *c.kept.values())
        for leaf in numbers(value)
        for v in np.ravel(np.asarray(leaf, dtype=np.float64))
    }
    written: set[str] = set()
    for path in (*handout.reference(), *handout.solutions()):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                written.add(f"{float(node.value):.12g}")
    secret = {n for n in written - public if len(re.sub(r"\D", "", n.partition("e")[0]).strip("0")) >= 3}
    shown = {f"{float(n):.12g}" for text in handout.texts.values() for n in re.findall(r"\d+\.?\d*(?:e-?\d+)?", text)}
    assert not secret & shown, sorted(secret & shown)


def floats(case: FrozenCase) -> set[float]:
    values: set[float] = set()
    both: list[Any] = [*case.inputs.values(), *case.expected.values(), *case.kept.values()]
    both += [value for outputs in case.mistakes.values() for value in outputs.values()]
    for value in both:
        for leaf in numbers(value):
            array = np.asarray(leaf)
            if array.dtype == np.float64:
                values |= {float(v) for v in array.ravel() if np.isfinite(v) and v != np.round(v, 3)}
    return values


def test_no_hidden_number_is_in_any_byte(handout: Handout) -> None:
    everything = handout.everything
    cases = [c for q in handout.key.questions for c in q.cases]
    public = set().union(*(floats(c) for c in cases if not c.hidden))
    hidden = set().union(*(floats(c) for c in cases if c.hidden)) - public
    assert len(hidden) > 100
    assert not [v for v in hidden if np.float64(v).tobytes() in everything or repr(v).encode() in everything]


def filled(book: bytes, solution: str, targets: set[str]) -> bytes:
    """A released notebook with a solution's functions in the cells of the stub's, and the rest of it on top."""
    cut, made = pieces(solution, targets), json.loads(book)
    functions = {piece.name: piece.source for piece in cut if piece.name}
    for cell in made["cells"]:
        name = cell["id"].removeprefix("stub-")
        if name in functions:
            cell["source"] = functions.pop(name)
        elif cell["id"] == "code-1":
            cell["source"] = "\n".join(piece.source for piece in cut if not piece.name)
    assert not functions
    return json.dumps(made).encode()


def test_the_notebook_holds_each_function_and_the_readme_once(handout: Handout) -> None:
    name = handout.key.file.replace(".py", ".ipynb")
    data = (handout.folder / name).read_bytes()
    book = nbformat.reads(data.decode(), 4)
    nbformat.validate(book)
    assert (book.nbformat, book.metadata.kernelspec.name, book.metadata.language_info.name) == (4, "python3", "python")
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book.cells)
    assert data == made_notebook(ROOT / "assignments" / handout.name, handout.key), "the same bytes each time"
    code = [cell.source for cell in book.cells if cell.cell_type == "code"]
    stub = (handout.folder / handout.key.file).read_text()
    targets = {t for q in handout.key.questions for t in q.targets}
    for piece in pieces(stub, targets):
        assert code.count(piece.source) == 1, piece.name
    assert "".join("".join(p.source for p in pieces(stub, targets)).split()) == "".join(stub.split()), "no line is lost"
    graded = [line for source in code for line in source.splitlines() if line.startswith("%grade")]
    assert sorted(graded) == sorted(["%grade", *(f"%grade {q.name}" for q in handout.key.questions)])
    assert graded[-1] == "%grade" and "%load_ext grader" in code[0]
    below = dict(itertools.pairwise(cell.id for cell in book.cells))
    above = {after: before for before, after in below.items()}
    texts = {cell.id: cell.source for cell in book.cells if cell.cell_type == "markdown"}
    for target in targets:
        assert below[f"stub-{target}"] == f"check-{target}" and above[f"stub-{target}"] == f"text-{target}"
    said = "\n".join(texts.values())
    readme = re.sub(r"```math\n((?:.|\n)*?)```", r"$$\n\1$$", (handout.folder / "README.md").read_text())
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", readme)]
    flat = " ".join(said.split())
    places = [flat.find(block) for block in blocks]
    assert places == sorted(places) and places[0] == 0, "in its order"
    assert [b for b in blocks if len(b) > 40 and flat.count(b) != 1] == []
    ours = [text for text in texts.values() if "Its text stands above" in text]
    assert len(flat) < len(" ".join(blocks)) + 60 * len(targets) + 600 and len(ours) < len(targets)
    assert handed_of(load((handout.folder / PUBLIC_KEY).read_bytes())).notebook(data)


def test_the_notebook_with_the_model_solution_earns_everything(handout: Handout) -> None:
    data = (handout.folder / handout.key.file.replace(".py", ".ipynb")).read_bytes()
    solution = (ROOT / "reference" / handout.name / "solutions" / "model.py").read_text()
    targets = {t for q in handout.key.questions for t in q.targets}
    book = filled(data, solution, targets)
    assert not handed_of(load((handout.folder / PUBLIC_KEY).read_bytes())).notebook(book)
    others = [SourceFile(p.name, p.read_bytes()) for p in handout.folder.glob("*.py") if p.name != handout.key.file]
    work = Submission("ada", (*others, SourceFile("mine.ipynb", book)), "mine.ipynb")
    spawner = Spawner()
    try:
        graded = grade(handout.key, work, spawner, Limits())
    finally:
        spawner.close()
    assert (graded.score, graded.max_score, graded.notes) == (100.0, 100.0, ())


def test_the_stub_earns_nothing_and_says_what_to_do(handout: Handout) -> None:
    """Every function that is asked for has a docstring that names its parameters and what it returns."""
    tree = ast.parse((handout.folder / handout.key.file).read_text())
    defined = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    for q in handout.key.questions:
        for target in q.targets:
            doc = ast.get_docstring(defined[target]) or ""
            assert len(doc) > 60, target
            node = defined[target]
            if isinstance(node, ast.FunctionDef):
                for argument in node.args.args:
                    assert re.search(rf"\b{re.escape(argument.arg)}\b", doc), (target, argument.arg)
    readme = (handout.folder / "README.md").read_text()
    assert "grader check" in readme and ("```math" in readme or "$" in readme)
    for q in handout.key.questions:
        assert q.name in readme, q.name
