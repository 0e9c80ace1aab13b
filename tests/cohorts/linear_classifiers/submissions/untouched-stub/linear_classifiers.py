"""Linear classifiers. Fill in every function; NumPy only."""

import numpy as np


def scores(X, W, b):
    """Class scores (N, K) of images X (N, D)."""
    raise NotImplementedError("Question: scores(X, W, b)")


def append_one(X):
    """X with a last column of ones, (N, D+1)."""
    raise NotImplementedError("Question: append_one(X)")


def fold_bias(W, b):
    """W with b as its last column, (K, D+1)."""
    raise NotImplementedError("Question: fold_bias(W, b)")


def svm_loss_i(s, y):
    """Hinge loss of one image with scores s (K,) and label y."""
    raise NotImplementedError("Question: svm_loss_i(s, y)")


def svm_loss(S, y):
    """Mean hinge loss over N images."""
    raise NotImplementedError("Question: svm_loss(S, y)")


def svm_gradient(X, W, y, reg):
    """Gradient (K, D) of the mean hinge loss plus reg * sum(W**2)."""
    raise NotImplementedError("Question: svm_gradient(X, W, y, reg)")


def softmax_loss(S, y):
    """Mean cross-entropy from scores, and its gradient (N, K)."""
    raise NotImplementedError("Question: softmax_loss(S, y)")


def full_loss(X, W, y, reg, kind):
    """Data loss plus penalty, and its gradient in W."""
    raise NotImplementedError("Question: full_loss(X, W, y, reg, kind)")


class Linear:
    """A linear layer: out = X @ W.T + b."""

    def __init__(self, W, b):
        raise NotImplementedError("Question: Linear")

    def forward(self, X):
        raise NotImplementedError("Question: Linear.forward")

    def backward(self, dout):
        raise NotImplementedError("Question: Linear.backward")


def svm_loss_variant(S, y, kind):
    """Mean over N images of another hinge loss: kind "all", "mean" or "squared"."""
    raise NotImplementedError("Question: svm_loss_variant(S, y, kind)")


def loss_sensitivity(s, y, eps):
    """Change of the hinge and of the softmax loss when one score is raised by eps: two arrays (K,)."""
    raise NotImplementedError("Question: loss_sensitivity(s, y, eps)")


class ReLU:
    """A layer: max(0, X)."""

    def forward(self, X):
        raise NotImplementedError("Question: ReLU.forward")

    def backward(self, dout):
        raise NotImplementedError("Question: ReLU.backward")


class Sigmoid:
    """A layer: 1 / (1 + exp(-X))."""

    def forward(self, X):
        raise NotImplementedError("Question: Sigmoid.forward")

    def backward(self, dout):
        raise NotImplementedError("Question: Sigmoid.backward")


class SoftmaxLoss:
    """softmax_loss as a module."""

    def forward(self, S, y):
        raise NotImplementedError("Question: SoftmaxLoss.forward")

    def backward(self):
        raise NotImplementedError("Question: SoftmaxLoss.backward")


class SVMLoss:
    """svm_loss as a module."""

    def forward(self, S, y):
        raise NotImplementedError("Question: SVMLoss.forward")

    def backward(self):
        raise NotImplementedError("Question: SVMLoss.backward")


class Sequential:
    """Layers in a row."""

    def __init__(self, layers):
        raise NotImplementedError("Question: Sequential")

    def forward(self, X):
        raise NotImplementedError("Question: Sequential.forward")

    def backward(self, dout):
        raise NotImplementedError("Question: Sequential.backward")


def forward_backward(layers, head, X, y):
    """Loss and dX of a whole network."""
    raise NotImplementedError("Question: forward_backward(layers, head, X, y)")
