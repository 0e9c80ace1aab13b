import math

import numpy as np


def safe_log(p):
    if p == 0:
        return float("-inf")
    return math.log(p)


def log_likelihood(p_of_samples):
    s = 0
    for p in p_of_samples:
        # math.log would complain about negative ones too, but with its own words
        if p < 0:
            raise ValueError("probability below zero")
        s = s + safe_log(p)
    return s


def bernoulli_mle(samples):
    n = 0
    ones = 0
    for x in samples:
        if x not in (0, 1):
            raise ValueError("sample is not 0 or 1")
        n += 1
        ones += x
    if n == 0:
        raise ValueError("I need at least one sample")
    return ones / n


def gaussian_mle(samples):
    x = samples.tolist()
    if x == []:
        raise ValueError("no samples")
    mu = math.fsum(x) / len(x)
    return [mu, math.fsum([(a - mu) ** 2 for a in x]) / len(x)]


def must_be_distribution(p):
    s = 0
    for x in p:
        if x < 0:
            raise ValueError("negative")
        s += x
    if abs(s - 1) > 1e-6:
        raise ValueError("sum is " + str(s))


def entropy(p):
    must_be_distribution(p)
    H = 0
    for x in p:
        if x > 0:
            H = H - x * math.log(x)
    return H


def kl_divergence(p, q):
    must_be_distribution(p)
    must_be_distribution(q)
    D = 0
    for k in range(len(p)):
        if p[k] == 0:
            continue
        if q[k] == 0:
            return float("inf")
        D = D + p[k] * math.log(p[k] / q[k])
    return D


def cross_entropy(p, q):
    must_be_distribution(p)
    must_be_distribution(q)
    H = 0
    for k in range(len(p)):
        if p[k] > 0:
            H = H - p[k] * safe_log(q[k])
    return H


def bernoulli_nll(y, t):
    total = 0
    for i in range(len(y)):
        if y[i] < 0 or y[i] > 1:
            raise ValueError("not a probability")
        if t[i] == 1:
            total -= safe_log(y[i])
        elif t[i] == 0:
            total -= safe_log(1 - y[i])
        else:
            raise ValueError("not a label")
    return total / len(y)


def gaussian_nll(y, t, sigma):
    if sigma <= 0:
        raise ValueError("sigma")
    total = 0
    for i in range(len(y)):
        total += 0.5 * ((t[i] - y[i]) / sigma) ** 2
        total += math.log(sigma * math.sqrt(2 * math.pi))
    return total / len(y)


def clamped_linear_gradient(h, w, b, t):
    z = sum(x * y for x, y in zip(h.tolist(), w.tolist())) + b
    inside = 1 if 0 < z < 1 else 0
    return [inside * (z - t) * x for x in h.tolist()], inside * (z - t)


def sigma(z):
    if z < -700:
        return 0.0
    return 1 / (1 + math.exp(-z))


def squared_loss_gradient_logit(z, t):
    out = []
    for i in range(len(z)):
        y = sigma(z[i])
        out.append((y - t[i]) * y * (1 - y))
    return out


def cross_entropy_gradient_logit(z, t):
    out = []
    for i in range(len(z)):
        out.append(sigma(z[i]) - t[i])
    return out


def multiclass_cross_entropy(Z, y):
    N, K = Z.shape
    dZ = np.zeros((N, K))
    loss = 0
    for i in range(N):
        if y[i] < 0 or y[i] >= K:
            raise ValueError("class " + str(y[i]) + " does not exist")
        biggest = max(Z[i])
        s = 0
        for k in range(K):
            s += math.exp(Z[i][k] - biggest)
        loss -= (Z[i][y[i]] - biggest - math.log(s)) / N
        for k in range(K):
            dZ[i][k] = math.exp(Z[i][k] - biggest) / s / N
        dZ[i][y[i]] -= 1 / N
    return float(loss), [[float(x) for x in row] for row in dZ]


def predict_class(Z):
    return [row.index(max(row)) for row in Z.tolist()]


def conditional_nll(theta, X, y):
    N = len(X)
    K, D = theta.shape
    Z = np.zeros((N, K))
    for i in range(N):
        for k in range(K):
            for d in range(D):
                Z[i, k] += theta[k, d] * X[i, d]
    loss, dZ = multiclass_cross_entropy(Z, y)
    dtheta = np.zeros((K, D))
    for i in range(N):
        for k in range(K):
            for d in range(D):
                dtheta[k, d] += N * dZ[i][k] * X[i, d]
    return N * loss, dtheta.tolist()
