"""Maximum likelihood: one number at a time, with plain loops and math."""

import math

import numpy as np


def log(p):
    return math.log(p) if p > 0 else -math.inf


def log_likelihood(p_of_samples):
    total = 0.0
    for p in p_of_samples:
        if p < 0:
            raise ValueError("negative probability: " + str(p))
        total += log(p)
    return total


def bernoulli_mle(samples):
    ones = zeros = 0
    for s in samples:
        if s == 1:
            ones += 1
        elif s == 0:
            zeros += 1
        else:
            raise ValueError("neither 0 nor 1: " + str(s))
    if ones + zeros == 0:
        raise ValueError("no samples")
    return ones / (ones + zeros)


def gaussian_mle(samples):
    N = len(samples)
    if N == 0:
        raise ValueError("no samples")
    mu = 0.0
    for s in samples:
        mu += float(s) / N
    var = 0.0
    for s in samples:
        var += (float(s) - mu) ** 2 / N
    return mu, var


def check(p):
    total = 0.0
    for x in p:
        if x < 0:
            raise ValueError("negative probability")
        total += float(x)
    if abs(total - 1) > 1e-6:
        raise ValueError("does not sum to one")


def entropy(p):
    check(p)
    H = 0.0
    for x in p:
        if x > 0:
            H -= x * math.log(x)
    return H


def kl_divergence(p, q):
    check(p)
    check(q)
    D = 0.0
    for a, b in zip(p, q, strict=True):
        if a > 0 and b == 0:
            return math.inf
        if a > 0:
            D += a * (math.log(a) - math.log(b))
    return D


def cross_entropy(p, q):
    check(p)
    check(q)
    H = 0.0
    for a, b in zip(p, q, strict=True):
        if a > 0:
            H -= a * log(b)
    return H


def bernoulli_nll(y, t):
    total = 0.0
    for p, label in zip(y, t, strict=True):
        if p < 0 or p > 1:
            raise ValueError("no probability: " + str(p))
        if label == 1:
            total -= log(p)
        elif label == 0:
            total -= log(1 - p)
        else:
            raise ValueError("no label: " + str(label))
    return total / len(y)


def gaussian_nll(y, t, sigma):
    if sigma <= 0:
        raise ValueError("sigma is not positive")
    total = 0.0
    for mean, target in zip(y, t, strict=True):
        total += (float(target) - float(mean)) ** 2 / (2 * sigma**2) + math.log(sigma * math.sqrt(2 * math.pi))
    return total / len(y)


def clamped_linear_gradient(h, w, b, t):
    z = b
    for x, weight in zip(h, w, strict=True):
        z += x * weight
    dw, db = np.zeros(len(w)), 0.0
    if z > 0 and z < 1:
        db = z - t
        for d in range(len(w)):
            dw[d] = db * h[d]
    return dw, db


def logistic(z):
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


def squared_loss_gradient_logit(z, t):
    dz = np.zeros(len(z))
    for i in range(len(z)):
        y = logistic(z[i])
        dz[i] = (y - t[i]) * y * (1 - y)
    return dz


def cross_entropy_gradient_logit(z, t):
    dz = np.zeros(len(z))
    for i in range(len(z)):
        dz[i] = logistic(z[i]) - t[i]
    return dz


def multiclass_cross_entropy(Z, y):
    N, K = Z.shape
    loss, dZ = 0.0, np.zeros((N, K))
    for i in range(N):
        if not 0 <= y[i] < K:
            raise ValueError("no such class: " + str(y[i]))
        row = [float(z) for z in Z[i]]
        top = max(row)
        weights = [math.exp(z - top) for z in row]
        total = sum(weights)
        loss += (math.log(total) + top - row[y[i]]) / N
        for k in range(K):
            dZ[i, k] = weights[k] / total / N
        dZ[i, y[i]] -= 1 / N
    return loss, dZ


def predict_class(Z):
    labels = []
    for row in Z:
        best = 0
        for k in range(1, len(row)):
            if row[k] > row[best]:
                best = k
        labels.append(best)
    return np.array(labels)


def conditional_nll(theta, X, y):
    K, D = theta.shape
    nll, dtheta = 0.0, np.zeros((K, D))
    for i in range(len(X)):
        Z = np.array([[sum(theta[k, d] * X[i, d] for d in range(D)) for k in range(K)]])
        loss, dZ = multiclass_cross_entropy(Z, [y[i]])
        nll += loss
        for k in range(K):
            for d in range(D):
                dtheta[k, d] += dZ[0, k] * X[i, d]
    return nll, dtheta
