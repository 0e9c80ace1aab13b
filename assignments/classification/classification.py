"""Classification, in PyTorch. Fill in every function; README.md has the story, the formulas and the points.

Everywhere: N examples of D inputs and K classes or outputs. X (N, D) holds an example per row; theta (D + 1, K) holds
an output per column, its bias in the first row. Everything that you are given is a torch tensor (float64 unless you
made it otherwise), and so is what you return: let what you make follow the dtype of your inputs, as in
torch.zeros(3, dtype=X.dtype). You may use all of torch, autograd included. Leave your inputs as you found them.
`grader check` tells you how you are doing.
"""

import torch  # noqa: F401


def finite_difference(f, x, h):
    """Forward difference: how much f rises from x to x + h, for each unit of h.

    f takes a tensor of the shape of x and returns a number (a tensor without axes). x is a tensor without axes (a
    number) or with one (a vector). For a vector nudge one coordinate at a time: entry i of the answer belongs to
    coordinate i. h is a number other than 0 and can be negative. Returns a tensor of the shape of x: the difference
    itself, at this very h, not the derivative that it comes near to.

    >>> finite_difference(lambda x: x**2, torch.tensor(3.0), 0.5)
    tensor(6.5000)
    >>> finite_difference(lambda x: x[0] * x[1], torch.tensor([2.0, 5.0]), 1.0)
    tensor([5., 2.])
    """
    raise NotImplementedError


def central_difference(f, x, h):
    """Central difference: how much f rises from x - h to x + h, for each unit of that way.

    As finite_difference in all else.

    >>> central_difference(lambda x: x**3, torch.tensor(1.0), 1.0)
    tensor(4.)
    """
    raise NotImplementedError


def design_matrix(X):
    """The inputs with a column of ones in FRONT, so that the bias is a weight like the others.

    X (N, D). Returns a new tensor (N, D + 1).

    >>> design_matrix(torch.tensor([[7.0, 8.0]]))
    tensor([[1., 7., 8.]])
    """
    raise NotImplementedError


def linear_model(X, theta):
    """The linear model: the design matrix times theta.

    X (N, D), theta (D + 1, K). Returns (N, K).

    >>> linear_model(torch.tensor([[7.0, 8.0]]), torch.tensor([[100.0], [10.0], [1.0]]))
    tensor([[178.]])
    """
    raise NotImplementedError


def closed_form(X, Y):
    """The theta (D + 1, K) for which sum_squared_error(X, Y, theta) is least, by solving for it.

    X (N, D), Y (N, K). The columns of the design matrix are independent, so that there is exactly one.

    >>> closed_form(torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[1.0], [3.0], [5.0]]))   # y = 1 + 2 x
    tensor([[1.0000],
            [2.0000]])
    """
    raise NotImplementedError


def sum_squared_error(X, Y, theta):
    """Squared loss of the linear model: the SUM, over examples and outputs, of (f(x) - y)**2. And its gradient.

    X (N, D), Y (N, K), theta (D + 1, K). Returns (loss, dtheta): a number, and a tensor of the shape of theta.
    Call linear_model: if only that is wrong, this still earns half of its points.

    >>> loss, dtheta = sum_squared_error(torch.tensor([[1.0]]), torch.tensor([[5.0]]), torch.tensor([[1.0], [1.0]]))
    >>> loss, dtheta.shape
    (tensor(9.), torch.Size([2, 1]))
    """
    raise NotImplementedError


def layer(x, xi):
    """One layer of a network: the sigmoid of xi.T times [1, x].

    x (D,) ONE example, xi (D + 1, h) a column for each of the h outputs, its bias first. Returns (h,).

    >>> layer(torch.tensor([2.0]), torch.tensor([[2.0, 0.0], [-1.0, 0.0]]))
    tensor([0.5000, 0.5000])
    """
    raise NotImplementedError


def layer_gradient(x, xi):
    """How the outputs of layer change with xi. Output j depends on column j of xi alone, so row j of the answer is
    the gradient of output j with respect to that column.

    x (D,), xi (D + 1, h). Returns (h, D + 1).
    """
    raise NotImplementedError


def conditional(joint, event, given):
    """The conditional probability P(event | given), from a table of joint probabilities.

    joint (A, B): the probability of each outcome, all together 1. event (A, B) and given (A, B) are tensors of bools
    that mark the outcomes that belong to the event, and to the condition. Returns a number. Where the condition has
    probability 0 there is no answer: raise ValueError.

    >>> joint = torch.tensor([[0.2, 0.1], [0.2, 0.5]])             # rain, no rain; columns: cloud, no cloud
    >>> rain = torch.tensor([[True, True], [False, False]])
    >>> no_cloud = torch.tensor([[False, True], [False, True]])
    >>> conditional(joint, rain, no_cloud)
    tensor(0.1667)
    """
    raise NotImplementedError


def l1_normalize(x):
    """Each row divided by its L1 norm, so that it becomes a distribution.

    x (N, K). Returns (N, K). No distribution can be made of a row of zeros, nor of one with a negative entry: for
    either, raise ValueError.

    >>> l1_normalize(torch.tensor([[1.0, 4.0, 0.0]]))
    tensor([[0.2000, 0.8000, 0.0000]])
    """
    raise NotImplementedError


def softmax(Z):
    """Softmax of each row: exp(z_k) divided by the sum of exp(z_j) over the row.

    Z (N, K). Returns (N, K). Must stand logits of a thousand. Write it yourself, or look up what torch has.

    >>> softmax(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]))
    tensor([[0.5000, 0.5000],
            [1.0000, 0.0000]])
    """
    raise NotImplementedError


def softmax_jacobian(z):
    """The whole Jacobian of softmax: entry (i, j) says how probability i changes with logit j.

    z (K,) ONE row of logits. Returns (K, K).

    To think about: all probabilities together are 1. So what is the sum of a column?
    """
    raise NotImplementedError


def kl_divergence(P, Q):
    """Kullback-Leibler divergence of two distributions: the sum of P log(P / Q), with the natural log.

    P (K,), Q (K,). Returns a number. A class that P rules out adds nothing (0 log 0 = 0), whatever Q says of it. A
    class that Q rules out and P does not makes it infinite.

    >>> kl_divergence(torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.5, 0.25]))
    tensor(0.3466)
    """
    raise NotImplementedError


def cross_entropy(P_true, P_model):
    """Cross-entropy of two distributions, natural log: minus the sum of P_true log(P_model).

    P_true (K,), P_model (K,). Returns a number. Zeros count as in kl_divergence.

    >>> cross_entropy(torch.tensor([0.0, 1.0]), torch.tensor([0.5, 0.5]))
    tensor(0.6931)
    """
    raise NotImplementedError


def loss(X, Y, theta):
    """The loss of a softmax model over a data set: the SUM over examples of the cross-entropy of its row of Y and
    the softmax of its row of linear_model(X, theta).

    X (N, D), Y (N, K) a distribution per row, often one-hot; theta (D + 1, K). Returns a number.
    Must stand logits of a thousand: a loss of 2000 is an answer, infinity is not. Call linear_model: if only that is
    wrong, this still earns half of its points.

    >>> print(round(float(loss(torch.zeros(3, 2), torch.eye(3), torch.zeros(3, 3))), 4))   # 3 log 3
    3.2958
    """
    raise NotImplementedError


def train_step(model, optimizer, X, Y):
    """One step of training, and the loss before it.

    model: a torch.nn.Module that gives LOGITS, and has a dropout layer; optimizer: made for its parameters, by whoever
    calls. X (N, D), Y (N,) classes, integers from 0. In this order of importance:

    - The loss is the MEAN cross-entropy over the batch (which can be smaller than the others).
    - It is taken in training mode, in whatever mode the model comes; the model is left in training mode.
    - Only this loss counts: whatever stands in .grad when you are called does not.
    - The optimizer takes ONE step.

    Returns the loss that was differentiated, as a number. Sets nothing else.
    """
    raise NotImplementedError


def train(model, X, Y, lr, steps):
    """Train the model: `steps` steps, as in train_step, each on ALL examples at once.

    Use torch.optim.SGD with learning rate lr and momentum 0.9, the same optimizer for all steps. X (N, D), Y (N,).
    Returns the list of the `steps` losses. Leaves the model in EVALUATION mode, ready to be used.
    """
    raise NotImplementedError


def digits_classifier(X, y, X_new):
    """Train a classifier on the images X and their classes y, and return the classes (M,) of the new images X_new.

    X (N, P) and X_new (M, P) uint8: an image in each row, its P pixels, from 0 to 255, in an order that nobody tells
    you (the same in all images). y (N,) classes, integers from 0 to 9. Which classifier, and how you train it, is your
    own affair. It must be right about at least 90 of 100 images that it has not seen, within ten seconds a call, on one
    core, every time: set torch.manual_seed if you use chance. data.py has digits to try it on.
    """
    raise NotImplementedError
