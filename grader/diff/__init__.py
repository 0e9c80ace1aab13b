"""Two runs of `grader grade` compared: whose score changed, by how much and why."""

from .compare import Change, Comparison, OutcomeChange, QuestionChange, compare
from .reading import ReportFile, read

__all__ = ["Change", "Comparison", "OutcomeChange", "QuestionChange", "ReportFile", "compare", "read"]
