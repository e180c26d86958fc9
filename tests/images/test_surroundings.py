"""Full disks, killed processes, several at once."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.images import How, Image, ImageStore, ensure_prefix, publish, remove_leftovers, remove_tree
from tests.images.folders import contents, sealed_prefix
from tests.images.test_round_trip import packed, unpacked
from tests.live import wait_until

FETCH = """
import sys
from pathlib import Path
from jupyter_dataflow_envs.images import Image, ImageStore, ensure_prefix
url, prefix, digest, size, hold = sys.argv[1:]
def pieces():
    for piece in ImageStore(url).read(Path(prefix).name):
        yield piece[:100_000]
        if hold == "hold":
            print("holding", flush=True)
            sys.stdin.read()
        yield piece[100_000:]
def install():
    raise SystemExit("there is an image")
print(ensure_prefix(Path(prefix), lambda: (Image(digest, int(size)), pieces()), install, say=print).value)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """With 2 MB of room."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fetching(store: ImageStore, url: str, prefix: Path, image: Image, hold: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, url, str(prefix), image.digest, str(image.size), hold],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_full_disk_is_told_and_nothing_stays(small_disk: Path, tmp_path: Path, way: str) -> None:
    image, data = packed(sealed_prefix(tmp_path / "large", size=3_000_000))
    with pytest.raises(OSError, match=r"the disk that holds .*small is full: .* MB free; delete") as told:
        unpacked(image, data, small_disk / "ba9876543210")
    assert told.value.errno == errno.ENOSPC
    assert list(small_disk.iterdir()) == []
    remove_tree(tmp_path / "large")


def test_a_full_disk_is_no_reason_to_install(small_disk: Path, tmp_path: Path) -> None:
    """It would need the same room once more."""
    image, data = packed(sealed_prefix(tmp_path / "large", size=3_000_000))
    with pytest.raises(OSError, match="is full"):
        ensure_prefix(small_disk / "one", lambda: (image, iter([data])), lambda: pytest.fail("installed"), say=print)
    remove_tree(tmp_path / "large")


def test_a_store_that_is_full_keeps_nothing(small_disk: Path, tmp_path: Path) -> None:
    large = sealed_prefix(tmp_path / "0123456789ab", size=3_000_000)
    with pytest.raises(Exception, match="No space left on device"):
        publish(small_disk.as_uri(), large, large.name)
    assert list(small_disk.iterdir()) == []
    remove_tree(large)


def test_killed_in_the_middle_nothing_half_is_there(prefix: Path, tmp_path: Path) -> None:
    url = (tmp_path / "images").as_uri()
    image = publish(url, prefix, prefix.name)
    before = contents(prefix)
    prefix.rename(tmp_path / "original")
    with fetching(ImageStore(url), url, prefix, image, "hold") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "holding\n"
        partial = [p for p in prefix.parent.iterdir() if p.name.startswith(".partial-")]
        assert len(partial) == 1
        remove_leftovers(prefix.parent)
        assert partial[0].is_dir(), "what somebody is at was removed"
        child.send_signal(signal.SIGKILL)
    assert not prefix.exists()
    remove_leftovers(prefix.parent)
    assert [p for p in prefix.parent.iterdir() if p.is_dir()] == []
    done, _ = fetching(ImageStore(url), url, prefix, image).communicate(timeout=60)
    assert done == "fetched\n"
    assert contents(prefix) == before
    remove_tree(tmp_path / "original")


def test_a_killed_upload_is_never_taken_for_an_image(prefix: Path, tmp_path: Path) -> None:
    url = (tmp_path / "images").as_uri()
    ready, held = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_upload_and_hold, args=(url, prefix.name, held))
    process.start()
    assert ready.recv() == "written"
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    store = ImageStore(url)
    assert store.size(prefix.name) is None
    (part,) = store.names()
    assert store.names()[part] == prefix.name
    assert part.endswith(".part")


def _upload_and_hold(url: str, prefix_id: str, held: Any) -> None:
    with ImageStore(url).writing(prefix_id) as write:
        write(b"half")
        held.send("written")
        held.recv()


def test_of_several_at_once_one_does_it(prefix: Path, tmp_path: Path) -> None:
    url = (tmp_path / "images").as_uri()
    image = publish(url, prefix, prefix.name)
    before = contents(prefix)
    prefix.rename(tmp_path / "original")
    first = fetching(ImageStore(url), url, prefix, image, "hold")
    assert first.stdout is not None
    assert first.stdin is not None
    assert first.stdout.readline() == "holding\n"
    others = [fetching(ImageStore(url), url, prefix, image) for _ in range(2)]
    first.stdin.close()
    first.stdin = None
    ways = [child.communicate(timeout=60)[0].split()[-1] for child in (first, *others)]
    assert sorted(ways) == ["fetched", "there", "there"]
    assert contents(prefix) == before
    assert wait_until(lambda: [p.name for p in prefix.parent.iterdir() if p.is_dir()] == [prefix.name], "no more", 5)
    remove_tree(tmp_path / "original")


def test_what_is_there_is_left_alone(prefix: Path) -> None:
    how = ensure_prefix(prefix, None, lambda: pytest.fail("installed"), say=print)
    assert how is How.THERE
