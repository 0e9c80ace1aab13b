"""The reference's gradients, proved: autograd against central differences, and complex step where it applies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from .. import gradcheck
from ..author import Case, Question, Terms
from ..author.source import Source
from ..model import Array
from .forward import Answer, Reference, to_value
from .leaves import filled, flattened


class Prover:
    """One question's reference; `proofs` counts how each gradient of each case was checked."""

    def __init__(self, source: Source, question: Question, device: str) -> None:
        self.source, self.q = source, question
        self.reference = Reference(source, question, device)
        self.proofs = Counter[str]()

    def check_gradient(self, case: Case, right: Answer, name: str, wrt: str) -> None:
        """Autograd against central differences along one random direction, and along one more for each set of entries
        that are a thousand times smaller than the rest; kinks must be declared."""
        x = flattened(to_value(case.inputs[wrt]))
        claimed = flattened(to_value(right.outputs[name]))
        v = gradcheck.direction(self.source.stream(self.q.name, case, "direction " + name), x.shape)

        def forward(at: Array) -> float:
            return self.value_at(case, right, wrt, at)

        if case.kink:
            self._check_between(case, name, claimed, x, v, forward)
            self.proofs["by value, at a declared kink"] += 1
            return
        found = gradcheck.check_direction(forward, x, claimed, v, careful=True)
        small = [gradcheck.check_direction(forward, x, claimed * m, v * m) for m in _smaller(claimed)]
        if found.kink and not found.conclusive:
            raise case.where.refuse(
                f"case {case.name!r}: {self.q.name} is not differentiable in {wrt} there, or rounding makes it look so",
                "Move the inputs off the kink, or declare kink=True to grade the subgradient by value; "
                "where there is no kink, choose inputs that are better conditioned",
            )
        for slopes in (found, *small):
            if slopes.conclusive and not slopes.agree:
                raise case.where.refuse(
                    f"case {case.name!r}: autograd's {name} disagrees with central differences "
                    f"({slopes.claimed:.9g} against {slopes.numeric:.9g} along a random direction)",
                    "Look for detach(), a custom backward, or an in-place change in the reference",
                )
        exact = gradcheck.complex_slope(lambda at: self._complex_at(case, right, wrt, at), x, v)
        with np.errstate(all="ignore"):
            size = max(abs(found.claimed), float(np.linalg.norm(claimed)))
        analytic = exact is not None and abs(exact - found.claimed) <= 1e-9 * size
        if found.conclusive:
            self.proofs["by central differences"] += 1
            self.proofs["of these by complex step too"] += analytic
        else:
            self.proofs["by complex step alone" if analytic else "NOT CHECKED: rounding hides the slope"] += 1

    def _check_between(
        self, case: Case, name: str, claimed: Array, x: Array, v: Array, forward: Callable[[Array], float]
    ) -> None:
        """At a kink: the slope along v lies between the one-sided ones, or not farther outside than they lie apart,
        as subgradients of a difference of convex functions may."""
        t = gradcheck.steps(x)[5]  # h / 100
        here, up, down = forward(x), forward(x + t * v), forward(x - t * v)
        sides = sorted(((up - here) / t, (here - down) / t))
        with np.errstate(all="ignore"):
            slope, norm = float(np.vdot(claimed, v)), float(np.linalg.norm(claimed))
        apart = sides[1] - sides[0] + 1e-4 * max(abs(sides[0]), abs(sides[1]), norm)
        if np.isfinite([*sides, slope]).all() and not sides[0] - apart <= slope <= sides[1] + apart:
            raise case.where.refuse(
                f"case {case.name!r}: autograd's {name} is {slope:.6g} along a random direction, where the one-sided "
                f"slopes are {sides[0]:.6g} and {sides[1]:.6g}",
                "Look for a custom backward that is wrong away from the kink too",
            )

    def _complex_at(self, case: Case, right: Answer, wrt: str, at: Array) -> Any:
        """The same scalar in complex numbers; raises where the reference is for real ones alone."""
        inputs = {**case.inputs, wrt: at}
        if isinstance(case.inputs[wrt], (list, dict)):
            raise TypeError("a list of complex numbers")
        with torch.no_grad():
            args = [self.reference.to_torch(inputs[p], torch.complex128, False) for p in self.q.forward_params]
            value = self.q.forward(*args)
        value = value.total() if isinstance(value, Terms) else value
        weights = right.cotangent.get(self.q.forward_outputs[0])
        return (value if weights is None else (value * weights.to(value.device)).sum()).cpu().numpy()

    def value_at(self, case: Case, right: Answer, wrt: str, at: Array) -> float:
        """The scalar whose gradient is asked for, with `at` in place of one input."""
        inputs = {**case.inputs, wrt: filled(case.inputs[wrt], at)}
        with torch.no_grad():
            args = [self.reference.to_torch(inputs[p], torch.float64, False) for p in self.q.forward_params]
            value = self.q.forward(*args)
        value = value.total() if isinstance(value, Terms) else value
        weights = right.cotangent.get(self.q.forward_outputs[0])
        return float(value if weights is None else (value * weights.to(value.device)).sum())


def _smaller(gradient: Array) -> Iterator[Array]:
    """Masks of the entries that are a thousand times smaller than the largest, a million times, and so on."""
    sizes = np.abs(gradient)
    top = float(sizes.max(initial=0.0))
    for power in (1e-3, 1e-6, 1e-9) if top > 0 else ():
        mask = (sizes < power * top) & (sizes >= 1e-3 * power * top)
        if mask.any():
            yield mask.astype(np.float64)
