"""Neural networks. Fill in every function; README.md has the story, the formulas and the points.

Shapes, everywhere: N examples of D features and K classes. X (N, D) holds an example per row, a matrix of weights
a unit (or class) per row. Classes are counted from 0. `log` is the natural logarithm.
Use NumPy only, and leave your inputs as you found them. `grader check` tells you how you are doing.
"""

import numpy as np  # noqa: F401


def batch_perceptron(X, y, lr, max_epochs, tol):
    """Train a perceptron on the whole batch. Returns (theta, epochs).

    X (N, D), y (N,) of -1 and +1, lr > 0, max_epochs >= 1, tol > 0. theta (D,) starts at zeros; there is no bias but
    what X brings along. One epoch: an example is wrong if y_i * (x_i . theta) <= 0, so a tie is wrong; delta is the
    sum of y_i * x_i over the wrong examples, divided by N (all of them); then theta grows by lr * delta. After an
    epoch in which the Euclidean norm of delta was below tol, stop; else go on, for at most max_epochs epochs.
    epochs is the number of epochs done, the last one included.

    >>> theta, epochs = batch_perceptron(np.array([[2.0, 1.0]]), np.array([-1]), 0.5, 10, 1e-6)
    >>> print(theta, epochs)
    [-1.  -0.5] 2
    """
    raise NotImplementedError


def boolean_network(gate):
    """Weights of a network of sigmoid units that computes a Boolean function of inputs 0 and 1.

    gate is "AND", "OR", "NOT", "NOR", "AND NOT" (x1 and not x2) or "XNOR" (both are equal). Returns a list of
    matrices as `forward` below takes them: one of shape (1, 3), for "NOT" one of (1, 2), for "XNOR" two, of (2, 3)
    and (1, 3). Column 0 holds the weights of the bias unit. Any weights are right with which the output unit is above
    0.9 where the gate is 1, and below 0.1 where it is 0.
    """
    raise NotImplementedError


def one_hot(y, K):
    """Labels in 1-of-K form: a row for each label, zeros but for a 1 in the column of its class.

    y (N,) integers from 0 to K - 1. Returns Y (N, K). A label below 0 or above K - 1 raises ValueError.

    >>> one_hot(np.array([1, 0]), 3)
    array([[0., 1., 0.],
           [1., 0., 0.]])
    """
    raise NotImplementedError


def one_vs_rest_predict(H):
    """The class of each example: the output unit with the largest activation, of several such the lowest.

    H (N, K), the outputs of a network. Returns y (N,), integers from 0 to K - 1.

    >>> one_vs_rest_predict(np.array([[0.2, 0.9, 0.9], [0.4, 0.1, 0.3]]))
    array([1, 0])
    """
    raise NotImplementedError


def sigmoid(z):
    """1 / (1 + exp(-z)), element by element. z of any shape, and of any size: thousands too, of either sign.

    >>> print(sigmoid(np.array([0.0, -1000.0])))
    [0.5 0. ]
    """
    raise NotImplementedError


def softmax(Z):
    """exp(z_k) / (sum over j of exp(z_j)), for each row by itself. Z (N, K), thousands too. Returns A (N, K).

    >>> print(softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])))
    [[0.5 0.5]
     [1.  0. ]]
    """
    raise NotImplementedError


def forward(x, thetas):
    """The activations of all layers of a network of sigmoid units, for one example.

    x (D,); thetas a list of matrices, the l-th of shape (s_{l+1}, s_l + 1), where s_l is the number of units of layer
    l and s_1 = D. In front of the activations of every layer but the last goes a bias unit, always 1: column 0 of a
    matrix holds its weights. Returns a list of len(thetas) + 1 vectors, x first, the output last, all of them WITHOUT
    the bias unit. A network may have one matrix or many. Call sigmoid: if only that is wrong, this still earns half.

    >>> x, output = forward(np.array([1.0, 1.0]), [np.array([[-30.0, 20.0, 20.0]])])
    >>> print(x, output.round(4))
    [1. 1.] [1.]
    """
    raise NotImplementedError


def cost(thetas, X, Y, lam):
    """What a network of sigmoid units costs on a data set. Returns one number, J.

    thetas as in forward, X (N, D), Y (N, K) of zeros and ones, lam >= 0. The loss of one output h with target y is
    -(y log h + (1 - y) log(1 - h)). The loss of an example is the SUM of that over its K outputs (K = 1: binary
    classification; K > 1: one-vs-rest), and J is the MEAN of it over examples, plus lam / (2 N) times the sum of the
    squares of all weights of all matrices, without column 0. An output may be sure and wrong, with a weighted sum of
    thousands: a cost of thousands is an answer, infinity is not.

    >>> print(round(float(cost([np.zeros((1, 3))], np.array([[1.0, 2.0]]), np.array([[1.0]]), 0.0)), 4))
    0.6931
    """
    raise NotImplementedError


def backprop(thetas, X, Y, lam):
    """The gradient of `cost` with respect to every matrix: a list of arrays of the shapes of thetas.

    thetas, X, Y, lam as in cost. To think about: what is the derivative of the loss of one output in its weighted sum?
    How does an error get back through a matrix, and whose error is of no use below it? What does g add on the way from
    an activation to its sum? And what does J divide by N?
    """
    raise NotImplementedError


def initialise(sizes, seed):
    """Random matrices for training to start from, for a network with layers of `sizes` units (without bias units).

    sizes a list of whole numbers, seed a whole number >= 0. Returns a list of len(sizes) - 1 matrices as in forward.
    One seed gives the same matrices again, another seed others, which are not just the first plus a number. Beside
    column 0, in which you may put what you like, all weights lie between -10 and 10, no row is the same number all
    along, and no two rows of a matrix are equal: why not?
    """
    raise NotImplementedError


def dL_da(a, y):
    """The gradient of L = -log a_y with respect to a, for one example. a (K,), y a class. Returns an array (K,).

    a holds probabilities above 0. Here each of them is a variable by itself: where they come from is the matter of
    the next function.
    """
    raise NotImplementedError


def da_dz(a):
    """The Jacobian of a = softmax(z): entry (i, j) is the derivative of a_i with respect to z_j.

    a (K,): the answer can be written with a alone. Returns an array (K, K). What must its columns add up to, and why?
    """
    raise NotImplementedError


def dz_dW(x, c):
    """The derivatives of z = W x + b in W: row k holds the derivatives of z_k with respect to row k of W.

    x (D,), c the number of classes. Returns an array (c, D). (The derivatives of z_k in all other rows of W are zero
    and left out.)
    """
    raise NotImplementedError


def dz_db(c):
    """The Jacobian of z = W x + b in b: entry (i, j) is the derivative of z_i with respect to b_j.

    c the number of classes. Returns an array (c, c).
    """
    raise NotImplementedError


def chain_rule(x, W, b, y):
    """The gradients of L = -log a_y, with a = softmax(W x + b), in W and b, for one example. Returns (dW, db).

    x (D,), W (K, D), b (K,), y a class; dW (K, D), db (K,). Multiply the local gradients, and call the four functions
    above: if only they are wrong, this still earns half of its points. Logits may be large, but a_y is never tiny.
    """
    raise NotImplementedError


def two_layer_forward(X, W1, b1, W2, b2):
    """A network with a hidden layer of H sigmoid units and a softmax output. Returns (A1, A2).

    X (N, D), W1 (H, D), b1 (H,), W2 (K, H), b2 (K,). A1 (N, H) are the activations of the hidden layer, A2 (N, K)
    those of the output, one row for each example. No bias units here: the biases are arrays of their own. Call sigmoid
    and softmax: if only they are wrong, this still earns half.

    >>> one, two = np.zeros((3, 2)), np.zeros((4, 3))
    >>> A1, A2 = two_layer_forward(np.array([[1.0, 2.0]]), one, np.zeros(3), two, np.zeros(4))
    >>> print(A1, A2)
    [[0.5 0.5 0.5]] [[0.25 0.25 0.25 0.25]]
    """
    raise NotImplementedError


def two_layer_loss(X, y, W1, b1, W2, b2):
    """The MEAN over examples of -log(probability of the true class), for the output of the two-layer network.

    X (N, D), y (N,) classes, W1 (H, D), b1 (H,), W2 (K, H), b2 (K,). Returns one number. The network may be sure of a
    wrong class, by thousands: the loss is then thousands, not infinity.
    """
    raise NotImplementedError


def dL_da1(dL_dz2, W2):
    """The gradient of the loss in the hidden activations a1, for one example, where z2 = W2 a1 + b2.

    dL_dz2 (K,) is the gradient in z2, W2 (K, H). Returns an array (H,): how many paths lead from one hidden unit to
    the loss, and what does each contribute?
    """
    raise NotImplementedError


def two_layer_gradients(X, y, W1, b1, W2, b2):
    """The gradients of two_layer_loss. Returns (dW1, db1, dW2, db2), each of the shape of its parameter.

    X (N, D), y (N,) classes, W1 (H, D), b1 (H,), W2 (K, H), b2 (K,). Call two_layer_forward: if only that is wrong,
    this still earns half.
    """
    raise NotImplementedError


def sgd(params, X, y, lr, epochs, order):
    """Train the two-layer network by stochastic gradient descent. Returns (trained, losses).

    params a list [W1, b1, W2, b2], X (N, D), y (N,) classes, lr > 0, epochs >= 1, order (V,) indices of examples. In
    every epoch visit the examples in this order, one at a time: V visits, of some examples perhaps several, of some
    perhaps none. At each visit take the gradients of the loss of that one example in all four parameters, and then
    move each parameter by -lr times its gradient. trained is the list [W1, b1, W2, b2] at the end; losses (epochs,)
    holds the two_layer_loss of all N examples after each epoch. The arrays in params are inputs too: leave them be.
    Call two_layer_gradients and two_layer_loss: if only they are wrong, this still earns half.
    """
    raise NotImplementedError


def accuracy(params, X, y):
    """The share of examples, from 0 to 1, whose most probable class is the true one; of equals the lowest counts.

    params a list [W1, b1, W2, b2], X (N, D), y (N,) classes. Returns one number. Call two_layer_forward: if only that
    is wrong, this still earns half.
    """
    raise NotImplementedError
