"""What the names in an author's function stand for, as far as the edits need to know."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """Of one function: which names are libraries, which are functions of the author's, which carry no gradient."""

    libraries: frozenset[str] = frozenset()  # names of modules that are not the author's: torch, F, np
    authors: frozenset[str] = frozenset()  # the author's functions, and local names
    siblings: frozenset[str] = frozenset()  # the author's modules and questions
    plain: frozenset[str] = frozenset()  # globals, and parameters in which no gradient is asked for

    def called(self, call: ast.Call) -> tuple[str, list[ast.expr]]:
        """The bare name of a library's function or of a method, and its operands, the receiver of a method first.

        `torch.relu(x)`, `relu(x)` and `x.relu()` are all ("relu", [x]); a function of the author's is ("", args)."""
        function = call.func
        if isinstance(function, ast.Name):
            return ("" if function.id in self.authors else function.id), list(call.args)
        if isinstance(function, ast.Attribute):
            root: ast.expr = function.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in self.libraries:
                return function.attr, list(call.args)
            if isinstance(function.value, ast.Name) and function.value.id in self.siblings:
                return "", list(call.args)  # another question's forward
            return function.attr, [function.value, *call.args]
        return "", list(call.args)
