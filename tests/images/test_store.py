"""Any place that fsspec can write to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.images import ImageStore, ImageUnusable, StoreFailed, publish


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield (tmp_path / "images").as_uri()
        return
    name = uuid.uuid4().hex
    yield f"memory://{name}/images/"
    with suppress(FileNotFoundError):
        fsspec.filesystem("memory").rm(f"/{name}", recursive=True)


def test_what_is_published_can_be_read(prefix: Path, url: str) -> None:
    image = publish(url, prefix, prefix.name)
    store = ImageStore(url)
    assert store.size(prefix.name) == image.size == len(b"".join(store.read(prefix.name)))
    assert store.names() == {f"{prefix.name}.tar.zst": prefix.name}
    assert abs(store.modified(f"{prefix.name}.tar.zst") - now()) < timedelta(minutes=1)
    assert store.signed_url(prefix.name, 60) is None
    store.remove(f"{prefix.name}.tar.zst")
    store.remove(f"{prefix.name}.tar.zst")
    assert store.size(prefix.name) is None
    assert store.names() == {}
    with pytest.raises(ImageUnusable, match="not in the image store"):
        next(store.read(prefix.name))


def test_an_upload_that_fails_leaves_nothing(url: str) -> None:
    store = ImageStore(url)
    with suppress(RuntimeError), store.writing("0123456789ab") as write:
        write(b"half")
        raise RuntimeError
    assert store.names() == {}


def test_an_upload_is_no_image_before_its_end(url: str) -> None:
    store = ImageStore(url)
    with store.writing("0123456789ab") as write:
        write(b"half")
        assert store.size("0123456789ab") is None
    assert b"".join(store.read("0123456789ab")) == b"half"


def test_a_store_of_nothing_yet_is_empty(tmp_path: Path) -> None:
    assert ImageStore((tmp_path / "new").as_uri()).names() == {}


def test_a_store_that_cannot_be_used_says_so_without_credentials(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ImageStore(f"{(tmp_path / 'file').as_uri()}/images")
    with pytest.raises(StoreFailed, match=f"{store} can't be used: Not a directory"), store.writing("0123456789ab"):
        pass
    with pytest.raises(StoreFailed, match="can't be used: ") as told:
        ImageStore("nowhere://user:secret@bucket/images?token=secret").names()
    assert "secret" not in str(told.value)


class Signing(MemoryFileSystem):
    """A store that can sign and does not tell times, as some do."""

    protocol = ("signing",)

    def sign(self, path: str, expiration: int = 100, **kwargs: object) -> str:
        return f"https://store.example/{path.partition('://')[2]}?expires={expiration}&signature=abc"

    def modified(self, path: str) -> datetime:
        raise NotImplementedError


def test_a_store_that_signs_gives_urls() -> None:
    fsspec.register_implementation("signing", Signing, clobber=True)
    store = ImageStore("signing://bucket/images")
    with store.writing("0123456789ab") as write:
        write(b"all")
    signed = store.signed_url("0123456789ab", 60)
    assert signed == "https://store.example/bucket/images/0123456789ab.tar.zst?expires=60&signature=abc"
    assert store.modified("0123456789ab.tar.zst") < datetime(2000, 1, 1, tzinfo=timezone.utc)
    store.remove("0123456789ab.tar.zst")
