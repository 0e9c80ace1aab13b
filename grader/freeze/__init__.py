"""A torch reference becomes an answer key: expected values, gradients, tolerances, for one draw or for many."""

from .freezer import Freezer, fingerprint, freeze, frozen_question, patch_names

__all__ = ["Freezer", "fingerprint", "freeze", "frozen_question", "patch_names"]
