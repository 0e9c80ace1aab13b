"""What is usually typed after `grader check`, read without click, which takes a fifth of a check's time to import.

student.py is the command as click knows it; what is not plain here (help, an error, a form that few use) goes there,
and tests/test_check_options.py holds the two to the same answers."""

from __future__ import annotations

FLAGS = {"--watch": "watch", "--json": "as_json"}


class Wanted:
    """What to check: a file or folder, these questions (none: all), and how to tell it. (A dataclass takes a
    millisecond to make.)"""

    def __init__(
        self, path: str = ".", questions: tuple[str, ...] = (), watch: bool = False, as_json: bool = False
    ) -> None:
        self.path, self.questions, self.watch, self.as_json = path, questions, watch, as_json


def parsed(arguments: list[str]) -> Wanted | None:
    """The arguments; None where click is to read them."""
    paths, questions, flags, rest = list[str](), list[str](), dict[str, bool](), iter(arguments)
    for word in rest:
        if word in ("-q", "--question"):
            name = next(rest, "")
            if not name or name.startswith("-"):
                return None
            questions.append(name)
        elif word in FLAGS:
            flags[FLAGS[word]] = True
        elif word.startswith("-") or not word:
            return None
        else:
            paths.append(word)
    if len(paths) > 1:
        return None
    return Wanted(paths[0] if paths else ".", tuple(questions), **flags)
