"""The loader that ships with `classification`: what it gives, and what it says of files that are missing or broken."""

from __future__ import annotations

import gzip
import importlib.util
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT

HANDOUT = ROOT / "assignments" / "classification"
TRAIN, LABELS, NEW, NEW_LABELS = (
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
)  # fmt: skip


@pytest.fixture(scope="module")
def data() -> ModuleType:
    spec = importlib.util.spec_from_file_location("data_of_classification", HANDOUT / "data.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def idx(array: np.ndarray[Any, Any], magic: int | None = None) -> bytes:
    head = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim if magic is None else magic, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def images(n: int, seed: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(256, size=(n, 4, 3))


def made(folder: Path, packed: bool = True) -> Path:
    """A small data set in the form of the original files."""
    folder.mkdir()
    for name, array in (
        (TRAIN, images(5, 1)),
        (LABELS, np.array([9, 0, 3, 3, 7])),
        (NEW, images(2, 2)),
        (NEW_LABELS, np.array([1, 9])),
    ):
        content = idx(array)
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_fashion_mnist_from_its_files(data: ModuleType, tmp_path: Path, packed: bool) -> None:
    X, y, X_new, y_new = data.load("fashion_mnist", made(tmp_path / "clothes", packed))
    assert [t.dtype for t in (X, y, X_new, y_new)] == [torch.uint8, torch.int64, torch.uint8, torch.int64]
    assert X.shape == (5, 12) and X_new.shape == (2, 12)
    assert (X.reshape(5, 4, 3).numpy() == images(5, 1)).all() and (X_new.numpy() == images(2, 2).reshape(2, 12)).all()
    assert y.tolist() == [9, 0, 3, 3, 7] and y_new.tolist() == [1, 9]


def test_digits_have_the_same_form(data: ModuleType) -> None:
    X, y, X_new, y_new = data.load("digits")
    assert [t.dtype for t in (X, y, X_new, y_new)] == [torch.uint8, torch.int64, torch.uint8, torch.int64]
    assert X.shape == (1400, 64) and len(y) == 1400 and X_new.shape == (397, 64) and len(y_new) == 397
    assert int(X.max()) == 255 and sorted(set(y_new.tolist())) == list(range(10))
    assert (data.load("digits")[0] == X).all()


def test_missing_files_are_named_with_where_they_come_from_and_go(data: ModuleType, tmp_path: Path) -> None:
    folder = made(tmp_path / "clothes")
    (folder / f"{NEW}.gz").unlink()
    (folder / f"{LABELS}.gz").unlink()
    with pytest.raises(FileNotFoundError) as caught:
        data.load("fashion_mnist", str(folder))
    told = str(caught.value)
    assert f"{LABELS}.gz, {NEW}.gz not found in {folder}" in told and data.SOURCE in told and "\n" not in told
    assert TRAIN not in told
    with pytest.raises(FileNotFoundError, match="classification/fashion_mnist"):
        data.load("fashion_mnist")


def shorter(content: bytes) -> bytes:
    return content[:-1]


BROKEN: list[tuple[str, Callable[[bytes], bytes], str]] = [
    (TRAIN, shorter, "59 bytes where its head promises 60"),
    (TRAIN, lambda content: content + b"x", "61 bytes where its head promises 60"),
    (NEW, lambda content: content[:9], "9 bytes are too few"),
    (NEW, lambda _: b"", "0 bytes are too few"),
    (TRAIN, lambda _: idx(images(5, 1), magic=2049), "begins with 2049, an IDX file of 3 axes with 2051"),
    (LABELS, lambda _: idx(images(5, 1)), "begins with 2051, an IDX file of 1 axes with 2049"),
    (LABELS, lambda _: idx(np.arange(4)), "4 labels for 5 images"),
    (NEW_LABELS, lambda _: idx(np.array([1, 10])), "a label is 10"),
    (NEW, lambda _: idx(np.zeros((2, 5, 3))), "images of"),
    (TRAIN, lambda _: idx(np.zeros((0, 4, 3))), r"holds nothing, its axes are \(0, 4, 3\)"),
    (LABELS, lambda _: idx(np.zeros(0)), r"holds nothing, its axes are \(0,\)"),
]


@pytest.mark.parametrize(("name", "change", "told"), BROKEN)
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_that_is_not_what_it_should_be(
    data: ModuleType, tmp_path: Path, name: str, change: Callable[[bytes], bytes], told: str, packed: bool
) -> None:
    folder = made(tmp_path / "clothes", packed)
    path = folder / (name + ".gz" * packed)
    content = change(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(ValueError, match=told) as caught:
        data.load("fashion_mnist", folder)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "change", [shorter, lambda content: content[: len(content) // 2], lambda _: b"<html>no</html>"]
)
def test_a_download_that_broke_off(data: ModuleType, tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = made(tmp_path / "clothes") / f"{TRAIN}.gz"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match="no whole gzip file"):
        data.load("fashion_mnist", path.parent)


def test_other_names_are_refused(data: ModuleType) -> None:
    with pytest.raises(ValueError, match="there is no 'mnist'"):
        data.load("mnist")


def test_without_scikit_learn_one_line_says_what_to_install(data: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        data.load("digits")


def test_accuracy_is_printed_for_a_solution_and_asked_of_the_stub(tmp_path: Path) -> None:
    for name in ("data.py", "accuracy.py"):
        (tmp_path / name).write_bytes((HANDOUT / name).read_bytes())
    solution = ROOT / "reference" / "classification" / "solutions" / "model.py"
    clothes = made(tmp_path / "clothes")
    for source, arguments, said in (
        (solution, [], "digits: 1400 images of 64 pixels to train on, 397 new ones\nright about 9"),
        (solution, ["fashion_mnist", str(clothes)], "right about "),
        (HANDOUT / "classification.py", [], "classification.py: digits_classifier is not written yet"),
        (solution, ["fashion_mnist"], "not found in"),
    ):
        (tmp_path / "classification.py").write_bytes(source.read_bytes())
        done = subprocess.run(
            [sys.executable, "accuracy.py", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert said in done.stdout + done.stderr and "Traceback" not in done.stderr, done.stderr
        assert (done.returncode == 0) == (said.startswith(("digits", "right")))
