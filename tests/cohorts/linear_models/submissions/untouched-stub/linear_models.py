"""Linear models. Fill in every function; README.md has the story, the formulas and the points.

Shapes, everywhere: N examples of D features and K classes. X (N, D) holds an example per row; w (D,) are weights and
b is a number, but in softmax regression W (K, D) holds a class per row and b is (K,). Targets are t (N,) real
numbers in regression, t (N,) zeros and ones in binary classification, y (N,) integers from 0 to K - 1 or one-hot rows
T (N, K) with more classes.
A *loss* is of one example, and there are N of them; a *cost* is the MEAN of the losses, one number.
Use NumPy only, natural logarithms, and leave your inputs as you found them. `grader check` tells you how you are doing.
"""

import numpy as np  # noqa: F401

# -- Linear regression ---------------------------------------------------------------------------------------


def predict(X, w, b):
    """Predictions of the linear model: y = X w + b 1.

    X (N, D), w (D,), b a number. Returns y (N,).

    >>> predict(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([3.0, -1.0]), 0.5)
    array([1.5, 0.5])
    """
    raise NotImplementedError


def squared_error_cost(y, t):
    """The MEAN over the examples of half the squared residual: 1/(2N) times the sum of (y - t)**2.

    y (N,) predictions, t (N,) targets. Returns one number.

    >>> print(squared_error_cost(np.array([3.0, 1.0]), np.array([1.0, 1.0])))
    1.0
    """
    raise NotImplementedError


def squared_error_gradient(X, w, b, t):
    """Gradient of the squared error cost of predict(X, w, b) with respect to w and to b.

    X (N, D), w (D,), b a number, t (N,). Returns (dw, db): an array (D,), and one number.

    To think about: one example, one feature. By how much does the prediction change if w changes by a little? And the
    loss, if the prediction does? Then put the examples together: the cost is a mean.
    """
    raise NotImplementedError


def gradient_descent_step(X, w, b, t, lr):
    """One step of gradient descent on the squared error cost, with learning rate lr.

    X (N, D), w (D,), b a number, t (N,), lr > 0. Returns (w_new, b_new): an array (D,), and one number, both taken
    from the gradient at the OLD w and b.

    With the single example x = 1, t = 3, from w = 0 and b = 0 and with lr = 0.5, both become 1.5.
    """
    raise NotImplementedError


def gradient_descent(X, t, lr, steps):
    """Gradient descent on the squared error cost, starting with w and b at zero.

    X (N, D), t (N,), lr > 0, steps >= 0 the number of steps. Returns (w, b, costs): where the last step ends, an array
    (D,) and one number; and an array (steps + 1,) of costs: the cost before each step, and the one after the last.

    With the single example x = 1, t = 3, lr = 0.5 and steps = 1 the costs are 4.5 and 0.
    """
    raise NotImplementedError


def least_squares(X, t):
    """Weights and bias that minimise the squared error cost of predict(X, w, b), with no iteration.

    X (N, D), t (N,). Returns (w, b): an array (D,), and one number.
    Columns of X may be collinear, or more than there are examples. Then many w and b are best, and any is right.

    To think about: np.linalg has functions for this. Which of them stand a matrix that has no inverse? And how does the
    bias get into the matrix?

    >>> w, b = least_squares(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0]))
    >>> print(np.round(w, 6), round(float(b), 6))
    [2.] 1.0
    """
    raise NotImplementedError


# -- Feature maps and generalization -------------------------------------------------------------------------


def polynomial_features(x, degree):
    """The powers of x: columns 1, x, x**2, ..., x**degree.

    x (N,), degree an integer >= 0. Returns an array (N, degree + 1).

    >>> polynomial_features(np.array([2.0, 10.0]), 2)
    array([[  1.,   2.,   4.],
           [  1.,  10., 100.]])
    """
    raise NotImplementedError


def select_degree(train, valid, degrees):
    """The degree whose polynomial, fitted to the training data, has the least cost (squared_error_cost) on the
    validation data.

    train and valid are pairs [x, t] of arrays (N,), each pair with an N of its own; degrees is a list of integers, in
    any order. Returns one of these. Where degrees have exactly the same cost, it is the lowest of them.
    Call the functions above: the column of ones makes a bias superfluous, but least_squares does not mind.
    """
    raise NotImplementedError


# -- Binary classification -----------------------------------------------------------------------------------


def classify(X, w, b):
    """The class of each example: 1 where the logit w·x + b is >= 0, else 0. So a logit of exactly 0 is class 1.

    X (N, D), w (D,), b a number. Returns integers (N,).

    >>> classify(np.array([[1.0], [2.0], [3.0]]), np.array([1.0]), -2.0)
    array([0, 1, 1])
    """
    raise NotImplementedError


def sigmoid(z):
    """The logistic function 1 / (1 + exp(-z)) of every element.

    z is an array of any shape. Returns an array of the same shape. Must stand logits of 10000 and of -10000.

    >>> np.round(sigmoid(np.array([-1000.0, 0.0, 2.0])), 3)
    array([0.   , 0.5  , 0.881])
    """
    raise NotImplementedError


def logistic_cross_entropy(z, t):
    """Cross-entropy loss of EACH example, from its logit: -t log(y) - (1 - t) log(1 - y), with y = sigmoid(z).

    z (N,) logits, t (N,) zeros and ones. Returns the N losses, (N,): no mean here.
    Must stand logits of 10000 and of -10000. One that is sure of the wrong label costs 10000, not infinity.

    To think about: y near 1 is stored as 1, and then 1 - y is gone. Can you write log(y) and log(1 - y) in z, without
    y? Which exponential is safe for z > 0, and which for z < 0?

    >>> np.round(logistic_cross_entropy(np.array([0.0, 1000.0, 1000.0]), np.array([1, 1, 0])), 3).tolist()
    [0.693, 0.0, 1000.0]
    """
    raise NotImplementedError


def logistic_gradient(X, w, b, t):
    """Gradient of the MEAN of logistic_cross_entropy(predict(X, w, b), t) with respect to w and to b.

    X (N, D), w (D,), b a number, t (N,) zeros and ones. Returns (dw, db): an array (D,), and one number.

    To think about: how does the loss of one example change with its logit? It simplifies more than you would think.
    And how does the logit change with w?
    """
    raise NotImplementedError


# -- Multiclass classification -------------------------------------------------------------------------------


def softmax(Z):
    """Probabilities of the classes: y_k = exp(z_k) / (sum over j of exp(z_j)) in every row.

    Z (N, K) logits. Returns an array (N, K). Must stand logits of 10000, in some rows or in all.

    To think about: what happens to a row of probabilities if you add 7 to all of its logits?

    >>> np.round(softmax(np.log([[1.0, 2.0, 5.0]])), 3)
    array([[0.125, 0.25 , 0.625]])
    """
    raise NotImplementedError


def one_hot(y, K):
    """Labels as rows of zeros with a single 1, in the column of the label.

    y (N,) integers from 0 to K - 1, K the number of classes. Returns an array (N, K).
    A label below 0, or one of K or more, raises ValueError.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    raise NotImplementedError


def softmax_cross_entropy(Z, T):
    """Cross-entropy loss of EACH example, from its logits: minus the sum over k of t_k log(y_k), with y = softmax(z).

    Z (N, K) logits, T (N, K) one-hot. Returns the N losses, (N,): no mean here.
    Must stand logits of 10000; a loss of 10000 is an answer, infinity is not.

    To think about: the log of a fraction is a difference. Do you need the fraction?

    >>> np.round(softmax_cross_entropy(np.log([[1.0, 2.0, 5.0]]), np.array([[0.0, 1.0, 0.0]])), 3)
    array([1.386])
    """
    raise NotImplementedError


def softmax_gradient_logits(Z, T):
    """Gradients of the losses in the logits: row i is the gradient of the loss of example i in ITS logits.

    Z (N, K) logits, T (N, K) one-hot. Returns an array (N, K). Nothing is averaged here: every row is on its own.

    To think about: what must a row of it add up to, and why?
    """
    raise NotImplementedError


def softmax_regression_gradient(X, W, b, T):
    """Gradient of the MEAN of softmax_cross_entropy(X @ W.T + b, T) with respect to W and to b.

    X (N, D), W (K, D), b (K,), T (N, K) one-hot. Returns (dW, db): arrays (K, D) and (K,).

    To think about: which logits does a row of W reach, and how? And a bias?
    """
    raise NotImplementedError
