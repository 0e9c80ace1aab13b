"""CSC413 assignment 1: linear models."""
import numpy as np


def predict(X, w, b):
    return np.dot(X, w) + b


def squared_error_cost(y, t):
    return np.mean((y - t) ** 2)


def squared_error_gradient(X, w, b, t):
    N = X.shape[0]
    residual = predict(X, w, b) - t
    return X.T @ residual / N, np.sum(residual) / N


def gradient_descent_step(X, w, b, t, lr):
    dw, db = squared_error_gradient(X, w, b, t)
    w_new = w - lr * dw
    b_new = b - db
    return w_new, b_new


def gradient_descent(X, t, lr, steps):
    w = np.zeros(X.shape[1])
    b = 0.0
    costs = []
    for i in range(steps):
        costs.append(squared_error_cost(predict(X, w, b), t))
        w, b = gradient_descent_step(X, w, b, t, lr)
    costs.append(squared_error_cost(predict(X, w, b), t))
    return w, b, np.array(costs)


def least_squares(X, t):
    w = np.linalg.pinv(X) @ t
    return w, 0.0


def polynomial_features(x, degree):
    Phi = np.zeros((len(x), degree + 1))
    for k in range(degree + 1):
        Phi[:, k] = x ** k
    return Phi


def select_degree(train, valid, degrees):
    x, t = train
    xv, tv = valid
    costs = []
    for d in degrees:
        w, b = least_squares(polynomial_features(x, d), t)
        costs.append(squared_error_cost(predict(polynomial_features(xv, d), w, b), tv))
    return degrees[int(np.argmin(costs))]


def classify(X, w, b):
    return (predict(X, w, b) > 0).astype(int)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def logistic_cross_entropy(z, t):
    y = sigmoid(z)
    return -t * np.log(y) - (1 - t) * np.log(1 - y)


def logistic_gradient(X, w, b, t):
    N = X.shape[0]
    error = sigmoid(predict(X, w, b)) - t
    return X.T @ error / N, np.sum(error) / N


def softmax(Z):
    shifted = Z - np.max(Z, axis=1, keepdims=True)
    exps = np.exp(shifted)
    return exps / np.sum(exps, axis=1, keepdims=True)


def one_hot(y, K):
    T = np.zeros((len(y), K))
    T[np.arange(len(y)), y] = 1
    return T


def softmax_cross_entropy(Z, T):
    return -np.sum(T * np.log(softmax(Z)), axis=1)


def softmax_gradient_logits(Z, T):
    N = Z.shape[0]
    return (softmax(Z) - T) / N


def softmax_regression_gradient(X, W, b, T):
    dZ = softmax_gradient_logits(X @ W.T + b, T)
    dW = dZ.T @ X
    db = dZ.mean(axis=0)
    return dW, db
