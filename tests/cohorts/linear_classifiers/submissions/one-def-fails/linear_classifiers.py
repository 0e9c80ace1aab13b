import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for n in range(N):
        for d in range(D):
            out[n, d] = X[n, d]
    return out


def fold_bias(W, b):
    return np.hstack([W, b[:, np.newaxis]])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    true = np.take_along_axis(S, y[:, None], axis=1)
    return np.mean(np.sum(np.clip(S - true + 1.0, 0.0, None), axis=1) - 1.0)


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


@memoise_rows
def softmax_loss(S, y):
    N = len(y)
    Z = S - S.max(axis=1, keepdims=True)
    L = np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(N), y]
    P = np.exp(Z - np.log(np.exp(Z).sum(axis=1, keepdims=True)))
    P[np.arange(N), y] -= 1
    return L.mean(), P / N


def full_loss(X, W, y, reg, kind):
    N = X.shape[0]
    S = X @ W.T
    rows = np.arange(N)
    if kind == "svm":
        margins = np.maximum(0, S - S[rows, y][:, None] + 1)
        margins[rows, y] = 0
        data = margins.sum() / N
        dS = (margins > 0).astype(float)
        dS[rows, y] = -dS.sum(axis=1)
        dS /= N
    elif kind == "softmax":
        Z = S - S.max(axis=1, keepdims=True)
        E = np.exp(Z)
        P = E / E.sum(axis=1, keepdims=True)
        data = (np.log(E.sum(axis=1)) - Z[rows, y]).mean()
        P[rows, y] -= 1
        dS = P / N
    else:
        raise ValueError("kind must be 'svm' or 'softmax'")
    return data + reg * np.sum(W * W), dS.T @ X + 2 * reg * W


class Linear:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(axis=0)
        return dout @ self.W


def svm_loss_variant(S, y, kind):
    if kind not in ("all", "mean", "squared"):
        raise ValueError(kind)
    N, K = S.shape
    for label in y:
        if label < 0 or label >= K:
            raise ValueError("no class " + str(label))
    total = 0.0
    for i in range(N):
        for j in range(K):
            m = max(0.0, float(S[i, j] - S[i, y[i]]) + 1.0)
            if kind == "all":
                total += m
            elif j != y[i] and kind == "mean":
                total += m / (K - 1)
            elif j != y[i]:
                total += m * m
    return total / N


def loss_sensitivity(s, y, eps):
    K = len(s)

    def both(scores):
        h = 0.0
        for j in range(K):
            if j != y:
                h += max(0.0, scores[j] - scores[y] + 1.0)
        top = max(scores)
        total = 0.0
        for j in range(K):
            total += np.exp(scores[j] - top)
        return h, np.log(total) + top - scores[y]

    before = [float(v) for v in s]
    hinge, softmax = np.zeros(K), np.zeros(K)
    for k in range(K):
        after = list(before)
        after[k] = after[k] + eps
        hinge[k] = both(after)[0] - both(before)[0]
        softmax[k] = both(after)[1] - both(before)[1]
    return hinge, softmax


class ReLU:
    def forward(self, X):
        X = np.array(X, dtype=float)
        self.on = np.zeros(X.shape, dtype=bool)
        for i in range(X.shape[0]):
            for j in range(X.shape[1]):
                if X[i, j] > 0:
                    self.on[i, j] = True
                else:
                    X[i, j] = 0.0
        return X

    def backward(self, dout):
        dX = np.zeros(self.on.shape)
        for i in range(dX.shape[0]):
            for j in range(dX.shape[1]):
                if self.on[i, j]:
                    dX[i, j] = dout[i][j]
        return dX


class Sigmoid:
    def forward(self, X):
        X = np.array(X, dtype=float)
        self.out = np.zeros(X.shape)
        for i in range(X.shape[0]):
            for j in range(X.shape[1]):
                if X[i, j] > 0:
                    self.out[i, j] = 1.0 / (1.0 + np.exp(-X[i, j]))
                else:
                    e = np.exp(X[i, j])
                    self.out[i, j] = e / (1.0 + e)
        return self.out

    def backward(self, dout):
        dX = np.zeros(self.out.shape)
        for i in range(dX.shape[0]):
            for j in range(dX.shape[1]):
                dX[i, j] = dout[i][j] * self.out[i, j] * (1.0 - self.out[i, j])
        return dX


class SoftmaxLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        N, K = S.shape
        self.dS = np.zeros((N, K))
        loss = 0.0
        for i in range(N):
            top = max(S[i])
            e = [np.exp(v - top) for v in S[i]]
            loss += (np.log(sum(e)) + top - S[i, y[i]]) / N
            for k in range(K):
                self.dS[i, k] = e[k] / sum(e) / N
            self.dS[i, y[i]] -= 1.0 / N
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        N, K = S.shape
        self.dS = np.zeros((N, K))
        loss = 0.0
        for i in range(N):
            for k in range(K):
                m = S[i, k] - S[i, y[i]] + 1.0
                if k != y[i] and m > 0:
                    loss += m / N
                    self.dS[i, k] += 1.0 / N
                    self.dS[i, y[i]] -= 1.0 / N
        return loss

    def backward(self):
        return self.dS


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X):
        for i in range(len(self.layers)):
            X = self.layers[i].forward(X)
        return X

    def backward(self, dout):
        for i in range(len(self.layers) - 1, -1, -1):
            dout = self.layers[i].backward(dout)
        return dout


def forward_backward(layers, head, X, y):
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = head.forward(out, y)
    d = head.backward()
    for layer in reversed(layers):
        d = layer.backward(d)
    return loss, d
