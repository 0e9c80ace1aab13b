"""What is kept between the checks of a notebook's kernel, or of one run of a script: the cells that were run, the key,
and a worker that is ready."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import GraderError, UsageError
from ..model import Limits, SourceFile, Submission, Verdict
from ..sandbox.ready import Ready
from .cells import Cells
from .wanted import asked_for, file_of, home, locate_key

if TYPE_CHECKING:
    from ..checking import Check
    from ..model import AnswerKey
    from ..report.shown import Shown

NOT_RUN = "only cells that were run in this session count: run the cell that defines it, then check again"


class Checked:
    """What came of a check. True where every question that was asked for is right; shows itself as a table."""

    def __init__(self, shown: Shown, passed: bool) -> None:
        self.shown, self.passed = shown, passed

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        from ..report.shown import as_text

        return as_text(self.shown)

    def _repr_html_(self) -> str:
        from ..report.shown import as_html

        return as_html(self.shown)


class Stopped(KeyboardInterrupt):
    """An interrupt during a check, without a traceback of ours."""

    def _render_traceback_(self) -> list[str]:
        return ["KeyboardInterrupt: the check was stopped"]


class Session:
    """What is kept between the checks of one process. `shell` is IPython's, or None in a script or at a prompt."""

    def __init__(self, shell: Any = None) -> None:
        self.shell, self.workers, self.cells = shell, Ready(), Cells()
        self.named: Path | None = None  # the key that --key named
        self._key: tuple[tuple[Path, int, int], AnswerKey] | None = None
        atexit.register(self.workers.close)
        if shell is not None:
            history = self._history
            self.cells = Cells(history)
            request = self._request
            if history and request["content"].get("code") == history[-1]:  # the cell that loads us is being run
                self.cells.ran(history[-1], len(history), str(request["metadata"].get("cellId") or ""))
            shell.events.register("pre_run_cell", self._before)
            shell.events.register("post_run_cell", self._after)

    def close(self) -> None:
        if self.shell is not None:
            for event, heard in (("pre_run_cell", self._before), ("post_run_cell", self._after)):
                with contextlib.suppress(ValueError):
                    self.shell.events.unregister(event, heard)
        self.workers.close()
        atexit.unregister(self.workers.close)

    # -- what was run ------------------------------------------------------------------------------------------

    @property
    def _history(self) -> list[str]:
        """The code from In [1] on."""
        manager = self.shell.history_manager
        return list(getattr(manager, "input_hist_raw", [""]))[1:]

    @property
    def _request(self) -> dict[str, Any]:
        """What the front end asked for last: "content" and "metadata" of the message; empty in a terminal."""
        message = getattr(self.shell, "parent_header", None)
        message = message if isinstance(message, dict) else {}
        return {part: message.get(part) or {} for part in ("content", "metadata")}

    def _before(self, info: Any) -> None:
        if info.store_history and not info.silent:  # else it is not the user's own cell
            which = getattr(info, "cell_id", None) or self._request["metadata"].get("cellId")  # IPython before 8.3
            self.cells.ran(info.raw_cell, len(self._history) + 1, str(which or ""))

    def _after(self, result: Any) -> None:
        info = result.info
        if info is not None and info.store_history and isinstance(result.error_in_exec, KeyboardInterrupt):
            self.cells.stopped(info.raw_cell)

    # -- checking ----------------------------------------------------------------------------------------------

    @property
    def space(self) -> dict[str, Any]:
        return dict(self.shell.user_ns if self.shell is not None else vars(sys.modules["__main__"]))

    def prepare(self) -> None:
        """Have a worker ready for the first check. Raises GraderError and OSError."""
        self.workers.warm()
        self._warm(self._loaded(self._locate((), None)))

    def check(self, things: Sequence[object], key: Path | None = None) -> Checked:
        """Never raises for what can be told in a line; KeyboardInterrupt ends the worker too."""
        loaded = None
        try:
            path = self._locate(things, key)
            self.workers.warm()  # it imports NumPy while we do
            loaded = self._loaded(path)
            return self._checked(loaded, things)
        except (GraderError, OSError) as error:
            from ..report.shown import Shown

            what = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else error
            return Checked(Shown(problem=str(what)), False)
        except KeyboardInterrupt:
            if self.shell is None:
                raise
            raise Stopped from None
        finally:
            if loaded is not None:
                self._warm(loaded)

    def _warm(self, key: AnswerKey) -> None:
        """The next worker, while the student thinks; a script that ends needs none."""
        if self.shell is not None or hasattr(sys, "ps1"):
            with contextlib.suppress(GraderError):  # the next check says it
                self.workers.warm(key.library, key.fixtures, Limits())

    def _locate(self, things: Sequence[object], key: Path | None) -> Path:
        for thing in things:
            if not (callable(thing) or isinstance(thing, str)):
                raise UsageError(f"check() takes functions, classes and names, not {type(thing).__name__}")
        space = self.space
        named = [space.get(thing) if isinstance(thing, str) else thing for thing in things]
        files = [file for thing in named if callable(thing) and (file := file_of(thing))]
        return locate_key(key or self.named, [*(file.parent for file in files), Path.cwd()])

    def _loaded(self, path: Path) -> AnswerKey:
        from ..checking import open_key

        mark = (path.absolute(), (stat := path.stat()).st_mtime_ns, stat.st_size)
        if self._key is None or self._key[0] != mark:
            self._key = mark, open_key(path)
        return self._key[1]

    def _checked(self, key: AnswerKey, things: Sequence[object]) -> Checked:
        from ..checking import Check
        from ..report.shown import shown

        space = self.space
        names = asked_for(key, things, space)
        file = home(key, names, things, space)
        submission, where, named = self._submission(key, file, things)
        with Check(key, submission, self.workers, names) as check:
            table = shown(check, where, named)
            if submission.main.endswith(".ipynb") and file is None:
                table = replace(table, notes=self._notes(table.notes, check))
            return Checked(table, check.passed)

    def _notes(self, notes: Sequence[str], check: Check) -> tuple[str, ...]:
        """What is said of a session's cells: earlier states of a cell are no second definition."""
        kept = [n for n in notes if self.cells.certain or " is defined again in In [" not in n]
        missing = any(o.verdict is Verdict.MISSING for one in check.done for o in one.result.outcomes)
        return (*kept, *([NOT_RUN] if missing else []))

    def _submission(self, key: AnswerKey, file: Path | None, things: Sequence[object]) -> tuple[Submission, str, Any]:
        """What is checked, what it is called, and what to call places in it."""
        from ..checking import own_work

        if file is None and self.shell is not None:
            cells = len(self.cells.cells())
            return self._cells(key), f"{cells} cell{'s' * (cells != 1)} run in this session", self.cells.named
        if file is None:
            typed = [thing for thing in things if not isinstance(thing, str)]
            if typed:
                raise UsageError("only code in a file or a notebook can be checked; save it, then import it from there")
            file = Path.cwd()
        submission = own_work(file, key)
        return submission, submission.main, str

    def _cells(self, key: AnswerKey) -> Submission:
        """The cells as a notebook, with the Python files beside it. Raises UsageError."""
        from ..collect.beside import beside
        from ..collect.disk import MAX_NOTEBOOK

        told = str(self.shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or "")
        name = Path(told).name if told.endswith(".ipynb") else f"{Path(key.file).stem}.ipynb"
        data = self.cells.notebook()
        if len(data) > MAX_NOTEBOOK:
            raise UsageError(f"the cells of this session hold {len(data):,} bytes; restart the kernel and run the last")
        files = [file for file in beside(Path.cwd()) if file.name != name]
        return Submission(Path(name).stem, (*files, SourceFile(name, data)), name)
