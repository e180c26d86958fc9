"""Folders that look like sealed prefixes, and what tells two of them apart."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path


def sealed_prefix(prefix: Path, *, size: int = 200_000) -> Path:
    """All kinds of entries that a prefix has; `size`: bytes of its largest file, which hardly compresses."""
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").write_text("")
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python3.11").write_text("#!/bin/sh\necho started\n")
    (prefix / "bin" / "python").symlink_to("python3.11")
    (prefix / "bin" / "absolute").symlink_to(prefix / "bin" / "python3.11")
    (prefix / "lib" / "empty").mkdir(parents=True)
    (prefix / "lib" / "Übung ключ 名").write_text("not ASCII")
    Path(os.fsdecode(os.fsencode(prefix) + b"/lib/not \xff utf-8")).write_text("bytes")
    (prefix / "lib" / ("long-" * 30) / ("name-" * 30)).mkdir(parents=True)
    (prefix / "lib" / ("long-" * 30) / ("name-" * 30) / "file").write_text("deep")
    (prefix / "lib" / "-rf").write_text("a name like an option")
    (prefix / "lib" / "new\nline").write_text("a name of two lines")
    (prefix / "lib" / "random").write_bytes(os.urandom(size))
    (prefix / "lib" / "zeros").write_bytes(bytes(size))
    os.link(prefix / "lib" / "random", prefix / "bin" / "random")
    (prefix / "lib" / "dangling").symlink_to("nowhere")
    (prefix / "lib" / "up").symlink_to("../bin")
    os.link(prefix / "lib" / "up", prefix / "lib" / "up-again", follow_symlinks=False)
    moment = 1_600_000_000
    for parent, folders, files in os.walk(prefix, topdown=False):
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o555 if "bin" in parent else 0o444)
            moment += 1
            os.utime(path, (moment, moment), follow_symlinks=False)
        assert folders is not None
        os.utime(parent, (moment, moment))
        Path(parent).chmod(0o555)
    return prefix


def contents(folder: Path) -> dict[bytes, tuple[object, ...]]:
    """Everything that an image keeps, by name: kind and mode, time, bytes or target, its hard links."""
    found: dict[bytes, tuple[object, ...]] = {}
    inodes: dict[int, list[bytes]] = {}
    top = os.fsencode(folder)
    for parent, folders, files in os.walk(top):
        for name in (b"", *folders, *files) if parent == top else (*folders, *files):
            path = os.path.join(parent, name)  # noqa: PTH118
            state = os.lstat(path)
            relative = os.path.relpath(path, top)
            if stat.S_ISLNK(state.st_mode):
                data: object = os.readlink(path)  # noqa: PTH115
            elif stat.S_ISREG(state.st_mode):
                data = hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).hexdigest()
                inodes.setdefault(state.st_ino, []).append(relative)
            else:
                data = None
            found[relative] = (stat.filemode(state.st_mode), int(state.st_mtime), data, state.st_uid)
    for names in inodes.values():
        for name in names:
            found[name] = (*found[name], sorted(names))
    return found
