"""From the image, or else from the lock; and the mark of what is half installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.images import (
    How,
    Image,
    ImageStore,
    Stopped,
    ensure_prefix,
    forget_lock,
    is_whole,
    publish,
    remove_leftovers,
    remove_tree,
)
from jupyter_dataflow_envs.images.trees import incomplete_mark
from tests.images.folders import contents, sealed_prefix


@pytest.fixture
def url(tmp_path: Path) -> str:
    return (tmp_path / "images").as_uri()


@pytest.fixture
def image(prefix: Path, url: str, tmp_path: Path) -> Iterator[Image]:
    """Of the prefix, which is away then."""
    made = publish(url, prefix, prefix.name)
    prefix.rename(tmp_path / "original")
    yield made
    remove_tree(tmp_path / "original")


def test_it_is_fetched(prefix: Path, image: Image, url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    how = ensure_prefix(
        prefix,
        lambda: (image, ImageStore(url).read(prefix.name)),
        lambda: pytest.fail("installed"),
        say=pytest.fail,
        progress=lambda done, total: told.append((done, total)),
    )
    assert how is How.FETCHED
    assert told[-1] == (image.size, image.size)
    assert is_whole(prefix)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_cut, "The image can't be used (the image is cut off"),
        (_flip, "The image can't be used (the image is damaged"),
        (lambda file: file.unlink(), "The image can't be used (the image is not in the image store)"),
        (lambda file: shutil.rmtree(file.parent), "The image can't be used (the image is not in the image store)"),
    ],
)
def test_without_a_good_image_it_is_installed(
    prefix: Path, image: Image, url: str, tmp_path: Path, harm: Callable[[Path], None], words: str
) -> None:
    harm(tmp_path / "images" / f"{prefix.name}.tar.zst")
    said: list[str] = []

    def install() -> None:
        assert not prefix.exists()
        assert not is_whole(prefix)
        sealed_prefix(prefix)
        assert not is_whole(prefix), "half installed, and taken for whole"

    how = ensure_prefix(prefix, lambda: (image, ImageStore(url).read(prefix.name)), install, say=said.append)
    assert how is How.INSTALLED
    assert is_whole(prefix)
    assert len(said) == 1
    assert said[0].startswith(words)
    assert said[0].endswith("installing from the lock instead.")


def test_without_an_image_it_is_installed(tmp_path: Path) -> None:
    prefix = tmp_path / "prefixes" / "0123456789ab"
    how = ensure_prefix(prefix, None, lambda: sealed_prefix(prefix), say=pytest.fail)
    assert how is How.INSTALLED
    remove_tree(prefix)


def test_an_installation_that_fails_leaves_nothing(tmp_path: Path) -> None:
    prefix = tmp_path / "prefixes" / "0123456789ab"

    def install() -> None:
        sealed_prefix(prefix)
        raise RuntimeError("no such channel")

    with pytest.raises(RuntimeError, match="no such channel"):
        ensure_prefix(prefix, None, install, say=print)
    assert [p.name for p in prefix.parent.iterdir() if p.suffix != ".lock"] == []


def test_what_a_killed_installation_left_is_not_whole(prefix: Path) -> None:
    """And goes with the next try, or with the leftovers."""
    incomplete_mark(prefix).touch()
    assert not is_whole(prefix)
    before = contents(prefix)

    def again() -> None:
        assert not prefix.exists()
        sealed_prefix(prefix)

    assert ensure_prefix(prefix, None, again, say=print) is How.INSTALLED
    assert contents(prefix).keys() == before.keys()
    incomplete_mark(prefix).touch()
    remove_leftovers(prefix.parent)
    assert not prefix.exists()
    assert not incomplete_mark(prefix).exists()


def test_a_damaged_prefix_is_replaced(prefix: Path, image: Image, url: str) -> None:
    (prefix / "bin").mkdir(parents=True)
    how = ensure_prefix(
        prefix, lambda: (image, ImageStore(url).read(prefix.name)), lambda: pytest.fail("installed"), say=print
    )
    assert how is How.FETCHED
    assert is_whole(prefix)


def test_who_gives_up_gets_nothing(prefix: Path, image: Image, url: str) -> None:
    with pytest.raises(Stopped):
        ensure_prefix(
            prefix, lambda: (image, ImageStore(url).read(prefix.name)), lambda: None, say=print, stop=lambda: True
        )
    assert not prefix.exists()


def test_a_lock_that_nobody_needs_goes(prefix: Path, image: Image, url: str) -> None:
    ensure_prefix(prefix, lambda: (image, ImageStore(url).read(prefix.name)), lambda: None, say=print)
    forget_lock(prefix)
    forget_lock(prefix)
    assert [p.name for p in prefix.parent.iterdir()] == [prefix.name]
