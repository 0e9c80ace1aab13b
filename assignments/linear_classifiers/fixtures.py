"""How your Sequential and your forward_backward are asked. Reading it is welcome; changing it changes no mark.

Your Sequential is tried with the four layers below, which are right and of no use in a classifier, so that nothing
but the Sequential can be wrong. A layer is whatever has a forward and a backward."""

import numpy as np


class Square:
    """Every number squared."""

    def forward(self, X):
        self.came_in = np.array(X)
        return self.came_in * self.came_in

    def backward(self, dout):
        return 2 * self.came_in * np.asarray(dout)


class Scale:
    """Every number times `size`."""

    def __init__(self, size):
        self.size = size

    def forward(self, X):
        return np.asarray(X) * self.size

    def backward(self, dout):
        return np.asarray(dout) * self.size


class Shift:
    """Every number plus `size`."""

    def __init__(self, size):
        self.size = size

    def forward(self, X):
        return np.asarray(X) + self.size

    def backward(self, dout):
        return np.array(dout)


class Turn:
    """The columns turn round by one place: the last becomes the first."""

    def forward(self, X):
        return np.roll(X, 1, 1)

    def backward(self, dout):
        return np.roll(dout, -1, 1)


def course_layers(kinds, amounts):
    """A layer for each kind: "square", "scale", "shift" or "turn"; only scale and shift look at their amount."""
    table = {"square": lambda _: Square(), "scale": Scale, "shift": Shift, "turn": lambda _: Turn()}
    return [table[kind](amounts[i]) for i, kind in enumerate(kinds)]


def images_before(X):
    """Other images than X, and one more of them: what went through a network before X did."""
    return np.concatenate([X[::-1] / 2 + 1, X[:1]])


def course_stack(student, X, kinds, amounts, dout):
    """Your Sequential around the course's layers: out, and dX, of the second of two passes."""
    net = student.Sequential(course_layers(kinds, amounts))
    net.backward(np.ones(np.shape(net.forward(images_before(X)))))
    return net.forward(X), net.backward(dout)


def own_stack(student, X, Ws, bs, y, between, head):
    """A network of your own classes: a Linear for each of Ws and bs, with a layer of the class `between` after each
    but the last, and the loss of the class `head`. Gives what your forward_backward says, then dW and db of each
    Linear, from the first to the last: all of the second of two passes, which has other images than the first."""
    linears = [student.Linear(Ws[i], bs[i]) for i in range(len(Ws))]
    layers = [linears[0]]
    for linear in linears[1:]:
        layers += [getattr(student, between)(), linear]
    end = getattr(student, head)()
    student.forward_backward(layers, end, images_before(X), (np.append(y[::-1], y[:1]) + 1) % len(bs[-1]))
    loss, dX = student.forward_backward(layers, end, X, y)
    return loss, dX, [linear.dW for linear in linears], [linear.db for linear in linears]
