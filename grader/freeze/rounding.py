"""Rounding made visible: the result of every floating-point operation of a torch computation, forward and backward, is
moved by a few units in the last place. What an output moves by tells its rounding noise, also where a lucky order of
operations cancels to the last bit. [Monte Carlo arithmetic: Parker, UCLA CSD-970002, 1997]"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

UNITS = 16.0  # how far each result may move; one unit alone would often be rounded away by the next operation
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
    """Within it each rounding operation's result is multiplied by 1 + UNITS eps u, u uniform in [-1, 1], eps of its
    dtype. The same seed gives the same noise, UNITS times as large as rounding is."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed, self.generators = seed, dict[torch.device, torch.Generator]()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch's compiler is imported, which takes seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func.overloadpacket in EXACT or func.is_view or func._schema.is_mutable:
            return out
        if isinstance(out, (tuple, list)):
            return type(out)(self._moved(item) for item in out)
        return self._moved(out)

    def _moved(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or not value.is_floating_point() or not value.numel():
            return value
        device = value.device
        if device not in self.generators:
            self.generators[device] = torch.Generator(device).manual_seed(self.seed)
        u = torch.rand(value.shape, generator=self.generators[device], dtype=value.dtype, device=device)
        return value * (1 + UNITS * torch.finfo(value.dtype).eps * (2 * u - 1))


def rounded(seed: int) -> contextlib.AbstractContextManager[object]:
    """Rounding(seed), or nothing for 0."""
    return Rounding(seed) if seed else contextlib.nullcontext()
