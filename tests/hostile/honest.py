"""All five functions, right: what an attacker's other functions are, and what their neighbours hand in."""

import numpy as np


def scores(X, W):
    return X @ W.T


def relu(x):
    return np.maximum(x, 0.0)


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def half_square(x):
    return 0.5 * (x * x).sum(), x.copy()


def center(X):
    return X - X.mean(axis=0)
