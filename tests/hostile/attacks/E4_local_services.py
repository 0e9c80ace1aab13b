"""Sockets of services on this machine: stand-ins of the test's for Docker, D-Bus and X11."""
import socket

from honest import center, half_square, relu, scores
from world import ABSTRACT, UNIX, tried


def reach(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(1)
        made.connect(path)
    return True


def softmax(z):
    tried(
        docker=lambda: reach(UNIX), display=lambda: reach("\0" + ABSTRACT),
        datagram=lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).fileno() >= 0,
        netlink=lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).fileno() >= 0,
    )
