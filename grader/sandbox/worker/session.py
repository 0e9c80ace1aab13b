"""One student's code, loaded once, answering one request at a time."""

from __future__ import annotations

import mmap
import os
import random
import sys
import types
from typing import Any

import numpy as np

from . import notebook
from .callback import StandIns
from .cells import hand_out
from .loading import run_parts, run_script
from .outline import outline
from .reading import Imports, decode_source, describe, remember
from .values import Encoder, Pipe, Replies, decode, same

OPS = {"ready": "ready", "load": "load", "cells": "cells", "outline": "outline"}
RESERVE = 4 << 20  # bytes that are set free when a call has used up its memory


class Session:
    """Holds the student's module. `serve` answers requests until the pipe closes."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.module = types.ModuleType("submission")
        self.sources: dict[str, bytes] = {}
        self.own: set[str] = set()  # names of the student's own files, and of a notebook's cells
        self.fixtures: dict[str, Any] = {}
        self.rolls = False  # whether the files speak of random numbers
        self.torch: Any = None
        self.reserve: mmap.mmap | None = None
        self.seq: Any = None
        self.stand_ins = StandIns(pipe, {}, self._answered)

    def serve(self) -> None:
        while True:
            try:
                header, buffers = self.pipe.receive()
            except EOFError:
                return
            self.seq = header["seq"]
            if header["op"] == "call":
                replies = Replies(self.pipe, {"seq": header["seq"], "nonce": header["nonce"]}, header["together"])
                for row in header["calls"]:
                    answer, out = self.call(row, buffers)
                    self._flush()
                    replies.add(answer, out)
                replies.send()
            else:
                answer, out = getattr(self, OPS[header["op"]])(header, buffers)
                self._flush()
                self.pipe.send({**answer, "seq": header["seq"], "nonce": header["nonce"]}, out)

    @staticmethod
    def outline(header: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """What the files are made of (outline.py); nothing is run."""
        return outline(header, buffers)

    @staticmethod
    def _flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:  # the student may have replaced or closed it
                continue

    # -- loading ---------------------------------------------------------------------------------------

    def ready(self, header: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """Import what the assignment needs and build its fixtures, before the student's time begins."""
        if header["library"] == "torch":
            import torch

            if torch.get_num_threads() != 1:
                torch.set_num_threads(1)
            self.torch = torch
            if any(b"optim" in data for data in buffers):
                self.first_optimizer()
        if header["fixtures"]:
            self.rolls = b"rand" in buffers[0]
            built = types.ModuleType("fixtures")
            built.__file__ = "fixtures.py"
            sys.modules["fixtures"] = built  # a submission may import it, whether it brings its own or not
            try:
                exec(compile(buffers[0].decode("utf-8"), "fixtures.py", "exec", dont_inherit=True), built.__dict__)
            except BaseException as error:
                return {"error": describe(error, {"fixtures.py"})}, []
            self.fixtures = built.__dict__
        return {}, []

    def first_optimizer(self) -> None:
        """Make it here, not in the student's time: it imports some 800 modules. They ask for a folder for temporary
        files, which is not found where none can be written."""
        import tempfile

        try:
            tempfile.gettempdir()
        except FileNotFoundError:
            tempfile.tempdir = os.path.abspath(os.sep)
        self.torch.optim.SGD([self.torch.zeros(1)], lr=0.1)

    def load(self, header: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """Run the main file, or a notebook's cells, by statements, and say which of the wanted names it defines."""
        self.sources = dict(zip(header["files"], buffers, strict=False))
        main, notes = header["main"], []
        name = header["module"]  # the assignment's, whatever the file is called: numpy.py must not be numpy
        self.module = types.ModuleType(name)
        self.module.__file__ = main
        sys.modules[name] = self.module
        own = main.rsplit("/", 1)[-1].rpartition(".")[0]
        if own not in sys.stdlib_module_names and own != "numpy":
            sys.modules[own] = self.module
        self.stand_ins = StandIns(self.pipe, header.get("ask", {}), self._answered)
        helpers = {n: d for n, d in self.sources.items() if n != main}
        sys.meta_path.insert(0, Imports(helpers, self.torch is not None, self.stand_ins.put_into))
        self.rolls = self.rolls or any(b"rand" in data for data in self.sources.values())
        random.seed(0)  # for who rolls without the word; NumPy loads its own on first use, and most do without it
        if "numpy.random" in sys.modules:
            np.random.seed(0)
        self.seed()
        try:
            notes += self._run(main)
        except BaseException as error:
            return {"error": describe(error, {main}), "found": [], "notes": notes}, []
        self.stand_ins.loaded(self.module.__dict__)
        found = [name for name in header["targets"] if callable(getattr(self.module, name, None))]
        present = [name for name in header["targets"] if hasattr(self.module, name)]
        return {"found": found, "present": present, "notes": notes[:10]}, []

    def _run(self, main: str) -> list[str]:
        """Run the main file, or a notebook's code cells; notes."""
        space, after = self.module.__dict__, self.stand_ins.put_into if self.stand_ins.names else None
        if main.lower().endswith(".ipynb"):
            space.update(notebook.AT_HAND)
            parts, notes = notebook.code_of(self.sources[main])
            self.own = {*self.sources, *(file for file, _ in parts)}
            return [*notes, *run_parts(parts, (), space, after)]
        self.own = set(self.sources)
        source, note = decode_source(self.sources[main])
        remember(main, source)
        said = [note] if note else []
        if found := notebook.script_of(source, main):
            space.update(notebook.AT_HAND)
            tree, left = found
            return [*said, *left, *run_parts([(main, tree)], {main}, space, after)]
        return [*said, *run_script(source, main, space, after)]

    def cells(self, header: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """The cells of a file as text, for a page that shows them. None of its code is run."""
        try:
            return hand_out(header["main"], buffers[0], header["targets"])
        except BaseException as error:
            return {"error": describe(error, set())}, []

    # -- calling ---------------------------------------------------------------------------------------

    def seed(self) -> None:
        """The same random numbers for each call, so that a grade does not depend on luck."""
        if self.rolls:
            random.seed(0)
            np.random.seed(0)
        if self.torch is not None:
            self.torch.default_generator.manual_seed(0)  # no other device is there; torch.manual_seed notes stacks

    def _build(self, name: str, args: dict[str, Any]) -> Any:
        """A fixture, built from arguments of the kind that the assignment's library works on."""
        return self.fixtures[name](**{key: self._to_library(value) for key, value in args.items()})

    def _to_library(self, value: Any) -> Any:
        if self.torch is not None and isinstance(value, np.ndarray):
            return self.torch.from_numpy(value if value.flags.writeable else value.copy())
        if isinstance(value, list):
            return [self._to_library(item) for item in value]
        if isinstance(value, dict):
            return {key: self._to_library(item) for key, item in value.items()}
        return value

    def _from_library(self, value: Any) -> Any:
        if self.torch is not None and type(value) in (self.torch.Tensor, self.torch.nn.Parameter):
            return value.detach().numpy()
        if type(value) is list:
            return [self._from_library(item) for item in value]
        if type(value) is dict:
            return {key: self._from_library(item) for key, item in value.items()}
        return value

    def call(self, header: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """Answer one case: the outputs that came back, what was raised, and which inputs were changed."""
        encoder, values, held = Encoder(header["cap"]), dict[str, Any](), dict[str, Any]()
        asks = header.get("ask", 0)
        if asks:
            self.stand_ins.open(self.seq, asks)
        error = self._caught(header, buffers, encoder, values, held)
        if asks:
            self.stand_ins.close()
        modified = [k for k, v in held.items() if not same(self._from_library(v), header["inputs"][k], buffers)]
        nudged = [self._nudged(nudge, buffers, encoder) for nudge in header.get("nudges", ()) if error is None]
        return {"values": values, "error": error, "modified": modified, "nudged": nudged}, encoder.buffers

    def _nudged(self, nudge: dict[str, Any], buffers: list[bytes], encoder: Encoder) -> list[Any]:
        """One output of a forward with one input moved along a direction, for each step; None where it raised."""
        out, wrt = list[Any](), nudge["wrt"]
        x, v = (decode(node, buffers, self._build) for node in (nudge["inputs"][wrt], nudge["v"]))
        for t in nudge["ts"]:
            values = dict[str, Any]()
            self._caught(nudge, buffers, encoder, values, {wrt: moved(x, v, t)})
            out.append(values.get(nudge["output"]))
        return out

    def _caught(self, *arguments: Any) -> dict[str, Any] | None:
        """Kept this small on purpose: where no memory is left, CPython 3.11 loops for ever in the handler of a
        long function, because it cannot make the integer that tells where the exception came from."""
        if self.reserve is None:
            self.reserve = mmap.mmap(-1, RESERVE)  # address space, no pages
        try:
            return self._steps(*arguments)
        except BaseException as raised:
            if isinstance(raised, MemoryError):
                self.reserve = None  # room to say what happened
            return describe(raised, self.own)

    def _steps(
        self,
        header: dict[str, Any],
        buffers: list[bytes],
        encoder: Encoder,
        values: dict[str, Any],
        held: dict[str, Any],
    ) -> dict[str, Any] | None:
        """Run the steps. Each output is copied into `values` when it comes back, before the next step; one that has
        no kind is left out. An input that is held already counts in place of the header's."""
        for key, node in header["inputs"].items():
            held[key] = self._to_library(held[key] if key in held else decode(node, buffers, self._build))
        self.seed()
        thing: Any = None
        for kind, target, takes, gives, by in header["steps"]:
            if by:  # a harness of the course's: it finds the student's own by name
                result = self.fixtures[by](self.module, *map(held.get, takes))
            elif kind == "get":
                result = getattr(thing, target)
            else:
                result = getattr(self.module if kind in ("function", "new") else thing, target)(*map(held.get, takes))
            if kind == "new":
                thing = result
            elif len(gives) == 1:
                if gives[0] in header["kinds"]:
                    values[gives[0]] = encoder.node(result, header["kinds"][gives[0]])
            elif gives:
                if not isinstance(result, (tuple, list)) or len(result) != len(gives):
                    got = len(result) if isinstance(result, (tuple, list)) else 1
                    return {"count": min(got, 999), "wanted": len(gives)}
                for name, item in zip(gives, result, strict=True):
                    if name in header["kinds"]:
                        values[name] = encoder.node(item, header["kinds"][name])
        return None

    def _answered(self, header: dict[str, Any], buffers: list[bytes]) -> Any:
        """An answer of the grader's, in the form that the student's own function should give it."""
        value = decode(header["answer"], buffers, self._build)
        parts = [self._like_own(part) for part in value] if header.get("tuple") else self._like_own(value)
        return tuple(parts) if header.get("tuple") else parts

    def _like_own(self, value: Any) -> Any:
        if self.torch is None and isinstance(value, np.ndarray) and value.ndim == 0:
            return value[()]
        return self._to_library(value)


def moved(x: Any, v: Any, t: float) -> Any:
    """x + t v, of a number, an array, or a list or dict of these."""
    if isinstance(x, list):
        return [moved(a, b, t) for a, b in zip(x, v, strict=True)]
    if isinstance(x, dict):
        return {key: moved(a, v[key], t) for key, a in x.items()}
    return x + t * v if np.ndim(x) else float(x + t * v)


def fresh_streams() -> None:
    """Python's own streams over whatever 0, 1 and 2 are now or will be."""
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False, buffering=1)


def redirect(output_fd: int) -> None:
    """stdin from nowhere; stdout and stderr, C's too, into one pipe that the grader drains and caps."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
