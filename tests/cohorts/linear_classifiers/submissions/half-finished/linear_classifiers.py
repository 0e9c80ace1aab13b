import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for n in range(N):
        for d in range(D):
            out[n, d] = X[n, d]
    return out


def fold_bias(W, b):
    return np.column_stack((W, b))


def svm_loss_i(s, y):
    # the true class always adds exactly 1, take it off again
    return np.sum(np.maximum(0.0, s - s[y] + 1.0)) - 1.0


def svm_loss(S, y):
    N = S.shape[0]
    right = S[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, S - right + 1)
    margins[np.arange(N), y] = 0
    return margins.sum() / N


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
        self.W = W
        self.b = b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

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
