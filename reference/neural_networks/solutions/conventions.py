"""Neural networks: einsum, matrices of ones, bias units throughout, tanh for the sigmoid, and everything recursive."""

import numpy as np


def batch_perceptron(X, y, lr, max_epochs, tol, theta=None, done=0):
    theta = np.zeros(X.shape[1]) if theta is None else theta
    if done == max_epochs:
        return theta, done
    signed = X * y[:, None]
    delta = np.where(signed @ theta > 0, 0.0, 1.0) @ signed / X.shape[0]
    if np.sqrt(delta @ delta) < tol:
        return theta + lr * delta, done + 1
    return batch_perceptron(X, y, lr, max_epochs, tol, theta + lr * delta, done + 1)


def boolean_network(gate):
    if gate == "XNOR":
        hidden = np.vstack([boolean_network("OR")[0], boolean_network("AND")[0]])
        return [hidden, np.array([[6.0, -12.0, 12.0]])]  # not the first, unless the second
    table = {"AND": (-9, 6, 6), "OR": (-3, 6, 6), "NOT": (3, -6), "NOR": (3, -6, -6), "AND NOT": (-3, 6, -6)}
    return [np.array(table[gate])[None, :]]


def one_hot(y, K):
    if not np.isin(y, np.arange(K)).all():
        raise ValueError("unknown class")
    out = np.zeros((y.size, K))
    np.put_along_axis(out, y[:, None], 1.0, axis=1)
    return out


def one_vs_rest_predict(H):
    return np.argsort(-H, axis=1, kind="stable")[:, 0]


def sigmoid(z):
    return 0.5 + 0.5 * np.tanh(z / 2)


def log_softmax(Z):
    shifted = Z - np.max(Z, axis=1)[:, None]
    return shifted - np.log(np.einsum("nk->n", np.exp(shifted)))[:, None]


def softmax(Z):
    return np.exp(log_softmax(Z))


def forward(x, thetas):
    if not thetas:
        return [x]
    head = np.concatenate([[1.0], x])
    return [x, *forward(sigmoid(np.einsum("ij,j->i", thetas[0], head)), thetas[1:])]


def ones(A):
    return np.hstack([np.ones((len(A), 1)), A])


def cost(thetas, X, Y, lam):
    penalty = sum(np.einsum("ij,ij->", t[:, 1:], t[:, 1:]) for t in thetas) * lam / X.shape[0] / 2
    A = X
    for theta in thetas[:-1]:
        A = sigmoid(ones(A) @ theta.T)
    Z = ones(A) @ thetas[-1].T
    losses = np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))
    return np.mean(losses, axis=0).sum() + penalty


def backprop(thetas, X, Y, lam):
    """Recursive: the error that a tail of the network sends down, and the gradients of that tail."""

    def tail(rest, A):
        if not rest:
            return A - Y, []
        theta = rest[0]
        delta, found = tail(rest[1:], sigmoid(ones(A) @ theta.T))
        mask = np.ones_like(theta)
        mask[:, 0] = 0
        D = np.mean(np.einsum("ni,nj->nij", delta, ones(A)), axis=0) + lam / len(X) * mask * theta
        return np.einsum("ni,ij,nj->nj", delta, theta[:, 1:], A - A * A), [D, *found]

    return tail(list(thetas), X)[1]


def initialise(sizes, seed):
    stream = np.random.default_rng([7, seed])
    return [stream.uniform(-1, 1, size=(b, a + 1)) * (6 / (a + b)) ** 0.5 for a, b in zip(sizes, sizes[1:])]  # noqa: B905, RUF007


def dL_da(a, y):
    return np.where(np.arange(a.size) == y, -1 / a, 0)


def da_dz(a):
    return a[:, None] * (np.identity(a.size) - a[None, :])


def dz_dW(x, c):
    return np.outer(np.ones(c), x)


def dz_db(c):
    return np.identity(c)


def chain_rule(x, W, b, y):
    a = softmax((b + W.dot(x)).reshape(1, -1)).ravel()
    row = dL_da(a, y).reshape(1, -1) @ da_dz(a)
    return row.T * dz_dW(x, b.size), (row @ dz_db(b.size)).ravel()


def fold(W, b):
    return np.hstack([b[:, None], W])


def two_layer_forward(X, W1, b1, W2, b2):
    A1 = sigmoid(ones(X) @ fold(W1, b1).T)
    return A1, softmax(ones(A1) @ fold(W2, b2).T)


def two_layer_loss(X, y, W1, b1, W2, b2):
    A1 = sigmoid(ones(X) @ fold(W1, b1).T)
    log_p = log_softmax(ones(A1) @ fold(W2, b2).T)
    return -np.take_along_axis(log_p, y[:, None], axis=1).mean()


def dL_da1(dL_dz2, W2):
    return np.einsum("k,kh->h", dL_dz2, W2)


def two_layer_gradients(X, y, W1, b1, W2, b2):
    A1, A2 = two_layer_forward(X, W1, b1, W2, b2)
    d2 = (A2 - one_hot(y, b2.size)) / y.size
    d1 = np.stack([dL_da1(d, W2) for d in d2]) * (A1 - A1**2)
    D1, D2 = d1.T @ ones(X), d2.T @ ones(A1)
    return D1[:, 1:], D1[:, 0], D2[:, 1:], D2[:, 0]


def sgd(params, X, y, lr, epochs, order):
    now, losses = tuple(params), []
    for visit in np.tile(order, epochs):
        steps = two_layer_gradients(X[visit][None], y[visit][None], *now)
        now = tuple(p - lr * step for p, step in zip(now, steps, strict=True))
        losses.append(two_layer_loss(X, y, *now))
    return list(now), losses[len(order) - 1 :: len(order)]


def accuracy(params, X, y):
    A2 = two_layer_forward(X, *params)[1]
    return np.count_nonzero(np.argmax(A2, axis=1) == y) / np.size(y)
