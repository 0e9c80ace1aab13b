"""What an instructor writes, checked where it is written: questions, properties, cases; and reading it from disk."""

from .question import (
    CASE_WORDS,
    Assignment,
    Called,
    Case,
    Cased,
    Fixture,
    Function,
    Given,
    Question,
    Terms,
    Variant,
    Where,
    call,
    get,
    itself,
    new,
)

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
]
