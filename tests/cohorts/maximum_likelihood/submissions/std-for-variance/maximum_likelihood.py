from numpy import *

seterr(divide="ignore", over="ignore", invalid="ignore")


def refuse(bad, why):
    if bad:
        raise ValueError(why)


def xlogy(x, y):
    """x * log(y), and 0 where x is 0."""
    return where(x == 0, 0.0, x * log(where(x == 0, 1.0, y)))


def log_likelihood(p_of_samples):
    refuse(p_of_samples.min() < 0, "negative")
    return log(p_of_samples).sum()


def bernoulli_mle(samples):
    refuse(samples.size == 0, "none")
    refuse(not isin(samples, [0, 1]).all(), "strange")
    return count_nonzero(samples) / samples.size


def gaussian_mle(samples):
    refuse(samples.size == 0, "none")
    return samples.mean(), samples.std()


def simplex(*ps):
    for p in ps:
        refuse((p < 0).any() or abs(p.sum() - 1) > 1e-5, "not on the simplex")


def entropy(p):
    simplex(p)
    return -xlogy(p, p).sum()


def kl_divergence(p, q):
    return cross_entropy(p, q) - entropy(p)


def cross_entropy(p, q):
    simplex(p, q)
    return -xlogy(p, q).sum()


def bernoulli_nll(y, t):
    refuse(y.min() < 0 or y.max() > 1, "y")
    refuse(not isin(t, [0, 1]).all(), "t")
    return -(xlogy(t, y) + xlogy(1 - t, 1 - y)).mean()


def gaussian_nll(y, t, sigma):
    refuse(not sigma > 0, "sigma")
    r = (y - t) / sigma
    return r.dot(r) / (2 * r.size) + log(sigma * sqrt(2 * pi))


def clamped_linear_gradient(h, w, b, t):
    z = einsum("d,d->", h, w) + b
    delta = (clip(z, 0, 1) - t) * ((z > 0) & (z < 1))
    return delta * h, delta


def logistic(z):
    return 0.5 * (1 + tanh(z / 2))


def squared_loss_gradient_logit(z, t):
    y = logistic(z)
    return y * (1 - y) * (y - t)


def cross_entropy_gradient_logit(z, t):
    return -(t - logistic(z))


def multiclass_cross_entropy(Z, y):
    n, k = Z.shape
    refuse((y < 0).any() or (y >= k).any(), "y")
    T = (y[:, None] == arange(k)).astype(float)
    log_sum = logaddexp.reduce(Z, axis=1)[:, None]
    return einsum("nk,nk->", T, log_sum - Z) / n, (exp(Z - log_sum) - T) / n


def predict_class(Z):
    return Z.argmax(1)


def conditional_nll(theta, X, y):
    loss, dZ = multiclass_cross_entropy(einsum("nd,kd->nk", X, theta), y)
    return len(y) * loss, len(y) * einsum("nk,nd->kd", dZ, X)
