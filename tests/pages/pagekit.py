"""What stands on an HTML page, as a browser would take it."""

from __future__ import annotations

from html.parser import HTMLParser


class Reader(HTMLParser):
    """The tags, scripts, links, event handlers and styles of a page, its policy, and its text outside of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.links, self.scripts = set[str](), list[str](), list[str]()
        self.events, self.styles, self.policy, self.text = list[str](), list[str](), "", ""
        self._open, self._texts = list[str](), list[tuple[tuple[str, ...], str]]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self._open.append(tag)
        self.events += [name for name in found if name.startswith("on")]
        self.styles += [found["style"]] if "style" in found else []
        self.links += [found[name] for name in ("href", "src") if name in found]
        if tag == "script":
            self.scripts.append(found.get("type", ""))
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        if tag in ("meta", "input", "br"):
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._open):
            self.text += data
            self._texts.append((tuple(self._open), data))

    def text_of(self, outer: str, inner: str) -> list[str]:
        """The text of each `inner` element inside an `outer` one."""
        return [text for where, text in self._texts if where[-1:] == (inner,) and outer in where]
