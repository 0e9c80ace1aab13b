"""Classification, right in another way: one number at a time, with plain loops and Python's own math."""

import math

import torch


def finite_difference(f, x, h):
    if x.dim() == 0:
        return (f(x + h) - f(x)) / h
    slope = []
    for i in range(len(x)):
        moved = x.clone()
        moved[i] = moved[i] + h
        slope.append((f(moved) - f(x)) / h)
    return torch.stack(slope)


def central_difference(f, x, h):
    if x.dim() == 0:
        return (f(x + h) - f(x - h)) / (2 * h)
    slope = []
    for i in range(len(x)):
        ahead, behind = x.clone(), x.clone()
        ahead[i] += h
        behind[i] -= h
        slope.append((f(ahead) - f(behind)) / (2 * h))
    return torch.stack(slope)


def design_matrix(X):
    rows = []
    for row in X:
        rows.append([1.0, *(float(x) for x in row)])
    return rows


def linear_model(X, theta):
    N, K = len(X), theta.shape[1]
    out = torch.zeros(N, K, dtype=X.dtype)
    for i in range(N):
        for k in range(K):
            out[i, k] = theta[0, k]
            for d in range(X.shape[1]):
                out[i, k] += X[i, d] * theta[d + 1, k]
    return out


def closed_form(X, Y):
    """Gauss and Jordan, with the largest pivot."""
    rows = [[1.0, *row] for row in X.tolist()]
    targets = Y.tolist()
    E, K = len(rows[0]), len(targets[0])
    A = [[sum(r[a] * r[b] for r in rows) for b in range(E)] for a in range(E)]
    B = [[sum(r[a] * t[k] for r, t in zip(rows, targets, strict=True)) for k in range(K)] for a in range(E)]
    for a in range(E):
        pivot = max(range(a, E), key=lambda i: abs(A[i][a]))
        A[a], A[pivot], B[a], B[pivot] = A[pivot], A[a], B[pivot], B[a]
        for i in range(E):
            if i != a:
                factor = A[i][a] / A[a][a]
                A[i] = [x - factor * y for x, y in zip(A[i], A[a], strict=True)]
                B[i] = [x - factor * y for x, y in zip(B[i], B[a], strict=True)]
    return torch.tensor([[b / A[a][a] for b in B[a]] for a in range(E)], dtype=X.dtype)


def sum_squared_error(X, Y, theta):
    F = linear_model(X, theta)
    loss, dtheta = 0.0, torch.zeros_like(theta)
    for i in range(len(X)):
        for k in range(theta.shape[1]):
            error = F[i, k] - Y[i, k]
            loss += float(error) ** 2
            dtheta[0, k] += 2 * error
            for d in range(X.shape[1]):
                dtheta[d + 1, k] += 2 * error * X[i, d]
    return loss, dtheta


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))


def layer(x, xi):
    out = []
    for j in range(xi.shape[1]):
        z = float(xi[0, j])
        for d in range(len(x)):
            z += float(xi[d + 1, j] * x[d])
        out.append(sigmoid(z))
    return torch.tensor(out, dtype=x.dtype)


def layer_gradient(x, xi):
    J = []
    for s in layer(x, xi).tolist():
        J.append([s * (1 - s), *(s * (1 - s) * float(v) for v in x)])
    return torch.tensor(J, dtype=x.dtype)


def conditional(joint, event, given):
    both = condition = 0.0
    for a in range(joint.shape[0]):
        for b in range(joint.shape[1]):
            if given[a, b]:
                condition += float(joint[a, b])
                if event[a, b]:
                    both += float(joint[a, b])
    if condition == 0:
        raise ValueError("this never happens")
    return both / condition


def l1_normalize(x):
    out = torch.zeros_like(x)
    for i, row in enumerate(x):
        total = 0.0
        for v in row:
            if v < 0:
                raise ValueError("no probability is negative")
            total += float(v)
        if total == 0:
            raise ValueError("a row of zeros")
        for k, v in enumerate(row):
            out[i, k] = v / total
    return out


def softmax(Z):
    P = []
    for row in Z.tolist():
        top = max(row)
        e = [math.exp(z - top) for z in row]
        P.append([v / sum(e) for v in e])
    return torch.tensor(P, dtype=Z.dtype)


def softmax_jacobian(z):
    s = softmax(z.reshape(1, -1))[0]
    J = torch.zeros(len(z), len(z), dtype=z.dtype)
    for i in range(len(z)):
        for j in range(len(z)):
            J[i, j] = s[i] * (1 - s[i]) if i == j else -s[i] * s[j]
    return J


def kl_divergence(P, Q):
    total = 0.0
    for p, q in zip(P.tolist(), Q.tolist(), strict=True):
        if p > 0 and q == 0:
            return math.inf
        if p > 0:
            total += p * math.log(p / q)
    return total


def cross_entropy(P_true, P_model):
    total = 0.0
    for p, q in zip(P_true.tolist(), P_model.tolist(), strict=True):
        if p > 0 and q == 0:
            return math.inf
        if p > 0:
            total -= p * math.log(q)
    return total


def loss(X, Y, theta):
    total = 0.0
    for z, y in zip(linear_model(X, theta).tolist(), Y.tolist(), strict=True):
        top = max(z)
        log_sum = top + math.log(sum(math.exp(v - top) for v in z))
        for v, p in zip(z, y, strict=True):
            total += p * (log_sum - v)
    return total


def train_step(model, optimizer, X, Y):
    """Zero both before and after; the cross-entropy spelled out."""
    for p in model.parameters():
        p.grad = None
    model.train()
    log_p = torch.log_softmax(model(X), dim=1)
    total = 0.0
    for i in range(len(Y)):
        total = total - log_p[i, Y[i]]
    value = total / len(Y)
    value.backward()
    optimizer.step()
    optimizer.zero_grad()
    return value.detach()


def train(model, X, Y, lr, steps):
    """SGD with momentum, as its documentation has it."""
    losses, speed = [], [torch.zeros_like(p) for p in model.parameters()]
    for _ in range(steps):
        model.train()
        value = torch.nn.functional.nll_loss(torch.log_softmax(model(X), 1), Y)
        gradients = torch.autograd.grad(value, list(model.parameters()))
        with torch.no_grad():
            for p, v, g in zip(model.parameters(), speed, gradients, strict=True):
                v.mul_(0.9).add_(g)
                p.sub_(lr * v)
        losses.append(value.item())
    model.eval()
    return losses


def digits_classifier(X, y, X_new):
    """The nearest neighbour."""
    known, new = X.float(), X_new.float()
    return [int(y[((known - image) ** 2).sum(1).argmin()]) for image in new]
