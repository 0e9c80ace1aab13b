"""Linear classifiers (CS 7643): scores, hinge and softmax losses, their gradients, and a first layer."""

from grader import Assignment

from .full import full_loss
from .gradient import svm_gradient
from .hinge import svm_loss, svm_loss_i
from .layers import Linear
from .properties import hinge_at_initialisation, softmax_at_initialisation, twice_the_weights
from .scores import append_one, fold_bias, scores
from .softmax import softmax_loss

ASSIGNMENT = Assignment(
    "Linear classifiers",
    file="linear_classifiers.py",
    questions=[
        scores,
        append_one,
        fold_bias,
        svm_loss_i,
        svm_loss,
        svm_gradient,
        softmax_loss,
        full_loss,
        Linear,
        hinge_at_initialisation,
        softmax_at_initialisation,
        twice_the_weights,
    ],
)
