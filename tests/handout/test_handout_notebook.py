"""The notebook of a small handout: what goes where, in whatever way its stub is written."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from grader import __version__
from grader.errors import UsageError
from grader.handout import checked_wheel, made_notebook, notebook_name
from grader.handout.first import first_cell
from grader.handout.notebook import handout_cells
from grader.handout.pieces import pieces
from grader.model import AnswerKey, FrozenQuestion, Output, Step

STUB = '''\
"""A stub."""
from __future__ import annotations

import math; import os

# -- one ----

# about a
@property
def a(x):
    """Of x."""
    raise NotImplementedError  # here


K = 3
def helper(x):
    return K

class B:

    def a(self):
        raise NotImplementedError


def c(): raise NotImplementedError
# the end
'''
README = "# T\n\n![curve](figures/curve.png) ![no](gone.png) ![far](https://x.test/y.png) [a](demo.py)\n\n## B\n\n`B`\n"


def question(name: str, *targets: str) -> FrozenQuestion:
    steps = tuple(Step("function", t) for t in targets or (name,))
    return FrozenQuestion(name, "", (), (Output("out", 1.0),), steps, ())


def key(*questions: FrozenQuestion, file: str = "demo.py", library: str = "numpy") -> AnswerKey:
    return AnswerKey("demo", "Demo", file, library, questions, {})


KEY = key(question("a"), question("B"), question("c_holds", "c"), question("all_hold", "a", "c"), question("more", "c"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "demo.py").write_text(STUB)
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/curve.png").write_bytes(b"a picture")
    return tmp_path


def test_cells_in_order(folder: Path) -> None:
    cells = handout_cells(folder, KEY)
    assert [(cell.id, cell.kind) for cell in cells] == [
        ("first", "code"), ("text-intro", "markdown"), ("code-1", "code"), ("text-a", "markdown"), ("stub-a", "code"),
        ("check-a", "code"), ("code-2", "code"), ("text-B", "markdown"), ("stub-B", "code"), ("check-B", "code"),
        ("text-c", "markdown"), ("stub-c", "code"), ("check-c", "code"), ("code-3", "code"),
        ("text-properties", "markdown"), ("check-all_hold", "code"), ("text-all", "markdown"), ("check-all", "code"),
    ]  # fmt: skip
    source = {cell.id: cell.source for cell in cells}
    assert source["code-1"] == '"""A stub."""\nfrom __future__ import annotations\n\nimport math; import os'
    assert source["stub-a"].startswith("# -- one ----\n\n# about a\n@property\ndef a(x):")
    assert source["stub-a"].endswith("raise NotImplementedError  # here")
    assert source["code-2"] == "K = 3\ndef helper(x):\n    return K"
    assert source["check-c"] == "%grade c_holds\n%grade more" and source["check-all_hold"] == "%grade all_hold"
    assert source["text-c"] == "### `c`\n\nIts text stands above, over `a`."
    assert source["code-3"] == "# the end"
    nbformat.validate(nbformat.reads(made_notebook(folder, KEY).decode(), 4))


def test_pictures_travel_in_the_notebook(folder: Path) -> None:
    (intro,) = [cell for cell in handout_cells(folder, KEY) if cell.id == "text-intro"]
    assert (
        "![curve](attachment:figures/curve.png) ![no](gone.png) ![far](https://x.test/y.png) [a](demo.py)"
        in intro.source
    )
    assert intro.pictures == {"figures/curve.png": {"image/png": base64.b64encode(b"a picture").decode()}}


def test_ids_are_taken_once_and_as_nbformat_wants_them(folder: Path) -> None:
    (folder / "README.md").write_text(
        "## É – §\n\n## É – §\n\n## §\n\n## " + "long " * 40 + "\n\n## all\n\n## properties"
    )
    ids = [cell.id for cell in handout_cells(folder, KEY)]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", i) for i in ids)
    nbformat.validate(nbformat.reads(made_notebook(folder, KEY).decode(), 4))


def test_no_readme_and_a_stub_saved_on_windows(folder: Path) -> None:
    before = [cell.source for cell in handout_cells(folder, KEY) if cell.id.startswith("stub")]
    (folder / "README.md").unlink()
    (folder / "demo.py").write_bytes(("\ufeff" + STUB.replace("\n", "\r\n")).encode())
    cells = handout_cells(folder, KEY)
    assert [cell.source for cell in cells if cell.id.startswith("stub")] == before
    assert [cell.source for cell in cells if cell.id == "text-a"] == ["### `a`"]


def test_what_no_notebook_can_be_made_of(folder: Path) -> None:
    (folder / "demo.py").write_text("def a(:\n")
    with pytest.raises(UsageError, match=r"demo\.py: no notebook can be made of it"):
        made_notebook(folder, KEY)
    (folder / "demo.py").unlink()
    with pytest.raises(UsageError, match="No such file"):
        made_notebook(folder, KEY)


def test_without_nbformat_it_says_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(UsageError, match=r"pip install 'dlgrader\[notebooks\]' \(or go without: --no-notebook\)"):
        made_notebook(folder, KEY)


def test_pieces_of_odd_stubs() -> None:
    assert [(p.name, p.source) for p in pieces("def a(): pass\ndef a(): pass; x = 1\n", {"a"})] == [
        ("a", "def a(): pass"),
        ("a", "def a(): pass; x = 1"),
    ]
    assert pieces("", {"a"}) == [] and [p.source for p in pieces("# only\n", {"a"})] == ["# only"]
    assert [p.name for p in pieces("if 1:\n    def a(): pass\nasync def a(): pass\n", {"a"})] == ["", "a"]


def test_names() -> None:
    assert (notebook_name("demo.py"), notebook_name("demo.ipynb")) == ("demo.ipynb", "")


# -- the first cell ------------------------------------------------------------------------------------------


def first_run(desk: Path, drive: Path, before: str = "", library: str = "numpy") -> str:
    """What the first cell prints, with its magics as prints, in `desk`, with `drive` for Colab's."""
    code = first_cell("demo.py", ["data.py"], library).replace("/content/drive/MyDrive/", f"{drive.as_posix()}/")
    code = re.sub(r"%pip (.*)", r"print(f'pip \1')", code).replace("%load_ext grader", "print('in', os.getcwd())")
    program = f"import sys\n{before}\n{code}\n"
    # -S: nothing installed is found, an editable grader neither
    command = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, check=True)
    return done.stdout


COLAB = "import types; sys.modules['google.colab'] = types.ModuleType('google.colab')"
THERE = "import types\nfor name in ('grader', 'torch'):\n    sys.modules[name] = types.ModuleType(name)\n"
THERE += "    sys.modules[name].__spec__ = types.SimpleNamespace(loader=None)"


def test_the_grader_comes_from_the_wheel_beside_or_from_the_index(tmp_path: Path) -> None:
    desk = tmp_path / "my desk"
    desk.mkdir()
    assert first_run(desk, tmp_path) == f'pip install -q "dlgrader"\nin {desk}\n'
    (desk / "dlgrader-0.1.0-py3-none-any.whl").touch()
    said = first_run(desk, tmp_path, library="torch")
    assert said == f'pip install -q "dlgrader-0.1.0-py3-none-any.whl" torch\nin {desk}\n'
    assert first_run(desk, tmp_path, THERE, "torch") == f"in {desk}\n", "quiet where it is there"


def test_colab_finds_the_handout_or_says_what_to_upload(tmp_path: Path) -> None:
    desk, drive = tmp_path / "content", tmp_path / "drive"
    other, handout = drive / "a course/other", drive / "a course/week 1/demo"
    for path in (desk, other, handout):
        path.mkdir(parents=True)
    (other / "public.key").touch()
    said = first_run(desk, drive, f"{COLAB}\n{THERE}")
    assert said.splitlines() == [
        "The handout's files are not here. Upload public.key, data.py and the grader's wheel if you got one "
        "(the folder icon at the left),",
        "or mount your Drive with the handout's folder in it; then run this cell again.",
        f"in {desk}",
    ]
    (handout / "public.key").touch()
    (handout / "demo.py").touch()
    (handout / "dlgrader-0.1.0-py3-none-any.whl").touch()
    said = first_run(desk, drive, COLAB)
    assert said == f'pip install -q "dlgrader-0.1.0-py3-none-any.whl"\nin {handout}\n'
    (desk / "public.key").touch()
    assert first_run(desk, drive, f"{COLAB}\n{THERE}") == f"in {desk}\n", "uploaded"


# -- the wheel -----------------------------------------------------------------------------------------------


def wheel(folder: Path, name: str = "", about: str = "", files: tuple[str, ...] = ("grader/__init__.py",)) -> Path:
    path = folder / (name or f"dlgrader-{__version__}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as out:
        for file in files:
            out.writestr(file, "")
        version = path.name.split("-")[1] if "-" in path.name else "0"
        out.writestr(f"dlgrader-{version}.dist-info/METADATA", about or f"Name: dlgrader\nVersion: {__version__}\n")
    return path


def test_a_wheel_of_the_grader(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    assert checked_wheel(path) == path.read_bytes()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"name": "wheel.whl"}, "its name must be dlgrader-"),
        ({"name": "otter-1.0-py3-none-any.whl"}, "its name must be dlgrader-"),
        ({"about": "Name: other\nVersion: 1\n"}, "is no wheel of the grader"),
        ({"files": ()}, "is no wheel of the grader"),
        ({"name": "dlgrader-9.9-py3-none-any.whl", "about": "Name: dlgrader\nVersion: 9.9\n"}, "is version 9.9, and"),
    ],
)
def test_no_wheel_of_the_grader(tmp_path: Path, how: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked_wheel(wheel(tmp_path, **how))  # type: ignore[arg-type]


def test_a_wheel_that_is_broken_or_gone(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UsageError, match="is no wheel of the grader"):
        checked_wheel(path)
    path.unlink()
    with pytest.raises(UsageError, match="No such file"):
        checked_wheel(path)
