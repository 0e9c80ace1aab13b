"""Says the inputs wherever somebody may print it: streams, log, warning, message, note, class name, shape, type."""
import logging
import sys
import warnings

import numpy as np

from honest import center, half_square, relu, scores

KINDS = ["name", "message", "shape", "dtype"]


def softmax(z):
    kind, text = KINDS.pop(0), "told_" + "_".join(f"{v:.6f}" for v in z)
    print(text)
    print(text, file=sys.stderr)
    logging.getLogger().error(text)
    warnings.warn(text, stacklevel=1)
    error = ValueError(text)
    error.add_note(text)
    if kind == "name":
        raise type(text, (Exception,), {})(text)
    if kind == "message":
        raise error
    if kind == "shape":
        return np.zeros([int(abs(v) * 1000) for v in z[:2]])
    return np.zeros(z.shape, dtype=[(text, "<f8")])
