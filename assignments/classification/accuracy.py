"""How good is your digits_classifier on images that it has not seen?

python accuracy.py                        the UCI digits (needs scikit-learn)
python accuracy.py fashion_mnist          Fashion-MNIST, from the folder fashion_mnist beside this file
python accuracy.py fashion_mnist FOLDER   the same, from a folder of yours
"""

import sys
import time

import torch
from classification import digits_classifier
from data import load


def main(name="digits", folder=None):
    X, y, X_new, y_new = load(name, folder)
    print(f"{name}: {len(X)} images of {X.shape[1]} pixels to train on, {len(X_new)} new ones")
    torch.set_num_threads(1)  # as where it is graded
    start = time.perf_counter()
    found = digits_classifier(X, y, X_new)
    right = sum(int(a) == int(b) for a, b in zip(found, y_new, strict=True)) / len(y_new)
    print(f"right about {100 * right:.1f} of 100 new images, after {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except NotImplementedError:
        sys.exit("classification.py: digits_classifier is not written yet")
    except (OSError, ValueError, ModuleNotFoundError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
