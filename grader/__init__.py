"""Grades deep-learning assignments: student functions in a sandbox, against a PyTorch reference.

Authors import from here, and so do students, in a notebook: `%load_ext grader`, `from grader import check`. Importing
it loads neither torch nor nbformat. (pytest looks for the word PYTEST_DONT_REWRITE: without it, it warns that this was
imported before its plugin was.)"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .author import Assignment, Case, Fixture, Terms, call, get, new, run
    from .author.define import question
    from .author.property import prop
    from .magic import check, load_ipython_extension, unload_ipython_extension
    from .predicate import at_most, close

__all__ = [
    "Assignment",
    "Case",
    "Fixture",
    "Terms",
    "at_most",
    "call",
    "check",
    "close",
    "get",
    "load_ipython_extension",
    "new",
    "prop",
    "question",
    "run",
    "unload_ipython_extension",
]
STUDENTS = ("check", "load_ipython_extension", "unload_ipython_extension")


def __getattr__(name: str) -> Any:  # so that `grader check` can start its worker before NumPy is imported
    if name in STUDENTS:
        from . import magic

        return getattr(magic, name)
    if name in __all__:
        from . import author, predicate
        from .author import define, property

        homes = {"question": define, "prop": property, "close": predicate, "at_most": predicate}
        return getattr(homes.get(name, author), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
