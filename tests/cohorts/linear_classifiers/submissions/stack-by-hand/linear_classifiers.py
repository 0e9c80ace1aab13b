import numpy as np


def scores(X, W, b):
    return np.einsum("nd,kd->nk", X, W) + b[None, :]


def append_one(X):
    return np.pad(X, ((0, 0), (0, 1)), constant_values=1.0)


def fold_bias(W, b):
    return np.column_stack((W, b))


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    onehot = np.eye(S.shape[1])[y]
    true = np.einsum("nk,nk->n", S, onehot)
    hinge = np.maximum(S - true[:, None] + 1, 0) * (1 - onehot)
    return np.einsum("nk->", hinge) / len(S)


def svm_gradient(X, W, y, reg):
    onehot = np.eye(W.shape[0])[y]
    S = np.einsum("nd,kd->nk", X, W)
    true = np.einsum("nk,nk->n", S, onehot)
    active = ((S - true[:, None] + 1) > 0) * (1 - onehot)
    dS = (active - onehot * active.sum(axis=1, keepdims=True)) / len(X)
    return np.einsum("nk,nd->kd", dS, X) + 2 * reg * W


def softmax_loss(S, y):
    onehot = np.eye(S.shape[1], dtype=S.dtype)[y]
    Z = S - np.max(S, axis=1)[:, None]
    logp = Z - np.log(np.einsum("nk->n", np.exp(Z)))[:, None]
    loss = -np.einsum("nk,nk->", onehot, logp) / len(S)
    return loss, (np.exp(logp) - onehot) / len(S)


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


class Linear:
    def __init__(self, W, b):
        self.W, self.b, self.cache, self.upstream = W, b, None, None

    def forward(self, X):
        self.cache = X
        return np.einsum("nd,kd->nk", X, self.W) + self.b

    def backward(self, dout):
        self.upstream = dout
        return np.einsum("nk,kd->nd", dout, self.W)

    @property
    def dW(self):
        return np.einsum("nk,nd->kd", self.upstream, self.cache)

    @property
    def db(self):
        return np.einsum("nk->k", self.upstream)


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


def forward_backward(layers, head, X, y):
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = head.forward(out, y)
    d = head.backward()
    for layer in reversed(layers):
        d = layer.backward(d)
    return loss, d
