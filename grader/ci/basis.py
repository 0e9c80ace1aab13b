"""What a score in CI rests on: whether hidden tests were run, and whether they were out of the student's reach.

Told as far as one process can tell it; docs/ci.md says what it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOT_RUN = "hidden tests were not run: this is not the grade"
IN_REACH = "hidden tests were not out of the student's reach: "
KEPT = "hidden tests were run; no way was found by which the student could have read them"
NONE = "the assignment has no hidden tests"


@dataclass(frozen=True)
class Basis:
    """`private`: an instructor's key was at hand; `hidden`: it holds hidden cases; `ways`: how they were in reach."""

    private: bool
    hidden: bool
    isolation: str
    ways: tuple[str, ...] = ()

    @property
    def is_grade(self) -> bool:
        """Whether all was run that counts."""
        return self.private

    @property
    def caveats(self) -> tuple[str, ...]:
        """What must stand wherever the score stands."""
        if not self.private:
            return (NOT_RUN,)
        return tuple(IN_REACH + way for way in self.ways)

    @property
    def told(self) -> tuple[str, ...]:
        """The same, and what is good to know."""
        good = () if self.caveats else ((KEPT,) if self.hidden else (NONE,))
        return (*self.caveats, *good, f"isolation {self.isolation}")


def ways_to(secrets: Sequence[Path], submission: Path, isolation: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """How the student could have got at hidden cases. `secrets` are the files and folders that tell them."""
    root, found = checkout_of(submission), list[str]()
    inside = [path for path in secrets if path.resolve().is_relative_to(root)]
    found += [f"{path} lies in the checkout of the student's repository" for path in inside]
    if isolation.startswith("weak"):
        found.append(f"the student's code could read what the grader reads (isolation {isolation})")
    workspace = environ.get("GITHUB_WORKSPACE", "")
    if environ.get("GITHUB_ACTIONS") == "true":
        if not workspace or root == Path(workspace).resolve() or not (root / ".git").exists():
            name = environ.get("GITHUB_REPOSITORY", "") or "this repository"
            found.append(f"whoever may change the workflow in {name} can read what the job reads")
    elif environ.get("CI"):
        found.append("whoever may change the file of this pipeline can read what the job reads")
    return tuple(found)


def checkout_of(path: Path) -> Path:
    """The root of the repository that a path lies in; where there is none, the folder itself."""
    folder = path.resolve() if path.is_dir() else path.resolve().parent
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
