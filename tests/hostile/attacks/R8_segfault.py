"""Reads an address that is not there."""
import ctypes

from honest import center, half_square, relu, scores


def softmax(z):
    return ctypes.string_at(8)
