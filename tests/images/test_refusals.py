"""Damaged, cut off and malicious images: nothing of them stays, and nothing outside is touched."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard

from jupyter_dataflow_envs.images.image import Image, ImageUnusable, Stopped
from jupyter_dataflow_envs.images.unpack import unpack
from tests.images.test_round_trip import packed, unpacked


def nothing_stays(prefix: Path) -> bool:
    return not prefix.exists() and not [p for p in prefix.parent.iterdir() if p.name.startswith(".partial")]


@pytest.fixture
def place(prefix: Path) -> Path:
    """Where an image may be unpacked: no prefix is there."""
    return prefix.with_name("ba9876543210")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[: len(data) // 2], "cut off"),
        (lambda data: data[:-1], "cut off"),
        (lambda data: b"", "cut off"),
        (lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], "damaged"),
        (lambda data: data[:-2] + bytes([data[-2] ^ 128]) + data[-1:], "damaged"),
        (lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1 :], "damag"),
        (lambda data: data + b"more", "more than"),
        (lambda data: os.urandom(len(data)), "damaged"),
    ],
)
def test_what_is_damaged_is_refused(
    prefix: Path, place: Path, way: str, damage: Callable[[bytes], bytes], words: str
) -> None:
    image, data = packed(prefix)
    with pytest.raises(ImageUnusable, match=words):
        unpacked(image, damage(data), place)
    assert nothing_stays(place)


def test_a_whole_archive_of_another_prefix_is_refused(prefix: Path, place: Path, way: str) -> None:
    """Every program is content with it: only the digest tells."""
    image, data = packed(prefix)
    with pytest.raises(ImageUnusable, match="its digest is not"):
        unpacked(Image("0" * 64, image.size), data, place)
    assert nothing_stays(place)


def test_a_source_that_breaks_off_is_told_without_its_words(prefix: Path, place: Path, way: str) -> None:
    image, data = packed(prefix)

    def broken() -> object:
        yield data[:1000]
        raise ConnectionResetError("https://user:secret@host/")

    with pytest.raises(ImageUnusable, match="can't be read to its end: ConnectionResetError") as told:
        unpack(image, broken(), place, progress=lambda *_: None, stop=lambda: False)  # type: ignore[arg-type]
    assert "secret" not in str(told.value)
    assert nothing_stays(place)


def test_unpacking_ends_when_it_is_not_wanted_any_more(prefix: Path, place: Path, way: str) -> None:
    image, data = packed(prefix)
    come: list[int] = []
    pieces = (data[i : i + 1000] for i in range(0, len(data), 1000))
    with pytest.raises(Stopped):
        unpack(image, pieces, place, progress=lambda done, _: come.append(done), stop=lambda: len(come) > 3)
    assert nothing_stays(place)


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    info.size = 4 if kind == tarfile.REGTYPE else 0
    return info


def archive(*entries: tarfile.TarInfo) -> tuple[Image, bytes]:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info in (entry(".", tarfile.DIRTYPE, mode=0o755), *entries):
            tar.addfile(info, io.BytesIO(b"evil") if info.isreg() else None)
    data = zstandard.ZstdCompressor().compress(plain.getvalue())
    return Image(sha256(data).hexdigest(), len(data)), data


MALICIOUS = {
    "absolute name": [entry("/{outside}/written")],
    "parent": [entry("../outside/written")],
    "parent within": [entry("./a/../../outside/written")],
    "link to outside": [entry("./link", tarfile.SYMTYPE, "../outside")],
    "absolute link": [entry("./link", tarfile.SYMTYPE, "/{outside}/secret")],
    "through a link": [entry("./link", tarfile.SYMTYPE, "../outside"), entry("./link/written")],
    "through a link to a folder": [
        entry("./link", tarfile.SYMTYPE, "../outside"),
        entry("./link", tarfile.DIRTYPE, mode=0o777),
        entry("./link/written"),
    ],
    "over a link": [entry("./link", tarfile.SYMTYPE, "../outside/secret"), entry("./link")],
    "hard link to outside": [entry("./link", tarfile.LNKTYPE, "../outside/secret")],
    "absolute hard link": [entry("./link", tarfile.LNKTYPE, "/{outside}/secret")],
    "hard link through a link": [
        entry("./link", tarfile.SYMTYPE, "../outside"),
        entry("./hard", tarfile.LNKTYPE, "./link/secret"),
    ],
    "links that lead out together": [
        entry("./a", tarfile.DIRTYPE, mode=0o755),
        entry("./a/b", tarfile.DIRTYPE, mode=0o755),
        entry("./a/b/top", tarfile.SYMTYPE, "../.."),
        entry("./link", tarfile.SYMTYPE, "a/b/top/../outside"),
    ],
    "loop": [entry("./one", tarfile.SYMTYPE, "/{place}/two"), entry("./two", tarfile.SYMTYPE, "/{place}/../outside")],
    "device": [entry("./null", tarfile.CHRTYPE)],
    "pipe": [entry("./pipe", tarfile.FIFOTYPE)],
    "runs as root": [entry("./su", mode=0o4755)],
}


MADE_HARMLESS = {("programs", "through a link to a folder")}
"""tar makes the folder in place of the link that it has put off, and complains of that or not, as inodes fall."""


@pytest.mark.parametrize("case", MALICIOUS)
def test_what_is_malicious_is_refused(place: Path, way: str, case: str) -> None:
    outside = place.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    entries = []
    for info in MALICIOUS[case]:
        copied = info.replace(deep=True) if hasattr(info, "replace") else info
        for field in ("name", "linkname"):
            text = getattr(copied, field)
            setattr(copied, field, text.replace("/{outside}", str(outside)).replace("/{place}", str(place)))
        entries.append(copied)
    image, data = archive(*entries)
    refusal = ""
    try:
        unpacked(image, data, place)
    except ImageUnusable as error:
        refusal = str(error)
    if refusal:
        assert "refused" in refusal
        assert nothing_stays(place)
    else:
        assert (way, case) in MADE_HARMLESS
        assert {p.relative_to(place).as_posix(): p.is_symlink() for p in place.rglob("*")} == {
            "link": False,
            "link/written": False,
        }
    assert {p.name: p.read_text() for p in outside.iterdir()} == {"secret": "secret"}
    assert not Path("/written").exists()


def test_links_within_are_no_harm(place: Path, way: str) -> None:
    """Relative, absolute to where the prefix is going to be, dangling, and one that points at itself."""
    image, data = archive(
        entry("./file"),
        entry("./near", tarfile.SYMTYPE, "file"),
        entry("./far", tarfile.SYMTYPE, f"{place}/near"),
        entry("./nowhere", tarfile.SYMTYPE, "gone"),
        entry("./self", tarfile.SYMTYPE, "self"),
    )
    unpacked(image, data, place)
    assert (place / "far").read_text() == "evil"
