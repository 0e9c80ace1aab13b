"""How docs/ becomes a site: `python3 dev.py docs`. The pages are plain Markdown that a forge shows as well."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
ORDER = [  # of the sidebar; a page that is not named here comes last
    "student", "instructor", "authoring", "results", "gradescope", "ci", "security", "threats", "scaling", "comparison",
]  # fmt: skip

project = "dlgrader"
author = "the authors of dlgrader"
html_title = "dlgrader"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = True

myst_heading_anchors = 4  # so that page.md#a-heading works here as it does on a forge

html_theme = "furo"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False


def pages() -> list[str]:
    """Names of the pages but the first, in the order of the sidebar."""
    found = {path.stem for path in HERE.glob("*.md")} - {root_doc}
    return [name for name in ORDER if name in found] + sorted(found - set(ORDER))


def adapted(text: str) -> str:
    """A page as the site needs it. A link out of docs/ keeps its words alone, since the site has no such file; why a
    command is not run by the tests, which stands in a comment, is shown."""
    text = re.sub(r"(?<!!)\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", text)
    return re.sub(r"^<!-- not run: (.*?) -->$", r"*Not run by our tests: \1.*", text, flags=re.M | re.S)


def setup(app: object) -> None:
    def read(_: object, name: str, source: list[str]) -> None:
        source[0] = adapted(source[0])
        if name == root_doc:
            source[0] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(pages()) + "\n```\n"

    app.connect("source-read", read)  # type: ignore[attr-defined]
