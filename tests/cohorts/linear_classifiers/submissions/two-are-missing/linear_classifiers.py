import numpy as np


def scores(X, W, b):
    return np.einsum("nd,kd->nk", X, W) + b[None, :]


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    return np.c_[W, b]


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
    losses = []
    for row, label in zip(S.tolist(), y.tolist()):
        losses.append(sum(max(0.0, v - row[label] + 1.0) for j, v in enumerate(row) if j != label))
    return sum(losses) / len(losses)


def svm_grad(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0) * 1.0
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
    if kind == "svm":
        return svm_loss(X @ W.T, y) + reg * np.sum(W ** 2), svm_gradient(X, W, y, reg)
    if kind == "softmax":
        L, dS = softmax_loss(X @ W.T, y)
        return L + reg * np.sum(W ** 2), np.array(dS).T @ X + 2 * reg * W
    raise ValueError(kind)
