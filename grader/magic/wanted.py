"""What a student asks a check of, in a session or a script: which key, which questions, and where their code stands."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..model import PUBLIC_KEY, AnswerKey, FrozenQuestion

LEVELS = 4  # folders in which the key is looked for: one and those above it
NO_KEY = (
    f"no {PUBLIC_KEY} in {{}} or above it: put the handout's {PUBLIC_KEY} there (in Colab: upload it in the Files "
    f"panel), or name it, %grade --key PATH"
)


def locate_key(named: Path | None, folders: Sequence[Path]) -> Path:
    """The key that was named, a file or its folder; else the first in these folders and those above. Raises
    UsageError."""
    if named is not None:
        path = named / PUBLIC_KEY if named.is_dir() else named
        if not path.is_file():
            raise UsageError(f"{path}: no such file; name the handout's {PUBLIC_KEY}")
        return path
    for folder in folders:
        for path in [folder, *folder.parents][:LEVELS]:
            if (path / PUBLIC_KEY).is_file():
                return path / PUBLIC_KEY
    raise UsageError(NO_KEY.format(folders[-1]))


def asked_for(key: AnswerKey, things: Sequence[object], space: Mapping[str, Any]) -> list[str]:
    """The names of the questions that are meant: by a question's name, by a function's or class's, or by one itself,
    which goes by the name that it has in `space` (a decorator may have changed its own).

    A name that is no question's is given back as it is: Check refuses it, with the one that is near. Raises UsageError
    for a function without a name."""
    known = {q.name: q for q in key.questions}
    targets = dict.fromkeys(t for q in key.questions for t in q.targets)
    found = list[str]()
    for thing in things:
        names = [thing] if isinstance(thing, str) else [n for n in (*known, *targets) if space.get(n) is thing]
        name = next((n for n in (*names, *_names(thing)) if n in known or n in targets), None)
        if name is None and not (names or _names(thing)):
            raise UsageError("this function has no name that a question has; ask by name, as in check('NAME')")
        if name is None:
            found.append((*names, *_names(thing))[0])
        else:
            found += [name] if name in known else [q.name for q in key.questions if name in q.targets]
    return list(dict.fromkeys(found))


def _names(thing: object) -> list[str]:
    """What a function or class is called; of a method its class first."""
    names = [getattr(thing, "__qualname__", ""), getattr(thing, "__name__", "")]
    return [n for n in dict.fromkeys(str(name).partition(".")[0] for name in names) if n.isidentifier()]


def home(key: AnswerKey, names: Sequence[str], things: Sequence[object], space: Mapping[str, Any]) -> Path | None:
    """The file that holds what is asked for, or None where it stands in the session itself, or nowhere.

    What no file defines is looked for among the cells, and then all is. Raises UsageError for several files."""
    asked = [q for q in key.questions if not names or q.name in names]
    given = [thing for thing in things if not isinstance(thing, str)]
    files = dict.fromkeys(map(file_of, given or _bound(asked, space)))
    found = [file for file in files if file is not None]
    if None in files or not found:
        return None
    named = [file for file in found if file.name == key.file]
    if len(found) > 1 and not named:
        raise UsageError(
            f"these functions are in several files ({', '.join(f.name for f in found[:3])}): ask for one of them"
        )
    return (named or found)[0]


def _bound(questions: Sequence[FrozenQuestion], space: Mapping[str, Any]) -> Iterator[object]:
    for question in questions:
        for target in question.targets:
            if callable(space.get(target)):
                yield space[target]


def file_of(thing: object) -> Path | None:
    """The student's own file that defines a function or class; None for the session, and for a library's."""
    module = sys.modules.get(str(getattr(_unwrapped(thing), "__module__", None)))
    name = getattr(module, "__file__", None)
    if module is sys.modules["__main__"] and hasattr(module, "get_ipython"):
        return None
    if not isinstance(name, str) or not name.endswith(".py") or not Path(name).is_file():
        return None
    path = Path(name).resolve()
    paths = sysconfig.get_paths()
    libraries = [Path(paths[k]).resolve() for k in ("stdlib", "platstdlib", "purelib", "platlib")]
    return None if any(library in path.parents for library in libraries) else path


def _unwrapped(thing: object) -> object:
    try:
        return inspect.unwrap(thing)  # type: ignore[arg-type]
    except ValueError:  # a circle
        return thing
