from numpy import *

scores = lambda X, W, b: dot(X, W.T) + b

append_one = lambda X: c_[X, ones(X.shape[0])]

fold_bias = lambda W, b: c_[W, b]


def svm_loss_i(s, y, delta=1.0):
    m = maximum(0, s - s[y] + delta)
    m[y] = 0
    return float(m.sum())


def svm_loss(S, y, delta=1.0):
    return mean([svm_loss_i(S[i], y[i], delta) for i in range(len(y))])


def _indicator(X, W, y):
    S = dot(X, W.T)
    i = arange(len(y))
    I = where(S - S[i, y][:, None] + 1 > 0, 1.0, 0.0)
    I[i, y] = 0
    I[i, y] = -I.sum(1)
    return I


def svm_gradient(X, W, y, reg):
    return dot(_indicator(X, W, y).T, X) / len(y) + 2 * reg * W


def softmax_loss(S, y):
    i = arange(len(y))
    E = exp(S - S.max(1)[:, None])
    Z = E.sum(1)
    L = log(Z) + S.max(1) - S[i, y]
    P = (E.T / Z).T
    P[i, y] -= 1
    return L.mean(), P / len(y)


def full_loss(X, W, y, reg, kind):
    S = dot(X, W.T)
    R, dR = reg * (W ** 2).sum(), 2 * reg * W
    match kind:
        case "svm":
            return svm_loss(S, y) + R, dot(_indicator(X, W, y).T, X) / len(y) + dR
        case "softmax":
            L, P = softmax_loss(S, y)
            return L + R, dot(P.T, X) + dR
        case _:
            raise ValueError(f"{kind!r} is neither svm nor softmax")


class Linear:
    dW = db = None

    def __init__(self, *args):
        self.W, self.b = args

    def __call__(self, X):
        self.X = X
        return dot(X, self.W.T) + self.b

    forward = __call__

    def backward(self, dout):
        self.dW, self.db = dot(dout.T, self.X), dout.sum(0)
        return dot(dout, self.W)


def svm_loss_variant(S, y, kind):
    N, K = S.shape
    if y.min() < 0 or y.max() >= K:
        raise ValueError("label out of range")
    pay = maximum(0, S - S[arange(N), y][:, None] + 1)
    if kind == "all":
        return pay.sum() / N
    pay[arange(N), y] = 0
    if kind == "mean":
        return pay.sum() / (N * (K - 1))
    if kind == "squared":
        return (pay ** 2).sum() / N
    raise ValueError("unknown kind " + repr(kind))


def loss_sensitivity(s, y, eps):
    K = len(s)
    all_s = vstack([s[None, :], s[None, :] + eps * eye(K)])
    pay = maximum(0, all_s - all_s[:, y][:, None] + 1)
    pay[:, y] = 0
    hinge = pay.sum(axis=1)
    Z = all_s - all_s.max(axis=1, keepdims=True)
    softmax = log(exp(Z).sum(axis=1)) - Z[:, y]
    return hinge[1:] - hinge[0], softmax[1:] - softmax[0]


class ReLU:
    def forward(self, X):
        self.X = asarray(X)
        return maximum(0, self.X)

    def backward(self, dout):
        return where(self.X > 0, dout, 0)


class Sigmoid:
    def forward(self, X):
        X = asarray(X)
        e = exp(-abs(X))
        self.a = where(X >= 0, 1 / (1 + e), e / (1 + e))
        return self.a

    def backward(self, dout):
        return dout * self.a * (1 - self.a)


class SoftmaxLoss:
    def forward(self, S, y):
        S = asarray(S)
        self.y = y
        Z = S - S.max(axis=1, keepdims=True)
        self.logp = Z - log(exp(Z).sum(axis=1, keepdims=True))
        return -self.logp[arange(len(y)), y].mean()

    def backward(self):
        dS = exp(self.logp)
        dS[arange(len(self.y)), self.y] -= 1
        return dS / len(self.y)


class SVMLoss:
    def forward(self, S, y):
        S = asarray(S)
        self.y = y
        self.pay = maximum(0, S - S[arange(len(y)), y][:, None] + 1)
        self.pay[arange(len(y)), y] = 0
        return self.pay.sum() / len(y)

    def backward(self):
        dS = (self.pay > 0) * 1.0
        dS[arange(len(self.y)), self.y] = -dS.sum(axis=1)
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


if __name__ == "__main__":
    print(svm_loss_i(array([3.2, 5.1, -1.7]), 0))
