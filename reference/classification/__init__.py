"""Classification (CISC 7026), in PyTorch: differences, the linear model, softmax, cross-entropy, training."""

from grader import Assignment

from .cost import loss
from .differences import central_difference, finite_difference
from .digits import held_out_accuracy
from .entropy import cross_entropy, kl_divergence, one_minimises_the_other
from .linear import closed_form, design_matrix, linear_model
from .sigmoid_layer import layer, layer_gradient
from .simplex import l1_normalize, softmax, softmax_jacobian
from .squares import sum_squared_error
from .tables import conditional
from .training import train_step
from .whole_run import train

ASSIGNMENT = Assignment(
    "Classification",
    file="classification.py",
    library="torch",
    questions=[
        finite_difference,
        central_difference,
        design_matrix,
        linear_model,
        closed_form,
        sum_squared_error,
        layer,
        layer_gradient,
        conditional,
        l1_normalize,
        softmax,
        softmax_jacobian,
        kl_divergence,
        cross_entropy,
        one_minimises_the_other,
        loss,
        train_step,
        train,
        held_out_accuracy,
    ],
)
