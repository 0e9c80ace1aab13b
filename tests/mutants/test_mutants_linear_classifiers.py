"""Every mutant of the repository's own assignment runs or raises, soon; the hidden cases fail all but those that are
the same function."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from conftest import ROOT

from grader.author import Question, Where
from grader.author.source import Source, read_source
from grader.course import Course
from grader.errors import AuthorError
from grader.freeze import freeze
from grader.freeze.forward import Reference
from grader.judge import judge
from grader.model import AnswerKey, Response, Verdict
from grader.mutants import Mutant, mutants

NAME = "linear_classifiers"
PACKAGE = f"_reference_{NAME}"
# Dropping the mask leaves max(0, 1) in the true class's column: a constant, which has no gradient.
SAME = {
    ("svm_gradient", "(S - S.gather(…) + 1) * wrong  ->  S - S.gather(…) + 1"),
    ("loss_sensitivity", "torch.relu(…) * wrong  ->  torch.relu(…)"),  # there it cancels: a change is asked for
    ("Sequential", "zip(…, strict=True)  ->  zip(…, strict=False)"),
    ("forward_backward", "zip(Ws, bs, strict=True)  ->  zip(Ws, bs, strict=False)"),
}
# What labels are refused: told by cases that raise, which are not judged here.
REFUSAL = {
    ("svm_loss_variant", "y >= S.shape[1]  ->  y > S.shape[1]"),
    ("svm_loss_variant", "(y < 0) | (y >= S.shape[1])  ->  y >= S.shape[1]"),
    ("svm_loss_variant", "(y < 0) | (y >= S.shape[1])  ->  y < 0"),
}


@pytest.fixture(scope="module")
def source(secret_file: Path) -> Source:
    return read_source(Course(ROOT, secret_file), NAME)


@pytest.fixture(scope="module")
def key(secret_file: Path) -> AnswerKey:
    return freeze(Course(ROOT, secret_file), NAME)


def survives(source: Source, key: AnswerKey, question: Question, mutant: Mutant) -> bool:
    """Whether no hidden case fails the mutant."""
    reference = Reference(source, question, "cpu")
    frozen = next(q for q in key.questions if q.name == question.name)
    answers = {}
    for case, kept in zip(source.cases[question.name], frozen.cases, strict=True):
        if not case.hidden or case.raises is not None:
            continue
        try:
            values = reference.compute(case, mutant.forward, Where(mutant.file, mutant.line), torch.float64).values()
        except AuthorError:
            return False
        answers[case.name] = Response({**kept.expected, **values})
    return not any(o.verdict is Verdict.FAIL for o in judge(frozen, answers)[0] if o.case in answers)


def test_the_hidden_cases_fail_every_mutant_that_is_another_function(source: Source, key: AnswerKey) -> None:
    start, count, left = time.monotonic(), 0, set()
    for question in source.assignment.questions:
        if not isinstance(question, Question):
            continue  # a property
        found = mutants(question, PACKAGE)
        assert found, question.name
        assert all(len(m.label) <= 70 and Path(m.file).is_file() and m.line > 0 for m in found)
        places = [(m.file, m.line, m.label, m.kind) for m in found]
        assert len(set(places)) == len(places)
        count += len(found)
        for mutant in found:
            if survives(source, key, question, mutant) and mutant.reached and not mutant.inert:
                left.add((question.name, mutant.label))
    assert left == SAME | REFUSAL
    assert count > 100
    assert time.monotonic() - start < 60


def test_what_a_fixed_parameter_shuts_out_is_not_reached(source: Source, key: AnswerKey) -> None:
    question = next(q for q in source.assignment.questions if q.name == "svm_gradient")
    found = mutants(question, PACKAGE)
    for mutant in found:
        survives(source, key, question, mutant)
    assert {Path(m.file).name for m in found if not m.reached} == {"full.py", "softmax.py"}
    assert {m.line for m in found if not m.reached and m.file.endswith("full.py")} == {34, 35}
