import math

import numpy as np


def predict(X, w, b):
    # one example at a time
    y = []
    for row in X:
        total = b
        for j in range(len(w)):
            total += w[j] * row[j]
        y.append(float(total))
    return y


def squared_error_cost(y, t):
    cost = 0
    for i in range(len(t)):
        cost += (y[i] - t[i]) ** 2
    return cost / (2 * len(t))


def squared_error_gradient(X, w, b, t):
    dw = [0.0 for _ in w]
    db = 0.0
    y = predict(X, w, b)
    for i in range(len(X)):
        for j in range(len(w)):
            dw[j] += (y[i] - t[i]) * X[i][j]
        db += y[i] - t[i]
    return [d / len(X) for d in dw], db / len(X)


def gradient_descent_step(X, w, b, t, lr):
    dw, db = squared_error_gradient(X, w, b, t)
    w_new = []
    for j in range(len(w)):
        w_new.append(w[j] - lr * dw[j])
    return w_new, b - lr * db


def gradient_descent(X, t, lr, steps):
    w, b = [0.0] * len(X[0]), 0.0
    costs = [squared_error_cost(predict(X, w, b), t)]
    for k in range(steps):
        w, b = gradient_descent_step(X, w, b, t, lr)
        costs += [squared_error_cost(predict(X, w, b), t)]
    return w, b, costs


def least_squares(X, t):
    A = np.array([list(row) + [1.0] for row in X])
    both = np.linalg.pinv(A) @ t
    return list(both[:-1]), float(both[-1])


def polynomial_features(x, degree):
    return [[float(v) ** k for k in range(degree + 1)] for v in x]


def select_degree(train, valid, degrees):
    costs = {}
    for d in degrees:
        w, b = least_squares(polynomial_features(train[0], d), train[1])
        costs[d] = squared_error_cost(predict(polynomial_features(valid[0], d), w, b), valid[1])
    lowest = min(costs.values())
    return min(d for d in costs if costs[d] == lowest)


def classify(X, w, b):
    labels = []
    for row in X:
        z = sum(a * c for a, c in zip(row, w)) + b
        if z >= 0:
            labels.append(1)
        else:
            labels.append(0)
    return labels


def sig(z):
    if z > 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (math.exp(z) + 1)


def sigmoid(z):
    if np.ndim(z) == 0:
        return sig(float(z))
    return [sigmoid(part) for part in z]


def logistic_cross_entropy(z, t):
    out = []
    for i in range(len(z)):
        a = float(z[i]) if t[i] == 0 else -float(z[i])
        if a > 0:
            out.append(a + math.log1p(math.exp(-a)))
        else:
            out.append(math.log1p(math.exp(a)))
    return out


def logistic_gradient(X, w, b, t):
    dw = [0.0 for _ in w]
    db = 0.0
    y = sigmoid(predict(X, w, b))
    for i in range(len(X)):
        for j in range(len(w)):
            dw[j] += (y[i] - float(t[i])) * X[i][j]
        db += y[i] - float(t[i])
    return [d / len(X) for d in dw], db / len(X)


def softmax(Z):
    Y = []
    for row in Z:
        biggest = max(row)
        e = [math.exp(v - biggest) for v in row]
        Y.append([v / sum(e) for v in e])
    return Y


def one_hot(y, K):
    # the slides say that classes are 1, ..., K
    T = np.zeros((len(y), K))
    for i in range(len(y)):
        T[i, y[i] - 1] = 1
    return T


def softmax_cross_entropy(Z, T):
    losses = []
    for i in range(len(Z)):
        biggest = max(Z[i])
        log_sum = biggest + math.log(sum(math.exp(v - biggest) for v in Z[i]))
        losses.append(sum(T[i][k] * (log_sum - Z[i][k]) for k in range(len(Z[i]))))
    return losses


def softmax_gradient_logits(Z, T):
    Y = softmax(Z)
    return [[Y[i][k] - T[i][k] for k in range(len(T[i]))] for i in range(len(T))]


def softmax_regression_gradient(X, W, b, T):
    Z = [[sum(W[k][d] * x[d] for d in range(len(x))) + b[k] for k in range(len(W))] for x in X]
    dZ = softmax_gradient_logits(Z, T)
    N = len(X)
    dW = [[sum(dZ[i][k] * X[i][d] for i in range(N)) / N for d in range(len(X[0]))] for k in range(len(W))]
    db = [sum(dZ[i][k] for i in range(N)) / N for k in range(len(W))]
    return dW, db
