"""Whether a graded report is of exactly the files that are at hand: else nothing is said beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..content import report_digest
from ..errors import UsageError
from ..model import AnswerKey, Report, Submission
from ..overrides import Overrides
from ..records import report_from_json
from ..store import Store
from ..text import clean_text
from .desk import Setting

CHANGED = "graded from other files, or with another key, --timeout or version of the grader; grade again"


@dataclass(frozen=True)
class Exact:
    """Reads graded reports, with overrides put over them, for submissions that are at hand. `setting` is how they would
    be graded now; `own` gives a student's own key where draws are per student."""

    store: Store
    overrides: Overrides
    setting: Setting
    own: Callable[[str], AnswerKey] | None = None

    def key(self, student: str) -> AnswerKey:
        """By which a student is graded."""
        return self.own(student) if self.own else self.setting.key

    def report(self, submission: Submission) -> tuple[Report | None, str]:
        """The graded report of exactly these files, or why there is none."""
        try:
            last = self.store.last(submission.student)
            graded = report_from_json(json.loads(last[0])) if last else None
        except (UsageError, LookupError, TypeError, ValueError, RecursionError):
            return None, "its report in the store is damaged; run grader grade again"
        if last is None or graded is None:
            return None, f"no graded report in {self.store.path.parent}; grade it first"
        if graded.status != "graded":
            return None, "ungraded: " + (clean_text("; ".join(graded.notes), 300, lines=False) or "see reports.jsonl")
        key = self.key(submission.student)
        keys = replace(self.setting, isolation=graded.isolation).keys(key, submission)
        if last[1] != (report_digest(key, submission, keys, graded.isolation) if keys else ""):
            return None, CHANGED
        return self.overrides.report(graded), ""
