import matplotlib.pyplot as plt
import numpy as np

data = np.load("cifar10_small.npz")
X_train, y_train = data["X"], data["y"]


def scores(X, W, b):
    N, D = X.shape
    K = W.shape[0]
    out = np.zeros((N, K), dtype=X.dtype)
    for n in range(N):
        for k in range(K):
            total = b[k]
            for d in range(D):
                total += X[n, d] * W[k, d]
            out[n, k] = total
    return out


def append_one(X):
    return np.c_[X, np.ones(len(X))]


def fold_bias(W, b):
    return np.column_stack((W, b))


def svm_loss_i(s, y):
    loss = 0.0
    for j in range(len(s)):
        if j == y:
            continue
        m = s[j] - s[y] + 1
        if m > 0:
            loss += m
    return loss


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
    """A fully connected layer."""

    def __init__(self, weights, bias):
        self.params = {"W": weights.copy(), "b": bias.copy()}

    def forward(self, X):
        self.inputs = X.copy()
        return np.dot(X, self.params["W"].T) + self.params["b"]

    def backward(self, dout):
        self.dW = np.dot(self.inputs.T, dout).T
        self.db = np.dot(np.ones(len(dout)), dout)
        return np.dot(dout, self.params["W"])


def svm_loss_variant(S, y, kind):
    N, K = S.shape
    if y.min() < 0 or y.max() >= K:
        raise ValueError("label out of range")
    pay = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    if kind == "all":
        return pay.sum() / N
    pay[np.arange(N), y] = 0
    if kind == "mean":
        return pay.sum() / (N * (K - 1))
    if kind == "squared":
        return (pay ** 2).sum() / N
    raise ValueError("unknown kind " + repr(kind))


def loss_sensitivity(s, y, eps):
    def change(loss):
        return np.array([loss(s + eps * e) - loss(s) for e in np.eye(len(s))])

    return change(lambda t: svm_loss_i(t, y)), change(lambda t: softmax_loss(t[None], np.array([y]))[0])


class ReLU:
    def forward(self, X):
        self.X = np.asarray(X)
        return np.maximum(0, self.X)

    def backward(self, dout):
        return np.where(self.X > 0, dout, 0)


class Sigmoid:
    def forward(self, X):
        X = np.asarray(X)
        e = np.exp(-np.abs(X))
        self.a = np.where(X >= 0, 1 / (1 + e), e / (1 + e))
        return self.a

    def backward(self, dout):
        return dout * self.a * (1 - self.a)


class SoftmaxLoss:
    def forward(self, S, y):
        loss, self.dS = softmax_loss(np.asarray(S), y)
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    def forward(self, S, y):
        self.S, self.y = np.asarray(S), y
        return svm_loss(self.S, y)

    def backward(self):
        rows = np.arange(len(self.y))
        dS = (self.S - self.S[rows, self.y][:, None] + 1 > 0) * 1.0
        dS[rows, self.y] = 1 - dS.sum(axis=1)
        return dS / len(self.y)


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)
        return dout


def forward_backward(layers, head, X, y):
    net = Sequential(layers)
    loss = head.forward(net.forward(X), y)
    return loss, net.backward(head.backward())


W0 = np.random.randn(10, X_train.shape[1]) * 0.01
print(full_loss(X_train, W0, y_train, 0.1, "svm"))
plt.plot(scores(X_train, W0, np.zeros(10)))
plt.show()
