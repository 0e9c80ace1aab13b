"""Gradescope's `submission_metadata.yml`, read as text alone: no tag is followed, what is not needed is not built, and
nesting and size are bounded. It holds what students' programs printed."""

from __future__ import annotations

from typing import Any

from ..errors import IntakeError, UsageError
from .disk import METADATA

MAX_DEPTH = 60
MAX_EVENTS = 20_000_000
WANTED = (":submitters", ":created_at", ":history")


def metadata_of(data: bytes) -> dict[str, dict[str, Any]]:
    """What it says of each submission, by its folder: strings, lists and dictionaries. Raises IntakeError, and
    UsageError where PyYAML is not installed."""
    try:
        import yaml
    except ImportError:
        raise UsageError(
            "a Gradescope export needs PyYAML: pip install 'dlgrader[gradescope]', or unpack it and use --from plain"
        ) from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        built = _Builder(yaml.parse(data, Loader=loader)).document()
    except (yaml.YAMLError, UnicodeError, RecursionError, StopIteration) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise IntakeError(f"{METADATA} cannot be read: {said}") from error
    if not isinstance(built, dict):
        raise IntakeError(f"{METADATA} is not that of a Gradescope export")
    return {str(name): one for name, one in built.items() if isinstance(one, dict)}


class _Builder:
    """Builds from PyYAML's events. An alias is the object that it names: nothing is copied."""

    def __init__(self, events: Any) -> None:
        self.events, self.count = iter(events), 0
        self.anchors = dict[str, Any]()

    def document(self) -> Any:
        for event in self.events:
            if type(event).__name__ not in ("StreamStartEvent", "DocumentStartEvent"):
                return self.node(event, 0, True)
        return None

    def node(self, event: Any, depth: int, keep: bool) -> Any:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_EVENTS:
            raise IntakeError(f"{METADATA} is nested too deeply, or too large")
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self.anchors.get(event.anchor)
        if kind == "ScalarEvent":
            value = event.value if keep else None
        elif kind == "SequenceStartEvent":
            value = self.sequence(depth, keep)
        else:
            value = self.mapping(depth, keep)
        if event.anchor and keep:
            self.anchors[event.anchor] = value
        return value

    def sequence(self, depth: int, keep: bool) -> list[Any] | None:
        found = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            one = self.node(event, depth + 1, keep)
            if keep:
                found.append(one)
        return found if keep else None

    def mapping(self, depth: int, keep: bool) -> dict[Any, Any] | None:
        found = dict[Any, Any]()
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key = self.node(event, depth + 1, keep)
            wanted = keep and isinstance(key, str) and (depth != 1 or key in WANTED) and key != ":results"
            value = self.node(next(self.events), depth + 1, wanted)
            if wanted:
                found[key] = value
        return found if keep else None
