"""What is packed comes back as it was, whichever programs did it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jupyter_dataflow_envs.images.image import CHUNK, Image, Stopped, Unpackable
from jupyter_dataflow_envs.images.pack import pack
from jupyter_dataflow_envs.images.programs import find_programs
from jupyter_dataflow_envs.images.unpack import unpack
from tests.images.folders import contents


def packed(prefix: Path) -> tuple[Image, bytes]:
    data = bytearray()
    image = pack(prefix, data.extend)
    return image, bytes(data)


def unpacked(image: Image, data: bytes, prefix: Path) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    pieces = (data[i : i + CHUNK // 16] for i in range(0, len(data), CHUNK // 16))
    unpack(image, pieces, prefix, progress=lambda done, total: told.append((done, total)), stop=lambda: False)
    return told


def test_a_prefix_comes_back_as_it_was(prefix: Path, way: str) -> None:
    before = contents(prefix)
    image, data = packed(prefix)
    assert image.size == len(data)
    prefix.rename(prefix.with_name("original"))
    told = unpacked(image, data, prefix)
    assert contents(prefix) == before
    assert [p.name for p in prefix.parent.iterdir() if p.name.startswith(".")] == []
    assert told[-1] == (image.size, image.size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_each_way_reads_what_the_other_wrote(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_dataflow_envs.images import pack as packing
    from jupyter_dataflow_envs.images import unpack as unpacking

    before = contents(prefix)
    for module, other in ((packing, unpacking), (unpacking, packing)):
        monkeypatch.setattr(module, "find_programs", lambda: None)
        monkeypatch.setattr(other, "find_programs", find_programs)
        image, data = packed(prefix)
        prefix.rename(prefix.with_name(f"before {module.__name__}"))
        unpacked(image, data, prefix)
        assert contents(prefix) == before


def test_the_same_prefix_is_the_same_image(prefix: Path, way: str) -> None:
    """Whoever owns it, and in whatever order its folders list it."""
    first, _ = packed(prefix)
    if os.geteuid() == 0:
        for parent, _folders, files in os.walk(prefix):
            for name in files:
                os.chown(Path(parent, name), 1234, 1234, follow_symlinks=False)
    assert packed(prefix)[0] == first


def test_nobody_else_owns_what_comes_back(prefix: Path, way: str, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make files of others")
    before = contents(prefix)
    for parent, _folders, files in os.walk(prefix):
        for name in files:
            os.chown(Path(parent, name), 1234, 1234, follow_symlinks=False)
    image, data = packed(prefix)
    prefix.rename(prefix.with_name("original"))
    unpacked(image, data, prefix)
    assert contents(prefix) == before


def test_the_image_is_an_ordinary_archive(prefix: Path, way: str, tmp_path: Path) -> None:
    _, data = packed(prefix)
    (tmp_path / "image.tar.zst").write_bytes(data)
    done = subprocess.run(
        ["tar", "--zstd", "-tf", tmp_path / "image.tar.zst"], capture_output=True, text=True, check=True
    )
    assert {"./", "./bin/python", "./lib/empty/"} <= set(done.stdout.splitlines())


def test_packing_ends_when_it_is_not_wanted_any_more(prefix: Path, way: str) -> None:
    with pytest.raises(Stopped):
        pack(prefix, lambda _: None, stop=lambda: True)


def test_a_prefix_with_a_link_that_leads_out_is_not_packed(prefix: Path, way: str) -> None:
    (prefix / "lib").chmod(0o755)
    (prefix / "lib" / "out").symlink_to("/etc/passwd")
    with pytest.raises(Unpackable, match=r"the link 'lib/out' leads out"):
        packed(prefix)


def test_a_prefix_that_is_gone_is_told(prefix: Path, way: str) -> None:
    with pytest.raises(OSError, match="No such file"):
        packed(prefix.with_name("gone"))


def test_what_cannot_be_written_ends_the_packing(prefix: Path, way: str) -> None:
    def refuse(_data: bytes) -> None:
        raise OSError("the store is away")

    with pytest.raises(OSError, match="the store is away"):
        pack(prefix, refuse)


def test_other_builds_may_link_its_files_meanwhile(prefix: Path, way: str, tmp_path: Path) -> None:
    """The same files, from the cache: their number of links changes while they are read, and nothing else."""
    large = prefix / "large"
    large.write_bytes(os.urandom(CHUNK * 64))
    before = contents(prefix)
    data = bytearray()

    def take(piece: bytes) -> None:
        os.link(large, tmp_path / f"link-{len(data)}")
        data.extend(piece)

    image = pack(prefix, take)
    prefix.rename(prefix.with_name("original"))
    unpacked(image, bytes(data), prefix)
    assert contents(prefix) == before
