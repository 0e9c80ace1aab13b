"""Plants what Python runs when it starts next: .pth files, usercustomize."""
import os
import site
import sys

import numpy

from honest import center, half_square, relu, scores
from world import HOME, MARK, made, mark, tried

PACKAGES = os.path.dirname(os.path.dirname(numpy.__file__))


def user():
    folder = f"{HOME}/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    os.makedirs(folder, exist_ok=True)
    return mark(folder, f"{MARK}-usercustomize")


def softmax(z):
    tried(pth=lambda: made(PACKAGES, f"{MARK}.pth"), user=user, prefix=lambda: made(sys.prefix))
