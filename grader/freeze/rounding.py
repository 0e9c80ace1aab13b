"""Rounding made visible: the result of every floating-point operation of a torch computation, forward and backward, is
moved by a few units in the last place. What an output moves by tells its rounding noise, also where a lucky order of
operations cancels to the last bit. [Monte Carlo arithmetic: Parker, UCLA CSD-970002, 1997]"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

UNITS = 16.0  # how far each result may move; one unit alone would often be rounded away by the next operation
WIDE = 256.0  # rounding grows with the units, a comparison that flips does not
RUNS = ((1, 2), (3, 4))  # noises of one seed each: by UNITS, and the same by WIDE
aten = torch.ops.aten
# Operations that copy, choose or change a sign: they do not round.
EXACT_NAMES = (
    "clone copy _to_copy detach alias relu neg abs sign round floor ceil trunc maximum minimum max min "
    "amax amin where gather index select_backward slice_backward cat stack flip roll repeat zeros_like "
    "ones_like full_like threshold_backward clamp clamp_min clamp_max index_select scatter index_put "
    "constant_pad_nd embedding sort take_along_dim masked_fill tril triu diag_embed new_zeros "
    "scalar_tensor lift_fresh fill "
)
EXACT = {getattr(aten, name) for name in EXACT_NAMES.split() if hasattr(aten, name)}


class Rounding(TorchDispatchMode):  # type: ignore[misc]  # torch is not read by mypy
    """Within it each rounding operation's result is multiplied by 1 + units eps u, u uniform in [-1, 1], eps of its
    dtype. The same seed gives the same noise, `units` times as large as rounding is."""

    def __init__(self, seed: int, units: float = UNITS) -> None:
        super().__init__()
        self.seed, self.units, self.generators = seed, units, dict[torch.device, torch.Generator]()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch's compiler is imported, which takes seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func.overloadpacket in EXACT or func.is_view or func._schema.is_mutable:
            return out
        if isinstance(out, (tuple, list)):
            return type(out)(self.moved(item) for item in out)
        return self.moved(out)

    def moved(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or not value.is_floating_point() or not value.numel():
            return value
        device = value.device
        if device not in self.generators:
            self.generators[device] = torch.Generator(device).manual_seed(self.seed)
        u = torch.rand(value.shape, generator=self.generators[device], dtype=value.dtype, device=device)
        return value * (1 + self.units * torch.finfo(value.dtype).eps * (2 * u - 1))


def rounded(noise: int) -> contextlib.AbstractContextManager[object]:
    """The rounding of a noise of RUNS, or nothing for 0."""
    return Rounding((noise + 1) // 2, UNITS if noise % 2 else WIDE) if noise else contextlib.nullcontext()


def as_input(tensor: torch.Tensor, noise: int, place: int) -> torch.Tensor:
    """The input at a place moved likewise, so that what one operation does in itself (a solver, say) shows too."""
    if not noise or not tensor.is_floating_point():
        return tensor
    return Rounding(1000 * (place + 1) + (noise + 1) // 2, UNITS if noise % 2 else WIDE).moved(tensor)
