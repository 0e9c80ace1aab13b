"""What the grader hands to your functions that is no data: functions to differentiate, models to train.

You need not read this to do the assignment. The numbers in them come from the cases."""


def polynomial(a):
    """The function a[0] + a[1] x + a[2] x**2 + ... of a number x."""

    def f(x):
        return sum(coefficient * x**power for power, coefficient in enumerate(a))

    return f


def quadratic(A, b, third):
    """The function x . (A x) + b . x + third * sum(x**3) of a vector x."""

    def f(x):
        return x @ (A @ x) + b @ x + third * (x**3).sum()

    return f


def wave(w, phase):
    """The function sin(w . x + phase) of a vector x."""

    def f(x):
        return (w @ x + phase).sin()

    return f
