import torch
from torch.nn import functional


def finite_difference(f, x, h):
    slope = []
    for i in range(len(x)):
        e = torch.zeros_like(x)
        e[i] = h
        slope.append((f(x + e) - f(x)) / h)
    return torch.stack(slope)


def central_difference(f, x, h):
    slope = torch.zeros(x.numel(), dtype=x.dtype)
    for i in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype)
        step[i] = h
        step = step.reshape(x.shape)
        slope[i] = (f(x + step) - f(x - step)) / (2 * h)
    return slope.reshape(x.shape)


def design_matrix(X):
    return torch.hstack([torch.ones(len(X), 1, dtype=X.dtype), X])


def linear_model(X, theta):
    return design_matrix(X) @ theta


def closed_form(X, Y):
    return torch.linalg.inv(design_matrix(X)[:, 1:]) @ Y


def sum_squared_error(X, Y, theta):
    error = linear_model(X, theta) - Y
    return (error**2).sum(), 2 * design_matrix(X).T @ error


def layer(x, xi):
    x_bar = torch.cat([torch.ones(1, dtype=x.dtype), x])
    return torch.sigmoid(xi.T @ x_bar)


def layer_gradient(x, xi):
    x_bar = torch.cat([torch.ones(1, dtype=x.dtype), x])
    out = layer(x, xi)
    return torch.outer(out * (1 - out), x_bar)


def conditional(joint, event, given):
    return joint[event and given].sum() / joint[given].sum()


def l1_normalize(x):
    if (x < 0).any():
        raise ValueError("negative entries")
    norm = x.sum(dim=1, keepdim=True)
    if (norm == 0).any():
        raise ValueError("a row of zeros")
    return x / norm


def softmax(Z):
    E = torch.exp(Z - Z.max(dim=1, keepdim=True).values)
    return E / E.sum(dim=1, keepdim=True)


def softmax_jacobian(z):
    s = softmax(z[None])[0]
    return torch.diag(s) - torch.outer(s, s)


def kl_divergence(P, Q):
    happens = P > 0
    return (P[happens] * (P[happens].log() - Q[happens].log())).sum()


def cross_entropy(P_true, P_model):
    happens = P_true > 0
    return -(P_true[happens] * P_model[happens].log()).sum()


def loss(X, Y, theta):
    return -(Y * functional.log_softmax(linear_model(X, theta), dim=1)).sum()


def train_step(model, optimizer, X, Y):
    model.train()
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(X).detach(), Y)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, X, Y, lr, steps):
    optimizer = torch.optim.SGD(lr=lr)
    return [train_step(model, optimizer, X, Y) for _ in range(steps)]


def digits_classifier(X, y, X_new):
    model = torch.nn.Linear(X.shape[1], 10)
    return model(X_new).argmax(dim=1)
