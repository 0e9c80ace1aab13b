"""Homework 1. TODO: softmax gradient looks too simple??"""

import numpy as np


def scores(X, W, b):
    return np.dot(X, W.T) + b


def append_one(X):
    return np.column_stack([X, np.ones(X.shape[0])])


def fold_bias(W, b):
    return np.column_stack([W, b])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    return margins.sum() - 1  # the true class always adds 1


def svm_loss(S, y):
    return sum(svm_loss_i(s, label) for s, label in zip(S, y)) / len(S)


def svm_gradient(X, W, y, reg):
    S = X @ W.T
    hit = (S - S[np.arange(len(y)), y][:, None] + 1 > 0) * 1.0
    hit[np.arange(len(y)), y] = 0
    hit[np.arange(len(y)), y] = -hit.sum(axis=1)
    return hit.T @ X / len(X) + 2 * reg * W


def softmax_loss(S, y):
    S = S - S.max(axis=1)[:, None]
    total = np.exp(S).sum(axis=1)
    loss = np.mean(np.log(total) - S[np.arange(len(y)), y])
    return loss, np.exp(S) / total[:, None] / len(S)


LOSSES = {"svm": lambda S, y: (svm_loss(S, y), None), "softmax": softmax_loss}


def full_loss(X, W, y, reg, kind):
    if kind not in LOSSES:
        raise ValueError("I only know " + " and ".join(LOSSES))
    loss, dS = LOSSES[kind](X @ W.T, y)
    if kind == "svm":
        dW = svm_gradient(X, W, y, 0)
    else:
        dW = dS.T @ X
    return loss + reg * (W**2).sum(), dW + 2 * reg * W


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return scores(X, self.W, self.b)

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(0)
        return dout @ self.W
