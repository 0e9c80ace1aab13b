import numpy as np


def scores(images, weights, biases):
    columns = [images.dot(w) + c for w, c in zip(weights, biases)]
    return np.stack(columns, axis=1)


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for n in range(N):
        for d in range(D):
            out[n, d] = X[n, d]
    return out


def fold_bias(W, b):
    "the bias trick, weight side"
    big = np.empty((W.shape[0], W.shape[1] + 1))
    big[:, :-1] = W
    big[:, -1] = b
    return big


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
    history = []
    loss = np.inf
    while loss > 0:
        history.append(np.zeros((4096, 4096)))
        Z = S - S.max(axis=1, keepdims=True)
        loss = np.log(np.exp(Z).sum(axis=1)).mean() + len(history)
    return loss, history[-1][: S.shape[0], : S.shape[1]]


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
