"""Bytecode, compiled once per package and deployment and hard-linked into each prefix afterwards.

A read-only prefix can't keep what its kernels compile, so that without this each start would compile again. The files
are of PEP 552's unchecked kind: valid for the package's files wherever and whenever those were written, which holds
because a prefix that gets them is read-only. A writable one gets copies that carry the times of its own files: Python
itself compiles again what is edited there. Test folders are left out: nobody imports them, and they are half of the
files.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from ..domain.errors import EngineError
from .faults import explain_text
from .processes import clean_environment, run

_COMPILER = """
import json, py_compile, sys
mode = py_compile.PycInvalidationMode[sys.argv[1]]
done = []
for number, source, target, shown in json.load(sys.stdin):
    try:
        py_compile.compile(source, cfile=target, dfile=shown, doraise=True, invalidation_mode=mode)
        done.append(number)
    except (py_compile.PyCompileError, SyntaxError, ValueError, RecursionError, UnicodeError):
        pass
json.dump(done, sys.stdout)
"""
_SHARED_MODE = "UNCHECKED_HASH"
_ABANDONED = 24 * 3600
"""Seconds after which a draft of an entry belongs to nobody any more."""

_TESTS = re.compile(r"/tests?/")


@dataclass(frozen=True, slots=True)
class Sources:
    """The Python files of one package, relative to the prefix.

    `shared` have the same content in every prefix; `own` hold the prefix' path and are compiled for each.
    """

    shared: Sequence[str] = ()
    own: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Compilable:
    """A package to compile: `key` is the hash of its file, empty when it names no fixed content."""

    key: str
    sources: Callable[[], Sources]


@dataclass(slots=True)
class Tally:
    linked: int = 0
    compiled: int = 0
    packages: int = field(default=0)
    """How many packages had to be compiled."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.linked + other.linked, self.compiled + other.compiled, self.packages + other.packages)


class BytecodeStore:
    """The bytecode folder of a deployment as one prefix uses it; several builds may use it at once.

    An entry is a folder named by library folder, magic number and package hash. It holds numbered `.pyc` files and
    `index`, which says where they go. It appears by a rename, complete.
    """

    def __init__(self, folder: Path, prefix: Path, lib: str, *, writable: bool = False) -> None:
        self._prefix = prefix
        self._give = self._copy if writable else _link
        self._own_mode = "TIMESTAMP" if writable else _SHARED_MODE
        self._lib = lib
        self._python = prefix / "bin" / "python"
        self._suffix, magic = _bytecode_kind(prefix, lib)
        self._folder = folder / f"{lib.rsplit('/', 1)[-1]}-{magic}"

    def link(self, packages: Sequence[Compilable]) -> Tally:
        """Gives the packages' files their bytecode, compiling first what the store does not hold yet."""
        tally = Tally()
        own: list[str] = []
        missing = [p for p in packages if not p.key or not (self._entry(p.key) / "index").exists()]
        if missing:
            tally += self._compile_packages(missing, own)
        for package in packages:
            if package.key:
                self._link_entry(self._entry(package.key), tally, own)
        if own:
            jobs = [(n, f"{self._prefix}/{p}", f"{self._prefix}/{self.target(p)}", p) for n, p in enumerate(own)]
            tally.compiled += len(self._compile(jobs, self._own_mode))
        return tally

    def wanted(self, path: str) -> bool:
        """Whether a file of a package gets bytecode from us."""
        return path.startswith(self._lib + "/") and path.endswith(".py") and not _TESTS.search(path)

    def _entry(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def target(self, source: str) -> str:
        folder, _, name = source.rpartition("/")
        return f"{folder}/__pycache__/{name[:-3]}.{self._suffix}.pyc"

    def _link_entry(self, entry: Path, tally: Tally, own: list[str]) -> None:
        source, prefix = f"{entry}/", f"{self._prefix}/"
        for line in (entry / "index").read_text(encoding="utf-8").splitlines():
            number, _, path = line.partition("\t")
            if number == "own":
                own.append(path)
            else:
                self._give(source + number, prefix + path)
                tally.linked += 1

    def _copy(self, source: str, target: str) -> None:
        """As Python itself would have written it beside the file that it belongs to: by that file's time and size."""
        folder, _, name = target.rpartition("/")
        path = f"{folder.rpartition('/')[0]}/{name.removesuffix(f'.{self._suffix}.pyc')}.py"
        # No Path here: for each of thousands of files it costs more than the call.
        try:
            state = os.stat(path)  # noqa: PTH116
            with open(source, "rb") as file:  # noqa: PTH123
                data = file.read()
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            with open(target, "xb") as file:  # noqa: PTH123
                stamp = struct.pack("<III", 0, int(state.st_mtime) & 0xFFFFFFFF, state.st_size & 0xFFFFFFFF)
                file.write(data[:4] + stamp + data[16:])  # PEP 552: magic number, flags, then time and size
        except (FileExistsError, FileNotFoundError):
            pass  # it came with bytecode of its own, or without the source

    def _compile_packages(self, packages: Sequence[Compilable], own: list[str]) -> Tally:
        jobs: list[tuple[int, str, str, str]] = []
        entries: list[tuple[Compilable, Path, Sources, int]] = []
        for package in packages:
            sources = package.sources()
            if not package.key:
                own += [*sources.shared, *sources.own]
                continue
            draft = self._entry(package.key).with_name(f".{package.key}.{uuid4().hex[:8]}")
            draft.mkdir(parents=True)
            entries.append((package, draft, sources, len(jobs)))
            for number, path in enumerate(sources.shared):
                jobs.append((len(jobs), str(self._prefix / path), str(draft / str(number)), path))
        done = self._compile(jobs, _SHARED_MODE)
        for package, draft, sources, first in entries:
            lines = [f"{n}\t{self.target(p)}\n" for n, p in enumerate(sources.shared) if first + n in done]
            lines += [f"own\t{path}\n" for path in sources.own]
            (draft / "index").write_text("".join(lines), encoding="utf-8")
            _publish(draft, self._entry(package.key))
        if self._folder.exists():
            _sweep(self._folder)
        return Tally(compiled=len(done), packages=len(entries))

    def _compile(self, jobs: Sequence[tuple[int, str, str, str]], mode: str) -> set[int]:
        """Compiles on all cores with the prefix' own interpreter; the numbers of those that could be."""
        if not jobs:
            return set()
        shares = [jobs[n :: _cores()] for n in range(_cores()) if jobs[n :: _cores()]]
        command = [str(self._python), "-I", "-S", "-B", "-c", _COMPILER, mode]
        with ThreadPoolExecutor(len(shares)) as pool:
            runs = pool.map(
                lambda share: run(command, env=clean_environment(), cwd=self._prefix, text=json.dumps(share)), shares
            )
            finished = list(runs)
        done: set[int] = set()
        for end in finished:
            if end.code:
                known = explain_text(end.err, self._folder)
                raise known or EngineError("the packages can't be compiled", end.err[-2000:])
            done.update(json.loads(end.out))
        return done


def conda_sources(store: BytecodeStore, metadata: Path) -> Sources:
    """The Python files of a conda package by its record in `conda-meta`; those that came with bytecode are left out."""
    entries = json.loads(metadata.read_text(encoding="utf-8"))["paths_data"]["paths"]
    brought = {e["_path"] for e in entries if e["_path"].endswith(".pyc")}
    shared: list[str] = []
    own: list[str] = []
    for entry in entries:
        path = entry["_path"]
        if store.wanted(path) and store.target(path) not in brought:
            (own if entry.get("prefix_placeholder") else shared).append(path)
    return Sources(shared, own)


def _bytecode_kind(prefix: Path, lib: str) -> tuple[str, str]:
    """Suffix and magic number of the prefix' interpreter: read off its own bytecode where it came with some."""
    for path in (prefix / lib / "__pycache__").glob("os.*.pyc"):
        with path.open("rb") as file:
            return path.name.split(".")[1], file.read(4).hex()
    code = "import importlib.util as u, sys; print(sys.implementation.cache_tag, u.MAGIC_NUMBER.hex())"
    end = run([str(prefix / "bin" / "python"), "-I", "-S", "-c", code], env=clean_environment(), cwd=prefix)
    if end.code or len(end.out.split()) != 2:
        raise EngineError("the environment's Python can't run", end.err[-2000:])
    suffix, magic = end.out.split()
    return suffix, magic


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(source, target)
    except FileExistsError:
        pass
    except OSError:
        _link_or_copy(source, target)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOTSUP):
            raise
        shutil.copyfile(source, target)


def _publish(draft: Path, entry: Path) -> None:
    try:
        draft.rename(entry)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        shutil.rmtree(draft)  # another build was first


def _sweep(folder: Path) -> None:
    """Removes what builds left that were killed while they compiled."""
    for draft in folder.glob("*/.*"):
        if time.time() - draft.lstat().st_mtime > _ABANDONED:
            shutil.rmtree(draft, ignore_errors=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
