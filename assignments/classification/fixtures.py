"""What the grader hands to your functions that is no data: functions to differentiate, models to train.

You need not read this to do the assignment, but you may: the numbers in it come from the cases."""

import numpy as np
import torch
from torch import nn

# -- functions to differentiate ---------------------------------------------------------------------------------------


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


# -- models to train --------------------------------------------------------------------------------------------------


class FixedDropout(nn.Module):
    """Dropout whose coins have been tossed: in training mode row i of a batch is multiplied by row i of `masks`, and
    divided by the share that is kept; in evaluation mode it lets everything through, as dropout does."""

    def __init__(self, masks, kept):
        super().__init__()
        self.masks, self.kept = masks, kept

    def forward(self, X):
        return X * self.masks[: len(X)] / self.kept if self.training else X


def network(weights, masks, kept):
    """A network with the given weights [W1, b1, W2, b2, ...], tanh between its layers and dropout after the first. It
    gives logits: the softmax is not in it."""
    layers = []
    for W, b in zip(weights[::2], weights[1::2], strict=True):
        linear = nn.Linear(W.shape[1], W.shape[0], dtype=W.dtype, device=W.device)
        with torch.no_grad():
            linear.weight.copy_(W)
            linear.bias.copy_(b)
        layers += [linear, nn.Tanh()]
        if len(layers) == 2:
            layers.append(FixedDropout(masks, kept))
    return nn.Sequential(*layers[:-1])


def several_steps(student, weights, masks, kept, Xs, Ys, lr, momentum, training, stale):
    """Call train_step once for each batch of Xs and Ys. Gives the losses that it returned, the weights afterwards,
    and the mode: what the model's dropout makes of a row of ones then.

    training: the mode in which the model comes in. stale: a number that stands in every .grad at the beginning, as if
    somebody had called backward before; None for clean gradients."""
    model = network(weights, masks, kept)
    model.train(training)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    if stale is not None:
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, stale)
    losses = [student.train_step(model, optimizer, X, Y) for X, Y in zip(Xs, Ys, strict=True)]
    return _numbers(losses, weights[0]), _weights(model), model[2](torch.ones_like(masks[:1]))


def whole_training(student, weights, masks, kept, X, Y, lr, steps, training):
    """Call train. Gives the losses that it returned, the weights afterwards, and the mode: what the model's dropout
    makes of a row of ones then."""
    model = network(weights, masks, kept)
    model.train(training)
    losses = student.train(model, X, Y, lr, steps)
    return _numbers(losses, weights[0]), _weights(model), model[2](torch.ones_like(masks[:1]))


def _weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def _numbers(losses, like):
    """The losses as one tensor; NaN for what is no number. A number where a list is asked for stays a number."""
    if isinstance(losses, (torch.Tensor, np.ndarray)) and losses.ndim == 0:
        return torch.tensor(_number(losses), dtype=like.dtype)
    many = isinstance(losses, (list, tuple, torch.Tensor, np.ndarray))
    return torch.tensor([_number(loss) for loss in losses] if many else [], dtype=like.dtype)


def _number(loss):
    try:
        return float(loss.item() if isinstance(loss, (torch.Tensor, np.ndarray)) else loss)
    except (TypeError, ValueError, RuntimeError):
        return float("nan")
