"""Loss and gradient of another function: they agree with each other."""
from honest import center, relu, scores, softmax


def half_square(x):
    return (x**3).sum(), 3 * x**2
