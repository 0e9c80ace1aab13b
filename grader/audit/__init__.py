"""`grader audit`: proof that an assignment tells right answers from wrong ones, before it grades anybody."""

from .records import Audit, Room, Wrong, audit_to_json
from .run import audit

__all__ = ["Audit", "Room", "Wrong", "audit", "audit_to_json"]
