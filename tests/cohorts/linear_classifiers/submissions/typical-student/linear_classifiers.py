import numpy as np


def scores(X, W, b):
    return X @ W.T + b


def append_one(X):
    return np.hstack([X, np.ones((len(X), 1))])


def fold_bias(W, b):
    return np.hstack([W, b[:, None]])


def svm_loss_i(s, y):
    m = np.maximum(0, s - s[y] + 1)
    m[y] = 0
    return m.sum()


def svm_loss(S, y):
    loss = 0.0
    for i in range(len(y)):
        loss += svm_loss_i(S[i], y[i])
    return loss / len(y)


def svm_loss_variant(S, y, kind):
    if kind not in ("all", "mean", "squared"):
        raise ValueError("unknown kind")
    total = 0.0
    for i in range(len(y)):
        m = np.maximum(0, S[i] - S[i, y[i]] + 1)
        if kind == "all":
            total += m.sum()
            continue
        m[y[i]] = 0
        total += m.mean() if kind == "mean" else (m ** 2).sum()
    return total / len(y)


def svm_gradient(X, W, y, reg):
    S = X @ W.T
    dW = np.zeros(W.shape)
    for i in range(len(y)):
        for j in range(len(W)):
            if j != y[i] and S[i, j] - S[i, y[i]] + 1 > 0:
                dW[j] += X[i]
                dW[y[i]] -= X[i]
    return dW / len(y) + reg * W


def softmax_loss(S, y):
    E = np.exp(S)
    P = E / E.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(len(y)), y]).mean()
    P[np.arange(len(y)), y] -= 1
    return loss, P / len(y)


def full_loss(X, W, y, reg, kind):
    S = X @ W.T
    if kind == "svm":
        loss, dW = svm_loss(S, y), svm_gradient(X, W, y, 0)
    elif kind == "softmax":
        loss, dS = softmax_loss(S, y)
        dW = dS.T @ X
    else:
        raise ValueError("kind is svm or softmax")
    return loss + reg * np.sum(W ** 2), dW + 2 * reg * W


def loss_sensitivity(s, y, eps):
    """Change of the hinge and of the softmax loss when one score is raised by eps: two arrays (K,)."""
    raise NotImplementedError("Question: loss_sensitivity(s, y, eps)")


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.mean(axis=0)
        return dout @ self.W


class ReLU:
    def forward(self, X):
        self.mask = X > 0
        return X * self.mask

    def backward(self, dout):
        return dout * self.mask


class Sigmoid:
    def forward(self, X):
        self.out = 1 / (1 + np.exp(-X))
        return self.out

    def backward(self, dout):
        s = 1 / (1 + np.exp(-self.out))
        return dout * s * (1 - s)


class SoftmaxLoss:
    def forward(self, S, y):
        loss, self.dS = softmax_loss(S, y)
        return loss

    def backward(self):
        return self.dS


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
