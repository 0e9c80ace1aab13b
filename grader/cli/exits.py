"""Exit codes: 0 all well, 1 not (a check fails, an audit is not clean, two runs differ), and these; and which error
gets which. click is not imported: `grader check` does without."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..errors import GraderError, WeakIsolationError

USAGE = 2  # wrong use, or an author's error
UNGRADED = 3  # some submissions are ungraded
WEAK = 4  # the sandbox is weaker than it must be
STOPPED = 130  # by Ctrl-C


def guarded(run: Callable[[], int]) -> int:
    """Run it; its exit code. An expected error is one line on stderr and an exit code; others are raised."""
    try:
        return run()
    except KeyboardInterrupt:
        return said("stopped", STOPPED)
    except WeakIsolationError as error:
        return said(str(error), WEAK)
    except GraderError as error:
        return said(f"error: {error}", USAGE)
    except OSError as error:
        if error.filename is None:
            raise
        return said(f"error: {error.filename}: {error.strerror}", USAGE)


def said(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code
