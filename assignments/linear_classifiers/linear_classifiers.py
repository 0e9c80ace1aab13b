"""Linear classifiers. Fill in every function; README.md has the story, the formulas and the points.

Shapes, everywhere: N images of D pixels and K classes. X (N, D) holds an image per row, W (K, D) a class
per row, b (K,) a bias per class, y (N,) the true classes, integers from 0 to K - 1.
Use NumPy only, and leave your inputs as you found them. `grader check` tells you how you are doing.
"""

import numpy as np  # noqa: F401


def scores(X, W, b):
    """Score of every class for every image: W x + b, for each row x of X.

    X (N, D), W (K, D), b (K,). Returns the scores (N, K).

    >>> W = np.array([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> scores(np.array([[1.0, 2.0]]), W, np.array([0.0, 5.0, 9.0]))
    array([[ 3.,  7., 12.]])
    """
    raise NotImplementedError


def append_one(X):
    """The images with one more pixel, in the last column, whose value is always 1.

    X (N, D). Returns a new array (N, D + 1).

    >>> append_one(np.array([[7.0, 8.0]]))
    array([[7., 8., 1.]])
    """
    raise NotImplementedError


def fold_bias(W, b):
    """The weights with the bias as one more column, the last: append_one's partner.

    W (K, D), b (K,). Returns a new array (K, D + 1).

    >>> fold_bias(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0]))
    array([[1., 2., 5.],
           [3., 4., 6.]])
    """
    raise NotImplementedError


def svm_loss_i(s, y):
    """Hinge loss of ONE image: the sum over all classes j other than y of max(0, s_j - s_y + 1).

    s (K,) scores, y the true class, an integer. Returns one number.

    >>> print(svm_loss_i(np.array([3.0, 5.0, -2.0]), 0))
    3.0
    """
    raise NotImplementedError


def svm_loss(S, y):
    """Hinge loss of a batch: the MEAN over the images of what svm_loss_i says of each.

    S (N, K) scores, y (N,). Returns one number. A loop is fine; no loop is finer.

    >>> print(svm_loss(np.array([[3.0, 5.0, -2.0], [0.0, 4.0, 1.0]]), np.array([0, 1])))
    1.5
    """
    raise NotImplementedError


def svm_loss_variant(S, y, kind):
    """The hinge loss of a batch with one thing changed: the MEAN over the images of what `kind` says of each.

    "all"      the sum over ALL classes j, the true one too, of max(0, s_j - s_y + 1)
    "mean"     the mean over the K - 1 other classes in place of the sum
    "squared"  the sum over the other classes of max(0, s_j - s_y + 1) squared

    S (N, K) scores with K > 1, y (N,). Returns one number. Any other kind raises ValueError, and so does a label
    that is not 0 to K - 1 (NumPy takes -1 for the last class, and says nothing).

    >>> S, y = np.array([[3.0, 5.0, 2.5], [0.0, 4.0, 1.0]]), np.array([0, 1])
    >>> for kind in ("all", "mean", "squared"):
    ...     print(svm_loss_variant(S, y, kind))
    2.75
    0.875
    4.625
    """
    raise NotImplementedError


def svm_gradient(X, W, y, reg):
    """Gradient, with respect to W, of the mean hinge loss of the scores X @ W.T plus reg * sum(W**2).

    X (N, D), W (K, D), y (N,), reg a number >= 0. Returns dW (K, D). No bias here: it is folded in.
    Where s_j - s_y + 1 is exactly 0, take the derivative of the hinge to be 0.

    To think about, for one image: nudge row j of W. Which terms of the sum feel it, if j is a wrong class
    that breaks the margin? A wrong class that keeps it? The true class?
    """
    raise NotImplementedError


def softmax_loss(S, y):
    """Mean cross-entropy of the scores, and its gradient with respect to the scores.

    The loss of one image is -log(p_y), with p_k = exp(s_k) / (sum over j of exp(s_j)) and the natural log.
    S (N, K) scores, y (N,). Returns (loss, dS): one number, and an array (N, K).
    Must stand scores of a thousand. The true class's score can be far below the others: a loss of 2000 is
    an answer, infinity is not.

    To think about: what happens to p if you add 7 to every score of an image? What does that tell you about
    the sum of a row of dS? And what does the mean over images do to dS?

    >>> loss, dS = softmax_loss(np.array([[-2.85, 0.86, 0.28]]), np.array([2]))
    >>> print(round(float(loss), 2), dS.shape)
    1.04 (1, 3)
    """
    raise NotImplementedError


def full_loss(X, W, y, reg, kind):
    """Data loss of the scores X @ W.T plus the penalty reg * sum(W**2), and the gradient of it all in W.

    X (N, D), W (K, D), y (N,), reg a number >= 0; kind is "svm" for the hinge or "softmax" for the
    cross-entropy, and anything else raises ValueError. Returns (loss, dW): one number, and an array (K, D).
    For "svm", where s_j - s_y + 1 is exactly 0, take the derivative of the hinge to be 0.
    Call svm_loss and softmax_loss: if only they are wrong, this still earns half of its points.

    To think about: you have the gradient in the scores already. How does a row of W reach the scores?
    """
    raise NotImplementedError


def loss_sensitivity(s, y, eps):
    """By how much each loss of ONE image changes when one of its scores is raised by eps.

    s (K,) scores, y the true class, eps a number, not always small and not always positive. Returns
    (hinge, softmax), two arrays (K,): entry k is the loss with s_k + eps in the place of s_k and the other scores
    as they were, minus the loss of s. Call svm_loss_i and softmax_loss: if only they are wrong, this still earns
    half of its points.

    >>> hinge, softmax = loss_sensitivity(np.array([10.0, 9.0, 8.0]), 0, 0.5)
    >>> print(hinge, softmax.round(3))
    [0.  0.5 0. ] [-0.141  0.147  0.057]
    """
    raise NotImplementedError


class Linear:
    """The scores as a building block: forward, then backward.

    layer = Linear(W, b)          W (K, D), b (K,)
    out = layer.forward(X)        X (N, D), out (N, K)
    dX = layer.backward(dout)     dout (N, K), dX (N, D)
    layer.dW, layer.db            after backward: (K, D), (K,)

    Like all modules below it is used again and again, each time with other images and perhaps another number of
    them. What backward says, dW and db too, is of the LAST forward and of the dout that came now: nothing of an
    earlier pass is kept or added.
    """

    def __init__(self, W, b):
        raise NotImplementedError

    def forward(self, X):
        """Returns X @ W.T + b (N, K). What will backward need to remember of this call?"""
        raise NotImplementedError

    def backward(self, dout):
        """Takes dout (N, K), the gradient of some loss in the out of the last forward. Returns dX (N, D), the
        gradient of that same loss in X, and leaves those in W and b in self.dW (K, D) and self.db (K,).

        The loss has done its averaging before dout arrives: divide by nothing here.
        """
        raise NotImplementedError


class ReLU:
    """Lets positive numbers pass and stops the others: max(0, x), one by one. Same methods as Linear, no weights.

    layer = ReLU()
    out = layer.forward(X)        X (N, D), out (N, D)
    dX = layer.backward(dout)     dout (N, D), dX (N, D), of the last forward
    """

    def forward(self, X):
        """Returns max(0, X), and leaves X as it was.

        >>> ReLU().forward(np.array([[1.0, -2.0, 3.0]]))
        array([[1., 0., 3.]])
        """
        raise NotImplementedError

    def backward(self, dout):
        """Takes the gradient of some loss in the out of the last forward; returns that in X. Leaves dout as it was.

        At an input of exactly 0 take the derivative to be 0.
        """
        raise NotImplementedError


class Sigmoid:
    """Squeezes every number into 0 to 1: 1 / (1 + exp(-x)), one by one. Used like ReLU."""

    def forward(self, X):
        """Returns 1 / (1 + exp(-X)). Right, and finite, for inputs from -10000 to 10000.

        >>> Sigmoid().forward(np.array([[0.0, -10000.0]]))
        array([[0.5, 0. ]])
        """
        raise NotImplementedError

    def backward(self, dout):
        """Takes the gradient of some loss in the out of the last forward; returns that in X."""
        raise NotImplementedError


class SoftmaxLoss:
    """The end of a network: softmax_loss as a module.

    head = SoftmaxLoss()
    loss = head.forward(S, y)     S (N, K), y (N,), one number
    dS = head.backward()          (N, K), of the last forward: nothing arrives from above a loss
    """

    def forward(self, S, y):
        """Returns the mean cross-entropy. Calling softmax_loss is allowed: if only that is wrong, half is earned."""
        raise NotImplementedError

    def backward(self):
        """Returns the gradient of the loss of the last forward in its scores."""
        raise NotImplementedError


class SVMLoss:
    """Another end of a network: svm_loss as a module. Made and used just like SoftmaxLoss."""

    def forward(self, S, y):
        """Returns the mean hinge loss. Calling svm_loss is allowed: if only that is wrong, half is earned."""
        raise NotImplementedError

    def backward(self):
        """Returns the gradient of the loss of the last forward in its scores, (N, K).

        Where s_j - s_y + 1 is exactly 0, take the derivative of the hinge to be 0. What is left of svm_gradient
        when nothing but the scores can move?
        """
        raise NotImplementedError


class Sequential:
    """Layers in a row, to be used like one layer.

    net = Sequential([Linear(W1, b1), ReLU(), Linear(W2, b2)])     any number of layers, from one up
    S = net.forward(X)
    dX = net.backward(dS)

    A layer is whatever has forward and backward: yours, or somebody else's.
    """

    def __init__(self, layers):
        raise NotImplementedError

    def forward(self, X):
        """Returns what comes out of the last layer."""
        raise NotImplementedError

    def backward(self, dout):
        """Takes the gradient in what came out of the last layer; returns the gradient in X. Every layer's backward
        runs, so that every Linear has its dW and db.
        """
        raise NotImplementedError


def forward_backward(layers, head, X, y):
    """One pass through a whole network, there and back: layers, a list of layers; head, a loss module.

    X (N, D), y (N,). Returns (loss, dX): one number, and an array (N, D). Afterwards each Linear among the layers
    holds its dW and db. It may be called again with the same layers and head, and other images: all answers are then
    those of the last call.
    """
    raise NotImplementedError
