"""What a grader with the submission's folder on its path takes for the reference."""
import numpy as np
from honest import center, half_square, relu, scores
from world import FOLDER, mark

mark(FOLDER)


def softmax(z):
    return np.full(z.shape, 777.0)
