import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    print("W" * 3_000_000)
    return np.hstack([W, b[:, None]])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    for step in range(5000):
        print("svm_loss debug step", step, "-" * 100)
    N = S.shape[0]
    m = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    m[np.arange(N), y] = 0
    return m.sum() / N


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    N = S.shape[0]
    shifted = S - S.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dS = np.exp(logp)
    dS[np.arange(N), y] -= 1
    return loss, dS / N


def full_loss(X, W, y, reg, kind):
    S = np.einsum("nd,kd->nk", X, W)
    if kind == "svm":
        data, dW = svm_loss(S, y), svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        data, dS = softmax_loss(S, y)
        dW = np.einsum("nk,nd->kd", dS, X) + 2 * reg * W
    else:
        raise ValueError(f"no such loss: {kind}")
    return data + reg * np.einsum("kd,kd->", W, W), dW


class Linear(object):
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW, self.db = np.zeros(W.shape), np.zeros(b.shape)

    def forward(self, X):
        self.X = X
        N, K = X.shape[0], self.W.shape[0]
        out = np.zeros((N, K))
        for n in range(N):
            for k in range(K):
                out[n, k] = np.dot(X[n], self.W[k]) + self.b[k]
        return out

    def backward(self, dout):
        N, K = dout.shape
        dX = np.zeros(self.X.shape)
        self.dW = np.zeros(self.W.shape)
        self.db = np.zeros(K)
        for n in range(N):
            for k in range(K):
                dX[n] += dout[n, k] * self.W[k]
                self.dW[k] += dout[n, k] * self.X[n]
                self.db[k] += dout[n, k]
        return dX


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
