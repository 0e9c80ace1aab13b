"""`grader submit`: what to hand in, as one zip."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..model import AnswerKey
    from ..sandbox.spawn import Spawner
    from ..submit import Pack, Parcel


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The zip to write.")
@click.option("--force", is_flag=True, help="Replace the zip that is there; pack also a file that does not load.")
def submit(path: Path, out: Path, force: bool) -> None:
    """Pack what the assignment asks for into one zip, and say what is missing.

    Exit code 0 where the zip is written, 1 where your file does not load (nothing is written), 2 where it would not be
    graded or the zip cannot be written."""
    from ..sandbox.spawn import Spawner  # before anything that imports NumPy: the worker does so meanwhile

    spawner = Spawner()
    try:
        spawner.warm()
        from ..checking import find_key, open_key
        from ..submit import Parcel, plan

        key = open_key(find_key(path))
        pack = plan(path, key)
        with Parcel(pack.submission, key, out, force) as parcel:
            for line in _listed(pack, out, key):
                click.echo(line)
            for line in _tried(parcel, spawner, force):
                click.echo(line)
            parcel.keep()
    finally:
        spawner.close()
    count = len(pack.submission.files)
    same = f"the same {count} files" if count > 1 else "the same file"
    click.echo(f"{out} is read back as it will be graded: {same}. Hand in this zip as it is.")


def _listed(pack: Pack, out: Path, key: AnswerKey) -> Iterator[str]:
    from ..text import clean_text

    yield f"{key.title}: {out}"
    for file in pack.submission.files:
        yield f"  packed    {clean_text(file.name, 120, lines=False)} ({len(file.data):,} bytes)"
    for name, why in pack.left:
        yield f"  left out  {clean_text(name, 120, lines=False)}: {why}"
    yield from (f"  note      {note}" for note in pack.submission.notes)


def _tried(parcel: Parcel, spawner: Spawner, force: bool) -> Iterator[str]:
    """What the zip's own content gives on the public cases. Ends the program where it does not load."""
    from ..checking import Check
    from ..errors import SandboxError
    from ..report.student import score
    from ..submit import missing

    with Check(parcel.key, parcel.submission, spawner) as check:
        try:
            for _ in check:
                pass
        except SandboxError as error:  # ours: it must keep nobody from handing in
            yield f"  note      not tried on the public cases: {error}"
            return
        if check.failure is not None:
            why = check.failure.message or check.failure.kind
            if not force:
                click.echo(f"error: {why}; as it is it earns nothing. No zip is written (--force writes it)", err=True)
                sys.exit(1)
            yield f"  note      {why}; as it is it earns nothing"
            return
        yield from (f"  note      {note}" for note in check.runner.notes)
        yield from (f"  missing   {line}" for line in missing(check))
        yield f"  {score(check)}"
