"""Emptying the folder that a worker may write to, whatever was left in it."""

from __future__ import annotations

import os


def empty(folder: str) -> None:
    """Remove all that lies in `folder`; nobody else may be writing there. POSIX only. Raises OSError.

    Down and up by descriptors, two at a time: a tree may be deeper than a recursion, a path or the number of
    open files can be, and its folders may lack every permission."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    here = os.open(folder, flags)
    try:
        trail, todo = list[str](), [_unlink_files(here)]  # the folders above, and at each level those to do
        while todo[-1] or trail:
            if todo[-1]:
                name = todo[-1].pop()
                os.chmod(name, 0o700, dir_fd=here)
                inner = os.open(name, flags, dir_fd=here)
                os.close(here)
                here = inner
                trail.append(name)
                todo.append(_unlink_files(here))
            else:
                above = os.open("..", flags, dir_fd=here)
                os.close(here)
                here = above
                todo.pop()
                os.rmdir(trail.pop(), dir_fd=here)
    finally:
        os.close(here)


def _unlink_files(fd: int) -> list[str]:
    """Remove all but the folders in a folder; their names."""
    with os.scandir(fd) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=fd)
    return [name for name, is_folder in found if is_folder]
