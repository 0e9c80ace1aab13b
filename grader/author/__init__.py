"""What an instructor writes, checked where it is written: questions, properties, cases; and reading it from disk."""

from ..model import Fixture
from .case import CASE_WORDS, Case, Function, Terms, Where, call, get, new, run
from .question import Assignment, Called, Cased, Given, Question, Variant, itself

__all__ = [
    "CASE_WORDS",
    "Assignment",
    "Called",
    "Case",
    "Cased",
    "Fixture",
    "Function",
    "Given",
    "Question",
    "Terms",
    "Variant",
    "Where",
    "call",
    "get",
    "itself",
    "new",
    "run",
]
