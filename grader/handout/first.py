"""The first cell of a released notebook: it gets the grader, and finds the handout's files where Colab has them."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import PUBLIC_KEY

IMPORTS = """\
# Run this cell first. It gets the grader: from a wheel beside this notebook if there is one, else from the index.
import glob
import importlib.util
import os
import sys

"""
# Colab opens a notebook without the folder that it lies in.
COLAB = """\
if "google.colab" in sys.modules and not os.path.exists({key!r}):
    folders = [f for depth in range(5) for f in glob.glob("/content/drive/MyDrive/" + "*/" * depth)]
    folders = [f for f in folders if all(os.path.exists(f + name) for name in ({key!r}, {file!r}))]
    if folders:
        os.chdir(folders[0])
    else:
        print("The handout's files are not here. Upload {needed} (the folder icon at the left),")
        print("or mount your Drive with the handout's folder in it; then run this cell again.")
    sys.path.insert(0, os.getcwd())
"""
INSTALL = """\
if {missing}:
    dlgrader = max(glob.glob("dlgrader-*.whl"), default="dlgrader")
    %pip install -q "{{dlgrader}}"{more}
%load_ext grader"""


def first_cell(file: str, beside: Sequence[str], library: str) -> str:
    """Source of the cell. `file` is the stub's name, `beside` are other files that the notebook needs.

    It must also run where it is graded: there the magics are left out, and a module grader that does nothing stands
    in for ours."""
    modules = ["grader"] + ["torch"] * (library == "torch")
    missing = " or ".join(f'importlib.util.find_spec("{name}") is None' for name in modules)
    needed = ", ".join([PUBLIC_KEY, *beside])
    colab = COLAB.format(key=PUBLIC_KEY, file=file, needed=f"{needed} and the grader's wheel if you got one")
    return IMPORTS + colab + INSTALL.format(missing=missing, more=" torch" * (library == "torch"))
