"""Names of library functions, grouped by the slip that can be made with them."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What stands for what; arguments stay as they are.
EXCHANGED = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "amax": "amin",
    "amin": "amax",
    "argmax": "argmin",
    "argmin": "argmax",
    "maximum": "minimum",
    "minimum": "maximum",
    "std": "var",
    "var": "std",
    "logsumexp": "amax",
}
EXCHANGED_BUILTINS = {"max": "min", "min": "max"}

# f(x, ...) -> x: the function is forgotten.
DROPPED = _words(
    "relu leaky_relu elu gelu silu softplus sigmoid logsigmoid tanh softmax log_softmax abs sqrt rsqrt square exp "
    "expm1 log log1p log2 log10 clamp clamp_min clamp_max clip dropout normalize masked_fill tril triu sign floor "
    "round detach nan_to_num"
)
PAIRS = _words("max min maximum minimum fmax fmin")  # f(a, b) -> a or b
TRANSPOSES = _words("transpose t swapaxes swapdims permute")
TRANSPOSED = _words("T mT")  # attributes

# Functions whose axis is the argument after the array (after the receiver, as a method).
AXIS_SECOND = _words(
    "sum mean max min amax amin argmax argmin prod std var median logsumexp softmax log_softmax softmin cumsum cumprod "
    "logcumsumexp any all unsqueeze cat concat concatenate stack flip sort argsort unbind count_nonzero"
)
AXIS_THIRD = _words("norm roll")
AXIS_KEYWORDS = _words("dim axis dims")

# Numbers in these are shapes and places, not amounts.
STRUCTURE = _words(
    "gather scatter scatter_add index_select take_along_dim view reshape permute expand transpose swapaxes swapdims "
    "flatten unflatten repeat tile chunk split squeeze movedim index_add unfold fold narrow select"
)
SHAPES = _words("zeros ones empty rand randn eye new_zeros new_ones new_empty")  # nothing but a shape goes into these
LEFT_ALONE = _words("device dtype keepdim keepdims requires_grad generator memory_format out")  # keywords

# What these give carries no gradient.
NO_GRADIENT = _words(
    "len range enumerate isinstance int float bool str size dim numel item tolist detach arange zeros ones "
    "zeros_like ones_like empty eye full one_hot argmax argmin argsort new_zeros new_ones rand randn randint"
)
NO_GRADIENT_ATTRIBUTES = _words("shape device dtype ndim")
