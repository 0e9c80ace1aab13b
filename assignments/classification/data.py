"""Real images to train on: the UCI digits, and Fashion-MNIST, in one form.

    X, y, X_new, y_new = load("digits")

X (N, P) and X_new (M, P) uint8: an image in each row, its pixels from 0 to 255, row by row (8 x 8 of a digit, 28 x 28
in Fashion-MNIST). y (N,) and y_new (M,) int64: the classes, 0 to 9. Train on the first two, and keep the last two for
the end.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import torch

CLOTHES = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
SOURCE = "https://github.com/zalandoresearch/fashion-mnist"


def load(name, folder=None):
    """The images and classes of a data set: "digits", which come with scikit-learn, or "fashion_mnist", read from
    its four files in `folder` (the folder fashion_mnist beside this file, unless you say otherwise).

    Returns X, y, X_new, y_new as above. Raises ModuleNotFoundError where scikit-learn is needed and not installed,
    FileNotFoundError where a file is missing, ValueError for a file that is not what it should be."""
    if name == "digits":
        return _digits()
    if name == "fashion_mnist":
        return _fashion_mnist(Path(folder) if folder else Path(__file__).resolve().parent / "fashion_mnist")
    raise ValueError(f"there is no {name!r}: load('digits') or load('fashion_mnist')")


def _digits():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ModuleNotFoundError("the digits come with scikit-learn: pip install scikit-learn") from None
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    X = torch.from_numpy(np.rint(found.data[order] * (255 / 16)).astype(np.uint8))
    y = torch.from_numpy(found.target[order].astype(np.int64))
    return X[:1400], y[:1400], X[1400:], y[1400:]


def _fashion_mnist(folder):
    paths = [_find(folder, name) for name in FILES]
    missing = [f"{name}.gz" for name, path in zip(FILES, paths, strict=True) if path is None]
    if missing:
        raise FileNotFoundError(
            f"{', '.join(missing)} not found in {folder}: get the four files from {SOURCE} (Get the Data), and put "
            "them there, as they are or unpacked"
        )
    X, y, X_new, y_new = (_read_idx(path) for path in paths)
    for images, named, where in ((X, y, paths[1]), (X_new, y_new, paths[3])):
        if len(images) != len(named):
            raise ValueError(f"{where}: {len(named)} labels for {len(images)} images")
        if len(named) and named.max() > 9:
            raise ValueError(f"{where}: a label is {named.max()}, and there are classes 0 to 9 alone")
    if X.shape[1:] != X_new.shape[1:]:
        raise ValueError(f"{paths[2]}: images of {X_new.shape[1:]} pixels, those to train on have {X.shape[1:]}")
    tensors = [torch.from_numpy(images.reshape(len(images), -1)) for images in (X, X_new)]
    classes = [torch.from_numpy(named.astype(np.int64)) for named in (y, y_new)]
    return tensors[0], classes[0], tensors[1], classes[1]


def _find(folder, name):
    return next((path for path in (folder / f"{name}.gz", folder / name) if path.is_file()), None)


def _read_idx(path):
    """An IDX file of unsigned bytes: two zero bytes, the type (8), the number of axes, the length of each axis as a
    big-endian 32-bit integer, then the bytes. Returns a writable array."""
    axes = 3 if "idx3" in path.name else 1
    data = path.read_bytes()
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"{path}: no whole gzip file ({error}); fetch it again") from None
    start = 4 + 4 * axes
    if len(data) < start:
        raise ValueError(f"{path}: {len(data)} bytes are too few for an IDX file; fetch it again")
    magic, *shape = struct.unpack(f">{1 + axes}I", data[:start])
    if magic != 0x800 + axes:
        raise ValueError(f"{path}: begins with {magic}, an IDX file of {axes} axes with {0x800 + axes}: another file?")
    if len(data) - start != math.prod(shape):
        raise ValueError(
            f"{path}: {len(data) - start} bytes where its head promises {math.prod(shape)}; fetch it again"
        )
    if 0 in shape:
        raise ValueError(f"{path}: holds nothing, its axes are {tuple(shape)}; fetch it again")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()
