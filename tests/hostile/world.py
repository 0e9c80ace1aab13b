"""What an attacker knows: where everything lies. A copy lies in each attack's folder, with the places at its end.

Nothing here can harm the machine: marks are small files, signals are number 0, listeners are on the loopback."""

import os

REFUSED = (OSError, ImportError, MemoryError, RuntimeError)


class Tried(Exception):
    """How far an attack came, said to whoever catches it."""


def tried(**actions):
    """Try all, and raise what became of each: DONE with what it got, no (nothing there), refused, or BROKEN (a fault
    of the attack itself, which a test must not take for a defence)."""
    said = []
    for name, action in actions.items():
        try:
            got = action()
            loot = f"<{got[:40]!r}>" if isinstance(got, (str, bytes)) else ""
            said.append(f"{name}=DONE{loot}" if got else f"{name}=no")
        except REFUSED as error:
            said.append(f"{name}=refused:{type(error).__name__}")
        except BaseException as error:
            said.append(f"{name}=BROKEN:{type(error).__name__}:{str(error)[:60]}")
    raise Tried(" ".join(said))


def read(path):
    """The first bytes of a file."""
    with open(path, "rb") as file:
        return file.read(4096)[-40:] or b"empty"


def mark(folder, name="", text="planted"):
    """Plant a small file; its name tells where it came from."""
    path = os.path.join(folder, name or f"{MARK}-{os.getpid()}")
    with open(path, "a") as file:
        file.write(text)
    return True


def made(folder, name=""):
    """Make a file and remove it at once: where code would be planted that others run."""
    path = os.path.join(folder, name or f"{MARK}-made")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)
    return True


def opened(path):
    """Open a file for writing, and write nothing."""
    with open(path, "ab"):
        return True


MARK, SECRET, FOLDER, UNIX, ABSTRACT, NEIGHBOUR, SUBMISSIONS, COURSE, OUT, HOME, THEIRS = ("",) * 11
PORT = UDP_PORT = GRADER = 0
PYTHON = "python3"
ROOT = ""
# -- the places ----------------------------------------------------------------------------------------------
