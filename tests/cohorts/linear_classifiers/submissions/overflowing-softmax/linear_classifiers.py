import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    return np.pad(X, ((0, 0), (0, 1)), constant_values=1.0)


def fold_bias(W, b):
    return np.concatenate((W, b.reshape(-1, 1)), axis=1)


def svm_loss_i(s, y):
    others = np.delete(s, y)
    return np.clip(others - s[y] + 1.0, 0.0, None).sum()


def svm_loss(S, y):
    N = S.shape[0]
    right = S[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, S - right + 1)
    margins[np.arange(N), y] = 0
    return margins.sum() / N


def svm_gradient(X, W, y, reg):
    rows = X.tolist()
    weights = W.tolist()
    N, K, D = len(rows), len(weights), len(rows[0])
    grad = [[2.0 * reg * w for w in row] for row in weights]
    for x, t in zip(rows, y.tolist()):
        s = [sum(a * c for a, c in zip(x, row)) for row in weights]
        for k in range(K):
            if k != t and s[k] - s[t] + 1 > 0:
                for d in range(D):
                    grad[k][d] += x[d] / N
                    grad[t][d] -= x[d] / N
    return grad


def softmax_loss(S, y):
    N = S.shape[0]
    E = np.exp(S)
    P = E / E.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(N), y]).mean()
    P[np.arange(N), y] -= 1
    return loss, P / N


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
    K = S.shape[1]
    if not np.isin(y, np.arange(K)).all():
        raise ValueError(f"labels go from 0 to {K - 1}")
    hot = np.eye(K)[y]
    hinge = np.clip(S - np.einsum("nk,nk->n", S, hot)[:, None] + 1, 0, None)
    rest = hinge * (1 - hot)
    match kind:
        case "all":
            return np.einsum("nk->", hinge) / len(S)
        case "mean":
            return np.einsum("nk->", rest) / (K - 1) / len(S)
        case "squared":
            return np.einsum("nk,nk->", rest, rest) / len(S)
        case _:
            raise ValueError(f"{kind!r}?")


def loss_sensitivity(s, y, eps):
    hot = np.eye(len(s))

    def hinge_of(t):
        return np.clip(np.delete(t, y, axis=-1) - t[..., y, None] + 1, 0, None).sum(axis=-1)

    def softmax_of(t):
        return np.logaddexp.reduce(t, axis=-1) - t[..., y]

    raised = s + eps * hot
    return hinge_of(raised) - hinge_of(s), softmax_of(raised) - softmax_of(s)


class _Elementwise:
    def backward(self, dout):
        return self.slope * dout


class ReLU(_Elementwise):
    def forward(self, X):
        self.slope = np.heaviside(X, 0.0)
        return self.slope * X


class Sigmoid(_Elementwise):
    def forward(self, X):
        out = np.exp(-np.logaddexp(0, np.negative(X)))
        self.slope = out * (1 - out)
        return out


class SoftmaxLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        self.hot = np.eye(S.shape[1])[y]
        self.logp = S - np.logaddexp.reduce(S, axis=1)[:, None]
        return -np.einsum("nk,nk->", self.logp, self.hot) / len(S)

    def backward(self):
        return (np.exp(self.logp) - self.hot) / len(self.hot)


class SVMLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        self.hot = np.eye(S.shape[1])[y]
        hinge = np.clip(S - np.einsum("nk,nk->n", S, self.hot)[:, None] + 1, 0, None) * (1 - self.hot)
        self.pays = np.sign(hinge)
        return np.einsum("nk->", hinge) / len(S)

    def backward(self):
        return (self.pays - self.hot * np.einsum("nk->n", self.pays)[:, None]) / len(self.hot)


class Sequential:
    def __init__(self, layers):
        self.layers = tuple(layers)

    def forward(self, X):
        for layer in self.layers:
            X = np.asarray(layer.forward(X))
        return X

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = np.asarray(layer.backward(dout))
        return dout


def forward_backward(layers, head, X, y):
    net = Sequential(layers)
    return head.forward(net.forward(X), y), net.backward(head.backward())
