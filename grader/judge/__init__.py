"""Answers against expected values: comparing, judging, naming the misconception, scoring. NumPy alone."""

from .judge import Judgement, chosen_conventions, judge, wanted

__all__ = ["Judgement", "chosen_conventions", "judge", "wanted"]
