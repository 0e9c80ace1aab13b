"""A submission that is a test file, with tests of its own that always pass."""
import numpy as np


def scores(X, W):
    return X @ W.T


def relu(x):
    return np.maximum(x, 0.0)


def softmax(z):
    return np.full(z.shape, 777.0)


def half_square(x):
    return 0.5 * (x * x).sum(), x.copy()


def center(X):
    return X - X.mean(axis=0)


def test_scores():
    assert True


def test_relu():
    assert True


def test_softmax():
    assert True


def test_half_square():
    assert True


def test_center():
    assert True
