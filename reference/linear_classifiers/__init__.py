"""Linear classifiers (CS 7643): scores, hinge and softmax losses, their gradients, and the modules of a network."""

from grader import Assignment

from .activations import ReLU
from .full import full_loss
from .gradient import svm_gradient
from .hinge import svm_loss, svm_loss_i
from .jiggle import loss_sensitivity
from .layers import Linear
from .losses import SoftmaxLoss
from .network import Sequential, forward_backward
from .properties import (
    all_classes_add_one,
    hinge_at_initialisation,
    mean_only_rescales,
    scores_jiggled,
    softmax_at_initialisation,
    squares_differ,
    twice_the_weights,
    zero_to_infinity,
)
from .scores import append_one, fold_bias, scores
from .sigmoid import Sigmoid
from .softmax import softmax_loss
from .svm_module import SVMLoss
from .variants import svm_loss_variant

ASSIGNMENT = Assignment(
    "Linear classifiers",
    file="linear_classifiers.py",
    questions=[
        scores,
        append_one,
        fold_bias,
        svm_loss_i,
        svm_loss,
        svm_loss_variant,
        svm_gradient,
        softmax_loss,
        full_loss,
        loss_sensitivity,
        Linear,
        ReLU,
        Sigmoid,
        SoftmaxLoss,
        SVMLoss,
        Sequential,
        forward_backward,
        scores_jiggled,
        zero_to_infinity,
        hinge_at_initialisation,
        all_classes_add_one,
        mean_only_rescales,
        squares_differ,
        twice_the_weights,
        softmax_at_initialisation,
    ],
)
