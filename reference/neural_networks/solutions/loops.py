"""Neural networks: a solution in loops, one example and one number at a time."""

import math

import numpy as np


def g(z):
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


def softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def batch_perceptron(X, y, lr, max_epochs, tol):
    n, d = X.shape
    theta = [0.0] * d
    epoch = 0
    while epoch < max_epochs:
        epoch += 1
        delta = [0.0] * d
        for i in range(n):
            s = sum(float(X[i, j]) * theta[j] for j in range(d))
            if y[i] * s <= 0:
                for j in range(d):
                    delta[j] += float(y[i]) * float(X[i, j])
        delta = [entry / n for entry in delta]
        theta = [t + lr * entry for t, entry in zip(theta, delta, strict=True)]
        if math.sqrt(sum(entry**2 for entry in delta)) < tol:
            break
    return theta, epoch


def boolean_network(gate):
    """Small weights, made large: the line lies half way between the corners."""
    sharp = 8.0
    if gate == "NOT":
        return [sharp * np.array([[0.5, -1.0]])]
    if gate == "XNOR":  # not (x1 and not x2) and not (x2 and not x1)
        return [sharp * np.array([[-0.5, 1, -1], [-0.5, -1, 1]]), sharp * np.array([[0.5, -1, -1]])]
    line = {"AND": [-1.5, 1, 1], "OR": [-0.5, 1, 1], "NOR": [0.5, -1, -1], "AND NOT": [-0.5, 1, -1]}[gate]
    return [sharp * np.array([line])]


def one_hot(y, K):
    rows = []
    for label in y:
        if not 0 <= label < K:
            raise ValueError(f"no class {label}")
        rows.append([1.0 if k == label else 0.0 for k in range(K)])
    return rows


def one_vs_rest_predict(H):
    answer = []
    for row in H:
        best = 0
        for k in range(1, len(row)):
            if row[k] > row[best]:
                best = k
        answer.append(best)
    return answer


def sigmoid(z):
    out = np.empty(z.shape)
    for index in np.ndindex(*z.shape):
        out[index] = g(float(z[index]))
    return out


def softmax(Z):
    out = []
    for row in Z:
        top = float(max(row))
        exps = [math.exp(float(z) - top) for z in row]
        out.append([e / sum(exps) for e in exps])
    return out


def weighted(theta, a):
    return [float(row[0]) + sum(float(w) * v for w, v in zip(row[1:], a, strict=True)) for row in theta]


def forward(x, thetas):
    layers = [[float(v) for v in x]]
    for theta in thetas:
        layers.append([g(z) for z in weighted(theta, layers[-1])])
    return layers


def cost(thetas, X, Y, lam):
    total = 0.0
    for x, targets in zip(X, Y, strict=True):
        a = forward(x, thetas[:-1])[-1]
        for z, t in zip(weighted(thetas[-1], a), targets, strict=True):
            total += float(t) * softplus(-z) + (1 - float(t)) * softplus(z)
    penalty = 0.0
    for theta in thetas:
        for row in theta:
            penalty += sum(float(w) ** 2 for w in row[1:])
    return total / len(X) + lam * penalty / (2 * len(X))


def backprop(thetas, X, Y, lam):
    n = len(X)
    big = [np.zeros(theta.shape) for theta in thetas]
    for x, targets in zip(X, Y, strict=True):
        layers = forward(x, thetas)
        delta = [a - float(t) for a, t in zip(layers[-1], targets, strict=True)]
        for level in range(len(thetas) - 1, -1, -1):
            below = [1.0, *layers[level]]
            for i, error in enumerate(delta):
                for j, a in enumerate(below):
                    big[level][i, j] += error * a
            delta = [
                sum(float(thetas[level][i, j]) * error for i, error in enumerate(delta)) * below[j] * (1 - below[j])
                for j in range(1, len(below))
            ]
    for d, theta in zip(big, thetas, strict=True):
        d /= n
        for i in range(d.shape[0]):
            for j in range(1, d.shape[1]):
                d[i, j] += lam / n * float(theta[i, j])
    return big


def initialise(sizes, seed):
    state = np.random.RandomState(seed)
    made = []
    for level in range(len(sizes) - 1):
        theta = np.zeros((sizes[level + 1], sizes[level] + 1))
        theta[:, 1:] = state.uniform(-0.5, 0.5, size=(sizes[level + 1], sizes[level]))
        made.append(theta)
    return made


def dL_da(a, y):
    return [-1 / float(v) if k == y else 0.0 for k, v in enumerate(a)]


def da_dz(a):
    n = len(a)
    J = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            J[i, j] = a[i] * (1 - a[i]) if i == j else -a[i] * a[j]
    return J


def dz_dW(x, c):
    return [list(x) for _ in range(c)]


def dz_db(c):
    return [[1 if i == j else 0 for j in range(c)] for i in range(c)]


def chain_rule(x, W, b, y):
    c, d = W.shape
    z = [float(b[k]) + sum(float(W[k, j]) * float(x[j]) for j in range(d)) for k in range(c)]
    a = softmax([z])[0]
    first, second = dL_da(a, y), da_dz(a)
    dz = [sum(first[i] * second[i, k] for i in range(c)) for k in range(c)]
    third = dz_dW([float(v) for v in x], c)
    return [[dz[k] * third[k][j] for j in range(d)] for k in range(c)], dz


def two_layer_forward(X, W1, b1, W2, b2):
    hidden, logits = [], []
    for x in X:
        hidden.append([g(float(b) + sum(float(w) * float(v) for w, v in zip(row, x, strict=True)))
                       for row, b in zip(W1, b1, strict=True)])  # fmt: skip
        logits.append([float(b) + sum(float(w) * v for w, v in zip(row, hidden[-1], strict=True))
                       for row, b in zip(W2, b2, strict=True)])  # fmt: skip
    return hidden, softmax(logits)


def two_layer_loss(X, y, W1, b1, W2, b2):
    total = 0.0
    hidden, _ = two_layer_forward(X, W1, b1, W2, b2)
    for a, label in zip(hidden, y, strict=True):
        z = [float(b) + sum(float(w) * v for w, v in zip(row, a, strict=True)) for row, b in zip(W2, b2, strict=True)]
        top = max(z)
        total += top + math.log(sum(math.exp(v - top) for v in z)) - z[label]
    return total / len(X)


def dL_da1(dL_dz2, W2):
    return [sum(float(dL_dz2[k]) * float(W2[k, j]) for k in range(len(W2))) for j in range(W2.shape[1])]


def two_layer_gradients(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = (np.zeros(p.shape) for p in (W1, b1, W2, b2))
    hidden, output = two_layer_forward(X, W1, b1, W2, b2)
    for x, a1, a2, label in zip(X, hidden, output, y, strict=True):
        dz2 = np.array([a - (k == label) for k, a in enumerate(a2)])
        da1 = np.array(dL_da1(dz2, W2))
        dz1 = np.array([d * a * (1 - a) for d, a in zip(da1, a1, strict=True)])
        dW2 += np.outer(dz2, a1) / len(X)
        db2 += dz2 / len(X)
        dW1 += np.outer(dz1, x) / len(X)
        db1 += dz1 / len(X)
    return dW1, db1, dW2, db2


def sgd(params, X, y, lr, epochs, order):
    W1, b1, W2, b2 = (np.array(p, dtype=float) for p in params)
    losses = []
    for _ in range(epochs):
        for i in order:
            dW1, db1, dW2, db2 = two_layer_gradients(X[i : i + 1], y[i : i + 1], W1, b1, W2, b2)
            W1 -= lr * dW1
            b1 -= lr * db1
            W2 -= lr * dW2
            b2 -= lr * db2
        losses.append(two_layer_loss(X, y, W1, b1, W2, b2))
    return [W1, b1, W2, b2], losses


def accuracy(params, X, y):
    _, output = two_layer_forward(X, *params)
    return sum(int(guess == label) for guess, label in zip(one_vs_rest_predict(output), y, strict=True)) / len(y)
