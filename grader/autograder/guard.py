"""Whether student code may be run here. The sandbox is tried before each submission, and then the worker that would run
the submission really tries to open the key: a file mode proves nothing in a container that we do not know.

The container of a platform is root's without the right to make namespaces, and its kernel may lack Landlock. There a
worker can read files that everybody can read, and nothing else: all that is secret in this container is root's alone
and the worker is nobody, so that this is let pass, and said. Anything weaker is refused."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import SandboxError, WeakIsolationError
from ..model import AnswerKey, FrozenCase, FrozenQuestion, Limits, Output, SourceFile, Step, Submission
from ..sandbox import layers
from ..sandbox.run import Runner
from ..sandbox.spawn import Launcher
from ..sandbox.trial import Finding, try_sandbox

READABLE = {"read", "submission"}  # attempts that open what every user may open, and nothing else
CLOSED = "secrets closed by user"
TRIES = b"""
import os

def opens(paths, folders):
    found = {}
    for path in paths:
        try:
            if os.path.isdir(path):
                os.listdir(path)
            else:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            found["read " + path] = True
        except OSError:
            pass
    for folder in folders:
        path = os.path.join(folder, "grader-planted")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            found["write in " + folder] = True
            os.unlink(path)
        except OSError:
            pass
    return found
"""


def trusted(limits: Limits, weak: bool, disabled: tuple[str, ...] = ()) -> str:
    """Try the sandbox; the level that results are stamped with. `disabled` is for tests. Raises WeakIsolationError."""
    try:
        found = try_sandbox(limits, disabled)
    except SandboxError as error:
        raise WeakIsolationError(f"the sandbox could not be tried: {error}") from error
    if not found.weak:
        return found.level
    if only_readable(found):
        return f"{found.level}; {CLOSED}"
    if weak:
        return found.level
    lines = [f"  {layer:<14} {reason}" for layer, reason in layers.needed(found.lacking).items()]
    lines += [f"  {'open':<14} a worker can {way}" for way in found.open_ways]
    lines += [f"  {'not tried':<14} {found.not_tried}"] if found.not_tried else []
    raise WeakIsolationError("the sandbox is weaker here than it must be for student code:\n" + "\n".join(lines))


def only_readable(found: Finding) -> bool:
    """Whether nothing is open but files that everybody may read, to a worker that is nobody."""
    ways = {name for name, succeeded in found.attempts.items() if succeeded}
    needed = set(layers.needed(found.lacking))
    return "uid" not in found.lacking and needed <= {"landlock"} and ways <= READABLE | {"exists"} and bool(ways)


def require_closed(
    launcher: Launcher, library: str, limits: Limits, paths: Sequence[str], folders: Sequence[str]
) -> None:
    """Let a worker try to open these files and to write in these folders. Raises WeakIsolationError where it can,
    whatever the instructor allowed, and where it could not be tried."""
    inputs = {"paths": [str(Path(p).absolute()) for p in paths], "folders": [str(Path(f).absolute()) for f in folders]}
    steps = (Step("function", "opens", tuple(inputs), ("result",)),)
    case = FrozenCase("opens", True, inputs, {}, {})
    question = FrozenQuestion("opens", "", tuple(inputs), (Output("result", 1.0, kind="dict"),), steps, (case,))
    key = AnswerKey("guard", "", "guard.py", library, (question,), {})
    submission = Submission("guard", (SourceFile("guard.py", TRIES),), "guard.py")
    try:
        with contextlib.closing(Runner(key, submission, launcher, limits)) as runner:
            ((_, responses),) = runner.responses([question])
    except SandboxError as error:
        raise WeakIsolationError(f"the sandbox could not be tried: {error}") from error
    response = responses["opens"]
    result = response.values.get("result")
    if not isinstance(result, dict):
        why = response.failure.message if response.failure else "no answer"
        raise WeakIsolationError(f"the sandbox could not be tried: {why}")
    for folder in folders:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, "grader-planted"))
    if result:
        raise WeakIsolationError("a worker can " + ", ".join(sorted(result)) + ": nothing is graded where it can")
