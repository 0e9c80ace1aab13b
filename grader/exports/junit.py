"""JUnit XML: a test case per question, points as properties.

They are the suite's, named after their question, since the schema of Jenkins' xunit plugin (junit-10.xsd) knows no
properties of a test case and refuses the file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

from ..report.files import points
from ..report.view import QuestionView, StudentView
from ..text import clean_text
from .told import honest, lines, overridden, right


def junit(views: Iterable[StudentView]) -> str:
    """A suite per student, a case per question: <failure> where something is wrong, <error> where it is ungraded."""
    found = list(views)
    counted = [_counted(view) for view in found]
    sums = {name: str(sum(int(one[name]) for one in counted)) for name in ("tests", "failures", "errors")}
    root = ET.Element("testsuites", {"name": "grader", **sums})
    for view, counts in zip(found, counted, strict=True):
        suite = ET.SubElement(root, "testsuite", counts)
        properties = ET.SubElement(suite, "properties")
        for name, value in (
            ("score", points(view.score)),
            ("max_score", points(view.max_score)),
            ("status", view.status),
            ("rests on", honest(view)),
            *(("note", note) for note in view.notes),
            *(pair for q in view.questions for pair in _properties(q)),
        ):
            ET.SubElement(properties, "property", name=xml_text(name), value=xml_text(value))
        for q in view.questions:
            _case(suite, view, q)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _counted(view: StudentView) -> dict[str, str]:
    ungraded = sum(q.score is None for q in view.questions)
    failed = sum(q.score is not None and not right(q) for q in view.questions)
    counts = {"tests": len(view.questions), "failures": failed, "errors": ungraded, "skipped": 0}
    return {"name": xml_text(view.student or view.assignment), **{k: str(v) for k, v in counts.items()}}


def _properties(q: QuestionView) -> Iterator[tuple[str, str]]:
    yield f"score {q.question}", points(q.score)
    yield f"max_score {q.question}", points(q.max_score)
    if q.override:
        yield f"override {q.question}", q.override.reason


def _case(suite: ET.Element, view: StudentView, q: QuestionView) -> None:
    case = ET.SubElement(suite, "testcase", classname=xml_text(view.assignment), name=xml_text(q.question))
    text = xml_text("\n".join(lines(q)))
    if q.score is None:
        ET.SubElement(case, "error", message="ungraded: a fault of the grader, run it again").text = text
    elif not right(q):
        told = f"{points(q.score)} of {points(q.max_score)} points"
        ET.SubElement(case, "failure", message=told).text = text
    elif q.override:
        ET.SubElement(case, "system-out").text = xml_text(overridden(q))


def xml_text(text: str) -> str:
    """Text without what XML 1.0 cannot hold (section 2.2: control characters, surrogates, U+FFFE and U+FFFF)."""
    cleaned = clean_text(text, 20_000)
    return "".join(
        c for c in cleaned if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
