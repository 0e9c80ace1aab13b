"""Linear models (CSC413/2516, lecture 1): regression, descent, feature maps, logistic and softmax regression."""

from grader import Assignment

from .binary import classify, logistic_cross_entropy, logistic_gradient, sigmoid
from .descent import gradient_descent, gradient_descent_step
from .direct import least_squares, polynomial_features, select_degree
from .multiclass import one_hot, softmax, softmax_cross_entropy
from .properties import (
    linear_in_the_logit,
    no_better_line,
    probabilities_of_moved_logits,
    small_steps_go_down,
    two_classes_are_logistic,
)
from .regression import predict, squared_error_cost, squared_error_gradient
from .softmax_gradient import softmax_gradient_logits, softmax_regression_gradient

ASSIGNMENT = Assignment(
    "Linear models",
    file="linear_models.py",
    questions=[
        predict,
        squared_error_cost,
        squared_error_gradient,
        gradient_descent_step,
        gradient_descent,
        small_steps_go_down,
        least_squares,
        no_better_line,
        polynomial_features,
        select_degree,
        classify,
        sigmoid,
        logistic_cross_entropy,
        linear_in_the_logit,
        logistic_gradient,
        softmax,
        probabilities_of_moved_logits,
        one_hot,
        softmax_cross_entropy,
        two_classes_are_logistic,
        softmax_gradient_logits,
        softmax_regression_gradient,
    ],
)
