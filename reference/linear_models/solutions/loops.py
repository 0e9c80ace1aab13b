"""Linear models: one number at a time, with plain loops and lists."""

import math

import numpy as np


def dot(u, v):
    total = 0.0
    for a, b in zip(u, v, strict=True):
        total += float(a) * float(b)
    return total


def predict(X, w, b):
    return [dot(x, w) + b for x in X]


def squared_error_cost(y, t):
    total = 0.0
    for i in range(len(y)):
        total += 0.5 * (float(y[i]) - float(t[i])) ** 2
    return total / len(y)


def squared_error_gradient(X, w, b, t):
    N, D = X.shape
    y = predict(X, w, b)
    dw, db = [0.0] * D, 0.0
    for i in range(N):
        r = y[i] - t[i]
        for d in range(D):
            dw[d] += r * X[i, d] / N
        db += r / N
    return dw, db


def gradient_descent_step(X, w, b, t, lr):
    dw, db = squared_error_gradient(X, w, b, t)
    return [w[d] - lr * dw[d] for d in range(len(w))], b - lr * db


def gradient_descent(X, t, lr, steps):
    w, b = [0.0] * X.shape[1], 0.0
    costs = []
    for step in range(steps + 1):
        costs.append(squared_error_cost(predict(X, w, b), t))
        if step < steps:
            w, b = gradient_descent_step(X, w, b, t, lr)
    return w, b, costs


def least_squares(X, t):
    """Gauss-Jordan on the normal equations of the centred features; a column without a pivot gets weight 0."""
    N, D = X.shape
    at = [sum(float(x) for x in X[:, d]) / N for d in range(D)]
    mean = sum(float(value) for value in t) / N
    rows = [[float(X[i, d]) - at[d] for d in range(D)] for i in range(N)]
    M = [[sum(r[i] * r[j] for r in rows) for j in range(D)] for i in range(D)]
    v = [sum(rows[i][j] * (float(t[i]) - mean) for i in range(N)) for j in range(D)]
    sizes = [sum(float(x) ** 2 for x in X[:, d]) for d in range(D)]
    pivots, free = [], list(range(D))
    while free:
        best = max(free, key=lambda d: M[d][d] / sizes[d] if sizes[d] else 0.0)
        if sizes[best] == 0 or M[best][best] <= 1e-12 * sizes[best]:
            break
        free.remove(best)
        pivots.append(best)
        for i in range(D):
            if i != best:
                factor = M[i][best] / M[best][best]
                M[i] = [a - factor * c for a, c in zip(M[i], M[best], strict=True)]
                v[i] -= factor * v[best]
    w = [v[d] / M[d][d] if d in pivots else 0.0 for d in range(D)]
    return w, mean - dot(at, w)


def polynomial_features(x, degree):
    rows = []
    for value in x:
        row = [1.0]
        for _ in range(degree):
            row.append(row[-1] * float(value))
        rows.append(row)
    return np.array(rows)


def select_degree(train, valid, degrees):
    best, least = None, math.inf
    for degree in degrees:
        w, b = least_squares(polynomial_features(train[0], degree), train[1])
        cost = squared_error_cost(predict(polynomial_features(valid[0], degree), w, b), valid[1])
        if cost < least or (cost == least and degree < best):
            best, least = degree, cost
    return best


def classify(X, w, b):
    return [1 if z >= 0 else 0 for z in predict(X, w, b)]


def sigmoid_of(z):
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    e = math.exp(z)
    return e / (1 + e)


def sigmoid(z):
    out = np.zeros(z.shape)
    for index in np.ndindex(*z.shape):
        out[index] = sigmoid_of(float(z[index]))
    return out


def logistic_cross_entropy(z, t):
    losses = []
    for logit, target in zip(z, t, strict=True):
        wrong = -float(logit) if target == 1 else float(logit)  # how far the logit is on the wrong side
        losses.append(max(wrong, 0.0) + math.log1p(math.exp(-abs(wrong))))
    return losses


def logistic_gradient(X, w, b, t):
    N, D = X.shape
    z = predict(X, w, b)
    dw, db = np.zeros(D), 0.0
    for i in range(N):
        r = sigmoid_of(z[i]) - float(t[i])
        dw += r * X[i]
        db += r
    return dw / N, db / N


def softmax(Z):
    rows = []
    for row in Z:
        top = max(float(z) for z in row)
        e = [math.exp(float(z) - top) for z in row]
        rows.append([value / sum(e) for value in e])
    return rows


def one_hot(y, K):
    rows = []
    for label in y:
        if not 0 <= label < K:
            raise ValueError("no such class: " + str(label))
        rows.append([1.0 if k == label else 0.0 for k in range(K)])
    return rows


def softmax_cross_entropy(Z, T):
    losses = []
    for row, target in zip(Z, T, strict=True):
        top = max(float(z) for z in row)
        log_sum = top + math.log(sum(math.exp(float(z) - top) for z in row))
        losses.append(sum(float(t_k) * (log_sum - float(z)) for z, t_k in zip(row, target, strict=True)))
    return losses


def softmax_gradient_logits(Z, T):
    Y = softmax(Z)
    return [[Y[i][k] - T[i, k] for k in range(len(Y[i]))] for i in range(len(Y))]


def softmax_regression_gradient(X, W, b, T):
    N = len(X)
    Z = [[dot(W[k], x) + float(b[k]) for k in range(len(W))] for x in X]
    dZ = softmax_gradient_logits(Z, T)
    dW, db = np.zeros(W.shape), np.zeros(len(W))
    for i in range(N):
        for k in range(len(W)):
            dW[k] += dZ[i][k] * X[i] / N
            db[k] += dZ[i][k] / N
    return dW, db
