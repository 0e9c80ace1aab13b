"""The check where a notebook's code is written: `%load_ext grader`, then `%%grade NAME` over a cell and `%grade`; and
`check(function)` anywhere, also in a script.

What is checked is code, never the objects that live in the kernel: the cells that were run, in the order in which they
last ran, go to a plain worker as the notebook that they make, or the file does that defines the function. So the
verdicts are those of the command line on the same code. IPython is not imported: where it runs it is there."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from ..errors import GraderError
from .session import Checked, Session

_session: Session | None = None


def session() -> Session:
    """The one of this process; in IPython it notes the cells that are run from here on."""
    global _session
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if _session is None or _session.shell is not shell:
        if _session is not None:
            _session.close()
        _session = Session(shell)
    return _session


def check(*things: object, key: str | os.PathLike[str] | None = None) -> Checked:
    """Check functions or classes, given themselves or by name, on the public cases; without any, all questions.

    In a notebook it is the code of the cells that were run; of a function that was imported from a file, that file.
    The result is true where all is right, and shows itself in a notebook and at a prompt; a script prints it."""
    here = session()
    result = here.check(things, Path(key) if key is not None else None)
    if here.shell is None and not hasattr(sys, "ps1"):
        print(result)
    return result


def grade(line: str, cell: str | None = None) -> None:
    """%grade [NAME …] checks questions by name, or all; %%grade [NAME …] runs the cell first. --key PATH names the
    public key, from then on."""
    from IPython.display import display

    here = session()
    error, show = _run(here.shell, cell) if cell is not None else (None, None)
    if not isinstance(error, KeyboardInterrupt):
        display(_graded(here, line))  # type: ignore[no-untyped-call]
    if error is not None:
        if show is not None:
            error._render_traceback_ = lambda: show  # type: ignore[attr-defined]
        raise error


def _graded(here: Session, line: str) -> Checked:
    from ..report.shown import Shown

    try:
        words = shlex.split(line, posix=os.name != "nt")
    except ValueError as error:
        return Checked(Shown(problem=f"%grade {line}: {error}"), False)
    names, key = list[str](), here.named
    while words:
        word = words.pop(0).strip("\"'")
        if word == "--key" and words:
            key = Path(words.pop(0).strip("\"'")).expanduser()
        elif word.startswith("-"):
            return Checked(Shown(problem=f"%grade knows no {word}: %grade [--key PATH] [NAME …]"), False)
        else:
            names += filter(None, word.split(","))
    result = here.check(names, key)
    here.named = here.named if result.shown.problem else key
    return result


def _run(shell: Any, cell: str) -> tuple[BaseException | None, list[str] | None]:
    """Run a cell as usual. What it raised, and its traceback as it would have been shown: so that it is shown once,
    behind the table, and the cell counts as failed."""
    seen, show = list[tuple[Any, Any, list[str]]](), shell._showtraceback
    shell._showtraceback = lambda kind, value, lines: seen.append((kind, value, lines))
    try:
        result = shell.run_cell(cell)
    finally:
        del shell._showtraceback
    error = result.error_before_exec or result.error_in_exec
    last = seen.pop() if seen and error is not None else None
    for kind, value, lines in seen:
        show(kind, value, lines)
    return error, last[2] if last else None


def load_ipython_extension(shell: Any) -> None:
    """%load_ext grader"""
    with contextlib.suppress(GraderError, OSError):  # the first check says it
        session().prepare()
    shell.register_magic_function(grade, "line_cell", "grade")


def unload_ipython_extension(shell: Any) -> None:
    """%unload_ext grader"""
    global _session
    for magics in shell.magics_manager.magics.values():
        magics.pop("grade", None)
    if _session is not None:
        _session.close()
        _session = None


if "IPython" in sys.modules:  # note the cells from `from grader import check` on
    session()
