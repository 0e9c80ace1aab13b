import numpy as np


def scores(X, W, b):
    s = np.dot(X, np.transpose(W))
    s = s + b
    return s


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    return np.column_stack((W, b))


def svm_loss_i(s, y):
    return sum(max(0.0, float(sj - s[y]) + 1.0) for j, sj in enumerate(s) if j != y)


def svm_loss(S, y):
    N, K = S.shape
    total = 0.0
    for i in range(N):
        for j in range(K):
            if j != y[i]:
                total += max(0.0, S[i, j] - S[i, y[i]] + 1.0)
    return total / N


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    n = len(y)
    lse = np.logaddexp.reduce(S, axis=1)
    loss = np.mean(lse - S[range(n), y])
    dS = np.exp(S - lse[:, None])
    dS[range(n), y] -= 1.0
    dS /= n
    return loss, dS


def full_loss(X, W, y, reg, kind):
    N, D = X.shape
    K = W.shape[0]
    loss = 0.0
    dW = np.zeros((K, D))
    if kind != "svm" and kind != "softmax":
        raise ValueError("unknown kind")
    for i in range(N):
        s = np.zeros(K)
        for k in range(K):
            for d in range(D):
                s[k] += X[i, d] * W[k, d]
        if kind == "svm":
            for k in range(K):
                if k == y[i]:
                    continue
                m = s[k] - s[y[i]] + 1
                if m > 0:
                    loss += m / N
                    for d in range(D):
                        dW[k, d] += X[i, d] / N
                        dW[y[i], d] -= X[i, d] / N
        else:
            top = max(s)
            total = 0.0
            for k in range(K):
                total += np.exp(s[k] - top)
            loss += (np.log(total) + top - s[y[i]]) / N
            for k in range(K):
                p = np.exp(s[k] - top) / total
                for d in range(D):
                    dW[k, d] += (p - (k == y[i])) * X[i, d] / N
    for k in range(K):
        for d in range(D):
            loss += reg * W[k, d] ** 2
            dW[k, d] += 2 * reg * W[k, d]
    return loss, dW


class Linear:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.db = dout
        self.dW = dout.T @ self.X
        return dout @ self.W


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
