"""Imports the reference, by its name and by its file."""
import importlib
import importlib.util
import sys

from honest import center, half_square, relu, scores
from world import COURSE, tried


def by_name():
    sys.path[:0] = [COURSE]
    importlib.invalidate_caches()
    return importlib.import_module("reference.answers").TOKEN


def by_file():
    spec = importlib.util.spec_from_file_location("harmless", f"{COURSE}/reference/demo/answers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TOKEN


def softmax(z):
    sys.meta_path[:] = [finder for finder in sys.meta_path if isinstance(finder, type)]
    tried(by_name=by_name, by_file=by_file)
