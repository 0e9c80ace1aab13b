"""Neural networks (CS 539): a perceptron, networks of any depth, backpropagation, and training one with softmax."""

from grader import Assignment

from .activations import sigmoid, softmax
from .backprop import backprop
from .chain import chain_rule
from .cost import cost
from .gates import gate_of_two_layers, gates_of_one_unit
from .initial import random_start
from .jacobians import da_dz, dL_da, dz_db, dz_dW
from .labels import one_hot, one_vs_rest_predict
from .network import forward
from .perceptron import batch_perceptron
from .training import accuracy, sgd
from .two_layer import two_layer_forward, two_layer_loss
from .two_layer_gradients import dL_da1, two_layer_gradients

ASSIGNMENT = Assignment(
    "Neural networks",
    file="neural_networks.py",
    questions=[
        batch_perceptron,
        gates_of_one_unit,
        gate_of_two_layers,
        one_hot,
        one_vs_rest_predict,
        sigmoid,
        softmax,
        forward,
        cost,
        backprop,
        random_start,
        dL_da,
        da_dz,
        dz_dW,
        dz_db,
        chain_rule,
        two_layer_forward,
        two_layer_loss,
        dL_da1,
        two_layer_gradients,
        sgd,
        accuracy,
    ],
)
