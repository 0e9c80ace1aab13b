import numpy as np


def scores(X, W, b):
    return np.einsum("nd,kd->nk", X, W) + b[None, :]


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
    others = np.delete(s, y)
    return np.clip(others - s[y] + 1.0, 0.0, None).sum()


def svm_loss(S, y):
    loss = 0
    for i in range(S.shape[0]):
        loss += svm_loss_i(S[i], y[i])
    return loss


def svm_gradient(X, W, y, reg):
    onehot = np.eye(W.shape[0])[y]
    S = np.einsum("nd,kd->nk", X, W)
    true = np.einsum("nk,nk->n", S, onehot)
    active = ((S - true[:, None] + 1) > 0) * (1 - onehot)
    dS = (active - onehot * active.sum(axis=1, keepdims=True)) / len(X)
    return np.einsum("nk,nd->kd", dS, X) + 2 * reg * W


def softmax_loss(S, y):
    N = S.shape[0]
    shifted = S - S.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dS = np.exp(logp)
    dS[np.arange(N), y] -= 1
    return loss, dS / N


def full_loss(X, W, y, reg, kind):
    if kind not in ("svm", "softmax"):
        raise ValueError(kind)
    N = len(X)
    loss = reg * sum(float(w) ** 2 for w in W.ravel())
    dW = 2 * reg * W
    for x, t in zip(X, y):
        s = W.dot(x)
        if kind == "svm":
            m = s - s[t] + 1
            m[t] = 0
            hit = m > 0
            loss += m[hit].sum() / N
            ds = hit.astype(float)
            ds[t] = -hit.sum()
        else:
            e = np.exp(s - s.max())
            loss += (np.log(e.sum()) + s.max() - s[t]) / N
            ds = e / e.sum()
            ds[t] -= 1
        dW = dW + np.outer(ds, x) / N
    return loss, dW


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
