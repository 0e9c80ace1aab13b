"""Every page of docs/ tells the truth: its commands are run, what it shows is printed, its links lead somewhere. How a
page says what it cannot run is told in docskit.py. docs/authoring.md is typed in by test_docs_authoring.py."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import docskit
import pytest
from conftest import ROOT
from docskit import DOCS, SCREENS, SHELLS, Told, blocks

from grader.cli.commands import cli

FIRST = "instructor.md"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
NOT_RUN = {  # blocks of commands that a page shows and no test runs, each with its reason in the page
    "ci.md": 2,
    "comparison.md": 2,
    "index.md": 1,
    "instructor.md": 1,
    "scaling.md": 3,
    "student.md": 2,
}
TAKEN = {
    "python",
    "toml",
    "yaml",
    "json",
    "markdown",
    "csv",
    "html",
    "xml",
    "dockerfile",
}  # languages of what is no command
PROGRAM = re.compile(r"^\s*(?:\$ |(?:grader|python3?|pip3?|pytest|dask|docker|git|cd|cp|mkdir|apt|sudo) )", re.M)


def text_of(page: str) -> str:
    return (DOCS / page).read_text()


# -- what pages start from ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return docskit.programs(tmp_path_factory.mktemp("bin"))


@dataclass
class Walked:
    """A page that was typed in, and the folder as it is then."""

    told: list[Told]
    desk: Path


@pytest.fixture(scope="module")
def first(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """The instructor's page, from an empty folder: the other pages go on where it ends, with a course, an assignment
    `first_steps`, its handout, the `submissions` of Ada, Bo and Cy, and their `results`."""
    desk = tmp_path_factory.mktemp("course")
    told = docskit.walk(text_of(FIRST), desk, environment)
    environment["SUBMISSIONS"] = str(desk / "submissions")
    return Walked(told, desk)


@pytest.fixture
def walked(page: str, environment: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path) -> list[Told]:
    """The page, typed in; nothing is made for one that types nothing."""
    text = text_of(page)
    if not any(b.commands and not b.why_not for b in blocks(text)):
        return []
    first: Walked = request.getfixturevalue("first")
    if page == FIRST:
        return first.told
    desk = tmp_path / "course"
    if page == "student.md":
        shutil.copytree(first.desk / "handout", desk / "first_steps")
    else:
        shutil.copytree(first.desk, desk)
    return docskit.walk(text, desk, environment)


# -- the walks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in PAGES if page != "authoring.md"])
def test_what_a_page_types_works_and_prints_what_it_shows(page: str, walked: list[Told]) -> None:
    wrong = [told.differs() for told in walked if told.differs()]
    assert not wrong, "\n".join([f"docs/{page}", *wrong])


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_run_is_counted_and_says_why(page: str) -> None:
    found = list(blocks(text_of(page)))
    reasons = [b.why_not for b in found if b.why_not]
    assert all(b.commands for b in found if b.why_not), "only commands can be marked as not run"
    assert all(len(reason) > 8 for reason in reasons)
    assert len(reasons) == NOT_RUN.get(page, 0), f"{reasons}: pin their number in NOT_RUN above, or have them run"


@pytest.mark.parametrize("page", PAGES)
def test_no_command_hides_in_another_block(page: str) -> None:
    """A fence without a language, or text that looks like something to type, would be run by nobody."""
    for block in blocks(text_of(page)):
        assert block.language in SHELLS | SCREENS | TAKEN, f"{page}:{block.line}: ```{block.language}: name a language"
        if block.language in SCREENS and not block.transcript:
            assert not PROGRAM.search(block.text), f"{page}:{block.line}: commands belong into ```sh, or after `$ `"


def commands_in(page: str) -> list[str]:
    """All that begins with `grader`, in blocks and in the running text, a line each."""
    prose = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", page, flags=re.M | re.S).replace("\n", " ")
    found = re.findall(r"(?<!`)`(grader [^`]+)`", prose)
    for block in blocks(page):
        if block.commands:
            found += re.findall(r"^(?:\$ )?(grader .*)$", re.sub(r"\\\n", " ", block.text), re.M)
    return found


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../CONTRIBUTING.md"])
def test_each_command_and_option_that_is_named_exists(page: str) -> None:
    """Those of the running text too, and those that cannot be run."""
    for line in commands_in(text_of(page)):
        words = [word.rstrip(".,;:") for word in shlex.split(line.replace("…", ""), comments=True)[1:]]
        command: click.Command = cli
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            if words[0].isupper():
                break  # `grader COMMAND --help`
            found = command.get_command(click.Context(command), words[0])
            assert found, f"{page}: there is no `{line}`"
            command, words = found, words[1:]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "-h"}
        if not isinstance(command, click.Group):
            for word in words:
                if word in ("|", ">", "&&", ";", "||"):
                    break
                if word.startswith("-") and len(word) > 1:
                    assert word.partition("=")[0] in known, f"{page}: `{line}` has no {word}"


# -- links -------------------------------------------------------------------------------------------------------


@functools.cache
def anchors(path: Path) -> frozenset[str]:
    """The names that a forge gives to the headings of a page."""
    text = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", path.read_text(), flags=re.M | re.S)
    heads = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head) for head in re.findall(r"^#+ (.*)$", text, re.M)]
    return frozenset(re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads)


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    path = (DOCS / page).resolve()
    text = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", path.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        name, _, anchor = target.partition("#")
        goal = (path.parent / name).resolve() if name else path
        assert goal.exists() and goal.is_relative_to(ROOT), f"{page}: {target}"
        assert not anchor or anchor in anchors(goal), f"{page}: {target}: {sorted(anchors(goal))}"


# -- the site ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("furo", reason="NOT RUN: the docs' own packages are not installed: pip install '.[docs]'")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-d", str(out / "trees")]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [*command, str(DOCS), str(out / "html")], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / "html"


def test_the_site_holds_every_page_and_fetches_nothing(site: Path) -> None:
    for page in PAGES:
        assert (site / page).with_suffix(".html").exists()
    for path in site.rglob("*.html"):
        text = path.read_text()
        fetched = re.findall(r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=\"([^\"]+)\"", text)
        assert fetched and not [u for u in fetched if re.match(r"(https?:)?//", u)], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", path.read_text()), path.name


def test_why_a_command_is_not_run_can_be_read_on_the_site(site: Path) -> None:
    assert "Not run by our tests: it ends with Ctrl-C" in (site / "student.html").read_text()


# -- the kit itself ----------------------------------------------------------------------------------------------

SAMPLE = """\
<!-- before: echo kept > made -->
```sh
cat made
cd sub 2>/dev/null || mkdir sub && cd sub
```

```text
k…
```

**`sub/f.txt`**

```text
written
```

<!-- exit 3 -->
```sh
cat f.txt; exit 3
```

<!-- not run: it would take the whole day -->
```sh
sleep 86400
```

```text
$ echo one
one
$ cat nothing || echo two
{}
```
"""


def test_a_page_is_typed_in_as_in_one_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
    told = docskit.walk(SAMPLE.format("two"), tmp_path / "one", environment)
    assert [t.code for t in told] == [0, 0, 3, None, 0, 0]
    assert [t.differs() for t in told] == [""] * 6
    (wrong,) = (t for t in docskit.walk(SAMPLE.format("three"), tmp_path / "another", environment) if t.differs())
    assert "shown:\nthree" in wrong.differs() and "printed:\ntwo" in wrong.differs()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("```sh\nexit 4\n```\n", "line 1: exit code 4, not 0"),
        ("<!-- exit 1 -->\n```sh\ntrue\n```\n", "exit code 0, not 1"),
        ("<!-- before: false -->\n", "exit code 1, not 0"),
    ],
)
def test_another_exit_code_than_the_page_says_is_refused(
    page: str, said: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    with pytest.raises(AssertionError, match=said):
        docskit.walk(page, tmp_path, environment)


@pytest.mark.parametrize("page", ["<!-- exit 1 -->\nwords\n\n```sh\ntrue\n```\n", "<!-- not run: no cluster -->\n"])
def test_a_mark_that_is_about_nothing_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="stands above no block"):
        list(blocks(page))


def test_the_readme_says_where_the_pages_are() -> None:
    assert "(docs/index.md)" in (ROOT / "README.md").read_text()
