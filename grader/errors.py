"""Every error that this package raises on purpose.

GraderError                  printed as one line, never as a traceback
├── AuthorError              an author's file is wrong: file, line and mend
├── KeyFileError             a frozen answer key cannot be read
├── IntakeError              a submission cannot be taken in (that student only)
├── WireError                the other end of the trust line broke its rules
├── SandboxError             our side failed: the outcome is UNGRADED, never a zero
├── WeakIsolationError       a layer of the sandbox is missing and was not waived
└── UsageError               the command was asked for something that is not there
"""

from __future__ import annotations


class GraderError(Exception):
    """Base of all errors that are shown to a person as one line."""


class AuthorError(GraderError):
    """Something in an assignment's reference is wrong. Says where, what, and how to mend it."""

    def __init__(self, what: str, mend: str, file: str = "?", line: int = 0) -> None:
        self.what, self.mend, self.file, self.line = what, mend, file, line
        super().__init__(f"{file}:{line}: {what}. {mend}.")


class KeyFileError(GraderError):
    """A key file is damaged, from another version, or not a key file at all."""


class IntakeError(GraderError):
    """One submission, or one archive of them, cannot be taken in as it is."""


class WireError(GraderError):
    """A frame broke the rules of the wire (length, header, shape, cap)."""


class SandboxError(GraderError):
    """The sandbox itself failed: a fault of ours."""


class WeakIsolationError(GraderError):
    """A layer of isolation is missing on this machine."""


class UsageError(GraderError):
    """The command line names something that does not exist or makes no sense."""
