"""Small things that several functions need."""

import numpy as np


def check_labels(y, K):
    assert np.all((0 <= y) & (y < K)), "labels must lie in 0..K-1"


def one_hot(y, K):
    hot = np.zeros((len(y), K))
    hot[np.arange(len(y)), y] = 1
    return hot


def row_softmax(S, log=False):
    Z = S - S.max(axis=1, keepdims=True)
    logp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    return logp if log else np.exp(logp)
