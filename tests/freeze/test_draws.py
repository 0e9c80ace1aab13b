"""Hidden cases drawn per student: replayable, audited, the same batched and one at a time, and graded with."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, Run
from coursekit import CASES, SQUARE, course_per_student, line_of, write_course
from test_freeze import ALL, FIXTURES

from grader.audit import wrong
from grader.course import Course
from grader.errors import AuthorError, UsageError
from grader.freeze import freeze
from grader.freeze.draws import freeze_students, surviving
from grader.freeze.leaves import numbers
from grader.freeze.together import Told
from grader.keyfile import dump, load, public_view
from grader.model import AnswerKey, FrozenQuestion, Response
from grader.tolerance import distance

STUDENTS = ["ada", "bo", "../../etc/passwd", "Ŝî 김", "eve", "fay"]


def copy_of_linear_classifiers(root: Path) -> Course:
    """This repository's assignment with the option on."""
    for part in ("assignments", "reference"):
        shutil.copytree(ROOT / part / "linear_classifiers", root / part / "linear_classifiers")
    init = root / "reference" / "linear_classifiers" / "__init__.py"
    init.write_text(
        init.read_text().replace('    "Linear classifiers",', '    "Linear classifiers",\n    per_student=True,')
    )
    (root / "secret").write_text("a secret of the tests, long enough\n")
    return Course(root, root / "secret")


def keys(
    course: Course, students: list[str], told: Told | None = None, name: str = "demo", device: str = "cpu"
) -> dict[str, AnswerKey]:
    return {key.student: key for key in freeze_students(course, name, students, device, told=told)}


def singly(course: Course, students: list[str], name: str = "demo") -> dict[str, AnswerKey]:
    return {key.student: key for key in freeze_students(course, name, students, batched=False)}


def agree(a: AnswerKey, b: AnswerKey) -> int:
    """Assert that two keys agree within the tolerance table; the number of arrays that were compared."""
    count = 0
    for mine, theirs in zip(a.questions, b.questions, strict=True):
        for x, y in zip(mine.cases, theirs.cases, strict=True):
            assert (x.name, x.hidden, x.raises, x.kink) == (y.name, y.hidden, y.raises, y.kink)
            assert x.bounds.keys() == y.bounds.keys() and x.expected.keys() == y.expected.keys()
            for output, value in x.expected.items():
                if value is None or isinstance(value, str):
                    assert value == y.expected[output]
                    continue
                for left, right in zip(numbers(value), numbers(y.expected[output]), strict=True):
                    units = distance(np.asarray(right), np.asarray(left), x.bounds[output]["float64"])
                    assert float(units.max(initial=0.0)) <= 0.1, (mine.name, x.name, output, units)
                    count += 1
                for dtype, row in x.bounds[output].items():
                    other = y.bounds[output][dtype]  # the noise is measured by random rounding
                    assert row.rtol == other.rtol and row.atol <= 4 * other.atol <= 16 * row.atol, (mine.name, x.name)
            for ours, others in [(x.mistakes, y.mistakes), (x.conventions, y.conventions), (x.terms, y.terms)]:
                assert ours.keys() == others.keys()
                for name, parts in ours.items():
                    assert parts.keys() == others[name].keys()
                    for output, value in parts.items():
                        for left, right in zip(numbers(value), numbers(others[name][output]), strict=True):
                            np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9)
                            count += 1
    return count


# -- a draw --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return course_per_student(tmp_path_factory.mktemp("everything"), ALL, fixtures=FIXTURES)


@pytest.fixture(scope="module")
def drawn(everything: Course) -> tuple[dict[str, AnswerKey], Told]:
    told = Told()
    return keys(everything, STUDENTS, told), told


def test_each_student_has_hidden_cases_of_their_own_and_the_public_ones_of_all(
    everything: Course, drawn: tuple[dict[str, AnswerKey], Told]
) -> None:
    base, found = freeze(everything, "demo"), drawn[0]
    assert list(found) == STUDENTS and base.per_student and base.student == ""
    assert len({dump(public_view(key)) for key in [base, *found.values()]}) == 1
    for question in range(len(base.questions)):
        cases = [[c for c in key.questions[question].cases if c.hidden] for key in [base, *found.values()]]
        draws = {json.dumps([str(c.inputs) for c in hidden]) for hidden in cases}
        assert len(draws) == len(STUDENTS) + 1
    prints = {key.provenance["draw"] for key in found.values()}
    assert len(prints) == len(STUDENTS) and all(len(p) == 12 for p in prints)
    assert {key.provenance["seed"] for key in found.values()} == {base.provenance["seed"]}


def test_a_draw_is_replayed_from_the_secret_and_the_name(everything: Course, tmp_path: Path) -> None:
    again = course_per_student(tmp_path, ALL, fixtures=FIXTURES)
    (one,), (two,) = keys(everything, ["ada"]).values(), keys(again, ["ada"]).values()
    assert dump(replace(one, provenance={})) == dump(replace(two, provenance={}))
    assert load(dump(one)).student == "ada" and load(dump(one)).per_student
    (tmp_path / "secret").write_text("another secret, also long enough\n")
    (other,) = keys(again, ["ada"]).values()
    assert other.provenance["draw"] != one.provenance["draw"]
    assert other.questions[0].cases[1].inputs["X"].tolist() != one.questions[0].cases[1].inputs["X"].tolist()


def test_one_draw_for_all_has_no_students(tmp_path: Path) -> None:
    course = write_course(tmp_path, SQUARE + CASES.format(name="square"))
    with pytest.raises(UsageError, match="per_student=True"):
        keys(course, ["ada"])
    assert not freeze(course, "demo").per_student


def test_per_student_is_true_or_false(tmp_path: Path) -> None:
    course = course_per_student(tmp_path, SQUARE + CASES.format(name="square"))
    path = tmp_path / "reference" / "demo" / "__init__.py"
    path.write_text(path.read_text().replace("per_student=True", "per_student='yes'"))
    with pytest.raises(AuthorError, match="per_student='yes'"):
        freeze(course, "demo")


# -- batched -------------------------------------------------------------------------------------------------


def test_batched_and_single_keys_agree(everything: Course, drawn: tuple[dict[str, AnswerKey], Told]) -> None:
    found, told = drawn
    for student, key in singly(everything, STUDENTS).items():
        assert agree(found[student], key) > 50
    assert {"ridge", "relu", "relu_backward", "Layer", "finite_difference"} <= set(told.together) - set(told.singly)
    assert set(told.singly) == {"bag"} and not told.disagreements  # it asks for int(x.argmax())
    assert told.lines()[0].startswith("batched: ridge, relu") and "one at a time: bag" in told.lines()[1]


def test_batched_and_single_keys_agree_on_linear_classifiers(tmp_path: Path) -> None:
    course, told = copy_of_linear_classifiers(tmp_path), Told()
    found = keys(course, STUDENTS, told, "linear_classifiers")
    for student, key in singly(course, STUDENTS[::3], "linear_classifiers").items():
        assert agree(found[student], key) > 500
    # With six students an integer label can be one's own, and a mistake may pick another subgradient of a maximum.
    # A label that is refused is a branch on data, a gradient in a list is not batched, nor is a case at a kink.
    some = {"svm_loss_i", "softmax_loss", "loss_sensitivity", "ReLU"}
    assert (
        set(told.singly) <= {*some, "svm_loss_variant", "forward_backward", "full_loss", "SVMLoss"}
        and len(told.together) == 15
    )
    assert not any("reference" in part for name in some for part in told.singly.get(name, ()))


FORWARDS = {  # name: (body of the forward, inputs of the hidden case, whether it is batched, why not)
    "shapes differ": ("(x * x).sum()", "x=rng.normal(size=int(rng.integers(1, 900)))", False, "no other has"),
    "floats differ": ("(x * x).sum() * a", "x=rng.normal(size=3), a=rng.normal()", True, ""),
    "integers choose": ("x[a] ** 2", "x=rng.normal(size=3), a=int(rng.integers(2))", True, ""),
    "a branch on data": ("x.sum() if x[0] > 0 else (x * x).sum()", "x=rng.normal(size=3)", False, "data-dependent"),
    "item": ("(x * x).sum() + 0 * x.detach()[0].item()", "x=rng.normal(size=3)", False, "item()"),
    "same for all": ("(x * x).sum()", "x=np.array([3.0, 4.0])", False, ""),
    "random numbers": ("(x * x).sum() + 0 * torch.rand(()).to(x.dtype)", "x=rng.normal(size=3)", False, "random"),
    "NumPy": ("float(x.detach().numpy().sum())", "x=rng.normal(size=3)", False, "RuntimeError"),
    "vmap alone is wrong": (
        "(x * x).sum() * (1 + torch._C._functorch.is_batchedtensor(x))",
        "x=rng.normal(size=3)",
        False,
        "DISAGREES",
    ),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_what_cannot_be_batched_is_done_singly_and_said(name: str, tmp_path: Path) -> None:
    body, inputs, batched, why = FORWARDS[name]
    params, gradient = "x, a" if " a=" in inputs else "x", "" if name == "NumPy" else ", dx=2"
    given = "x=np.array([1.0, 2.0])" + (", a=1" if "integers" in name else ", a=1.0" if " a=" in inputs else "")
    source = f'''
@question(loss=1{gradient})
def f({params}):
    """Doc."""
    return {body}


@f.cases
def _(rng):
    yield Case("seen", {given})
    yield Case("unseen", hidden=True, {inputs})


@f.mistake("Is it not twice as much?")
def twice(out):
    return {{"loss": out.loss * 2 + 1}}
'''
    course, told = course_per_student(tmp_path, source), Told()
    found = keys(course, STUDENTS, told)
    for student, key in singly(course, STUDENTS).items():
        agree(found[student], key)
    assert ("f" in told.together) == batched
    reasons = " ".join(told.singly.get("f", {}).values())
    assert why in reasons and bool(why) == bool(reasons)
    assert bool(told.disagreements) == (why == "DISAGREES")


# -- the audit of every draw ---------------------------------------------------------------------------------

LUCKY = '''
@question(loss=1)
def total(x):
    """Sum. x (N,); loss ()."""
    return x.sum()


@total.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, -2.0]))
    yield Case("unseen", hidden=True, x=np.array([1.0, rng.choice([-1.0, 1.0])]))


@total.mistake("What is the sum of 1 and -1?")
def size(x):
    return x.abs().sum()
'''


def test_a_draw_in_which_a_mistake_survives_is_drawn_again(tmp_path: Path) -> None:
    course, told = course_per_student(tmp_path, LUCKY), Told()
    students = [f"s{i}" for i in range(8)]
    found = keys(course, students, told)
    assert all(key.questions[0].cases[1].inputs["x"][1] == -1.0 for key in found.values())
    again = [key for key in found.values() if "redrawn" in key.provenance]
    assert 0 < len(again) < len(students) and again[0].provenance["redrawn"].startswith("total ")
    assert told.redrawn["total"] >= len(again) and "drawn again: total" in told.lines()[-1]
    alone = keys(course, [again[0].student])[again[0].student]
    assert dump(alone) == dump(again[0])  # the same whoever else is frozen with it


def test_a_mistake_that_always_survives_is_refused(tmp_path: Path) -> None:
    source = LUCKY.replace("[-1.0, 1.0]", "[2.0, 1.0]")
    with pytest.raises(AuthorError, match=r"total: no hidden case fails the mistake size .*'bo'") as caught:
        keys(course_per_student(tmp_path, source), ["bo"])
    assert "in every draw" in caught.value.mend and Path(caught.value.file).name == "q.py"


def test_a_draw_for_which_the_reference_does_not_hold_is_drawn_again_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SQUARE.replace("(x * x).sum()", "torch.relu(x).sum()") + CASES.format(name="square").replace(
        "rng.normal(size=3)", "rng.choice([0.0, 1.0, 2.0, 3.0], size=1)"
    )
    course = course_per_student(tmp_path, source)
    base = freeze(course, "demo")  # with this secret the course's own draw holds
    students = [f"s{i}" for i in range(8)]
    found = list(freeze_students(course, "demo", students, base=base))
    assert all(key.questions[0].cases[1].inputs["x"][0] > 0 for key in found)
    assert any("redrawn" in key.provenance for key in found)
    monkeypatch.setattr("grader.freeze.draws.REDRAWS", 0)
    with pytest.raises(AuthorError, match=r"not differentiable in x there.* \(1 draws .* 's\d'") as caught:
        list(freeze_students(course, "demo", students, base=base))
    assert caught.value.line == line_of((tmp_path / "reference" / "demo" / "q.py").read_text(), "hidden=True")


def test_surviving_is_what_the_audit_says(tmp_path: Path, everything: Course) -> None:
    def audited(question: FrozenQuestion) -> list[str]:
        def answers(name: str) -> dict[str, Response]:
            changed = {c.name: c.mistakes.get(name, {}) for c in question.cases if c.raises is None}
            return wrong.right(question) | {
                c.name: Response({**c.expected, **changed[c.name]}) for c in question.cases if c.name in changed
            }

        return [m.name for m in question.mistakes if not wrong.fare(question, answers(m.name)).hidden]

    survivors = 0
    sources = [freeze(everything, "demo"), freeze(copy_of_linear_classifiers(tmp_path), "linear_classifiers")]
    for question in [q for key in sources for q in key.questions if not q.predicate]:
        assert surviving(question) == audited(question)
        for case in question.cases:  # with fewer cases some mistakes do survive, with and without conventions
            few = replace(question, cases=tuple(c for c in question.cases if c.name == case.name or not c.hidden))
            assert surviving(few) == audited(few)
            survivors += len(surviving(few))
    assert survivors > 10


# -- grading -------------------------------------------------------------------------------------------------

RIGHT = "def square(x):\n    return (x * x).sum(), 2 * x\n"


def test_grade_uses_each_students_own_key(tmp_path: Path, grader: Run) -> None:
    course = course_per_student(tmp_path, SQUARE + CASES.format(name="square"))
    work = tmp_path / "work"
    for name in ["ada", "bo", "Ŝî 김 $(x)%2f"]:
        (work / name).mkdir(parents=True)
        (work / name / "demo.py").write_text(RIGHT)
    (work / "none").mkdir()
    command = ["grade", "demo", work, "--course", tmp_path, "--secret-file", tmp_path / "secret", "--out"]
    done = grader(*command, tmp_path / "out", "--allow-weak-isolation")
    assert done.returncode == 0, done.stderr
    assert "freezing demo for 4 of 4 students" in done.stderr and "batched: square" in done.stderr
    reports = {r["student"]: r for r in map(json.loads, (tmp_path / "out" / "reports.jsonl").read_text().splitlines())}
    assert [reports[s]["score"] for s in ("ada", "bo", "Ŝî 김 $(x)%2f", "none")] == [3, 3, 3, 0]
    assert len({reports[s]["provenance"]["draw"] for s in ("ada", "bo", "Ŝî 김 $(x)%2f")}) == 3
    made = sorted(p.name for p in (tmp_path / ".grader" / "keys").iterdir())
    assert len(made) == 5 and all(p.rsplit("-")[-1].removesuffix(".key").isalnum() for p in made)
    assert all((p.stat().st_mode & 0o777) == 0o600 for p in (tmp_path / ".grader" / "keys").iterdir())

    base = course.key_path("demo", "cpu")
    before = {p.name: p.stat().st_mtime_ns for p in base.parent.iterdir()}
    course.student_path(base, "bo").unlink()
    done = grader(*command, tmp_path / "out", "--allow-weak-isolation")
    assert done.returncode == 0 and "for 1 of 4 students" in done.stderr
    after = {p.name: p.stat().st_mtime_ns for p in base.parent.iterdir()}
    assert set(before) == set(after)
    ada = course.student_path(base, "ada").name
    assert before[ada] == after[ada]

    # The answers to bo's own case are no answers to ada's.
    x = load(course.student_path(base, "bo").read_bytes()).questions[0].cases[1].inputs["x"]
    cheat = f"import numpy as np\n\ndef square(x):\n    y = np.array({x.tolist()})\n    return (y * y).sum(), 2 * y\n"
    for name in ("ada", "bo"):
        (work / name / "demo.py").write_text(cheat)
    assert grader(*command, tmp_path / "out", "--allow-weak-isolation").returncode == 0
    reports = {r["student"]: r for r in map(json.loads, (tmp_path / "out" / "reports.jsonl").read_text().splitlines())}
    hidden = {s: [o["verdict"] for o in reports[s]["questions"][0]["outcomes"] if o["hidden"]] for s in ("ada", "bo")}
    assert hidden == {"ada": ["FAIL", "FAIL"], "bo": ["PASS", "PASS"]}


def test_freeze_for_named_students_and_an_authors_error(tmp_path: Path, grader: Run) -> None:
    course_per_student(tmp_path, LUCKY.replace("[-1.0, 1.0]", "[2.0, 1.0]"))
    (tmp_path / "names").write_text("ada\n\nbo\nada\n")
    done = grader("freeze", "demo", "--course", tmp_path, "--students", tmp_path / "names")
    assert done.returncode == 2 and "no hidden case fails the mistake size" in done.stderr
    assert "Traceback" not in done.stderr
    course_per_student(tmp_path, LUCKY)
    done = grader("freeze", "demo", "--course", tmp_path, "--students", tmp_path / "names")
    assert done.returncode == 0 and "demo: 2 students, 2 keys frozen" in done.stdout, done.stderr


# -- devices -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not torch.cuda.is_available(), reason="NOT RUN: there is no CUDA device, keys of both devices are not compared"
)
@pytest.mark.parametrize("name", ["demo", "linear_classifiers"])
def test_cuda_and_cpu_keys_agree_within_the_tolerance_table(name: str, tmp_path: Path) -> None:
    course = (
        course_per_student(tmp_path, ALL, fixtures=FIXTURES) if name == "demo" else copy_of_linear_classifiers(tmp_path)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there = keys(course, STUDENTS, None, name, "cuda")
        base = freeze(course, name, "cuda")
    for pair in [(freeze(course, name), base), *((keys(course, [s], None, name)[s], k) for s, k in there.items())]:
        for mine, theirs in zip(pair[0].questions, pair[1].questions, strict=True):
            for x, y in zip(mine.cases, theirs.cases, strict=True):
                for output, value in x.expected.items():
                    for left, right in zip(numbers(value), numbers(y.expected[output]), strict=True):
                        units = distance(np.asarray(right), np.asarray(left), x.bounds[output]["float64"])
                        assert float(units.max(initial=0.0)) <= 1.0, (mine.name, x.name, output)
