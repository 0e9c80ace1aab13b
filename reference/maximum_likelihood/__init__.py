"""Maximum likelihood (TU Delft deep learning, ML refresh): likelihoods, divergences, and what output units do to
gradients."""

from grader import Assignment

from .bernoulli import bernoulli_nll
from .clamped import clamped_linear_gradient
from .conditional import conditional_nll
from .cross import cross_entropy
from .divergence import kl_divergence
from .entropic_logit import cross_entropy_gradient_logit
from .gaussian import gaussian_nll
from .likelihood import bernoulli_mle, gaussian_mle, log_likelihood
from .multiclass import multiclass_cross_entropy, predict_class
from .properties import (
    entropy_plus_divergence,
    independent_examples_add,
    squared_error_is_gaussian,
    very_wrong_still_learns,
)
from .squared_logit import squared_loss_gradient_logit
from .uncertainty import entropy

ASSIGNMENT = Assignment(
    "Maximum likelihood",
    file="maximum_likelihood.py",
    questions=[
        log_likelihood,
        bernoulli_mle,
        gaussian_mle,
        entropy,
        kl_divergence,
        cross_entropy,
        bernoulli_nll,
        gaussian_nll,
        clamped_linear_gradient,
        squared_loss_gradient_logit,
        cross_entropy_gradient_logit,
        multiclass_cross_entropy,
        predict_class,
        conditional_nll,
        entropy_plus_divergence,
        squared_error_is_gaussian,
        very_wrong_still_learns,
        independent_examples_add,
    ],
)
