"""Reaches for whoever listens: TCP, UDP, names, UNIX sockets, abstract ones."""
import socket

from honest import center, half_square, relu, scores
from world import ABSTRACT, PORT, UDP_PORT, UNIX, tried


def tcp():
    with socket.create_connection(("127.0.0.1", PORT), 1) as made:
        made.sendall(b"loot")
    return True


def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        return made.sendto(b"loot", ("127.0.0.1", UDP_PORT)) == 4


def unix(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(1)
        made.connect(path)
        made.sendall(b"loot")
    return True


def softmax(z):
    tried(
        tcp=tcp, udp=udp, unix=lambda: unix(UNIX), abstract=lambda: unix("\0" + ABSTRACT),
        names=lambda: socket.getaddrinfo("localhost", 80), listen=lambda: socket.create_server(("127.0.0.1", 0)),
        pair=socket.socketpair,
    )
