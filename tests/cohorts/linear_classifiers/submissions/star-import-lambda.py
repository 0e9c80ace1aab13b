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


if __name__ == "__main__":
    print(svm_loss_i(array([3.2, 5.1, -1.7]), 0))
