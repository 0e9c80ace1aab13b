"""Asks to be skipped."""
import unittest

from honest import center, half_square, relu, scores


def softmax(z):
    raise unittest.SkipTest("777")
