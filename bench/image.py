"""Packing and fetching an environment of 500 MB beside plain tar: `python -m bench image`, `python -m bench.image`.

The environment is one that was built from the test channel, with files of the Python that runs this beside it until it
has `--megabytes`: sources, bytecode and compiled libraries in the mix that site-packages has. Packing (`publish` into a
`file://` store: checked, compressed, hashed) beside `tar --zstd -cf`, fetching (`ensure_prefix`: read, hashed,
unpacked, checked, moved to its place) beside `tar --zstd -xf`, on the same disk, in turns, each with the file system
written out before. `--all-cores` gives plain tar's zstd all cores as well. Exit code 1 when a median of the ratios is
above 1.3.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_dataflow_envs.images import How, Image, ImageStore, ensure_prefix, publish, remove_tree
from tests.channel.cache import cached_channel, cached_wheelhouse
from tests.channel.index import index_server, index_url
from tests.service.deployments import ALICE, build, create, deployment_in, minor_of

LIMIT = 1.3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--all-cores", action="store_true")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dataflow-bench-"))
    tar = ["tar", "-I", "zstd -T0"] if asked.all_cores else ["tar", "--zstd"]
    try:
        prefix = environment(folder, asked.megabytes * 1_000_000)
        files = [os.lstat(Path(parent, name)) for parent, _, names in os.walk(prefix) for name in names]
        store = ImageStore((folder / "images").as_uri())
        plain = folder / "plain.tar.zst"
        image = publish((folder / "images").as_uri(), prefix, prefix.name)  # nothing is measured cold
        packs = pairs(
            asked.pairs,
            lambda: seconds(lambda: run([*tar, "-cf", plain, "-C", prefix, "."])),
            lambda: seconds(lambda: publish((folder / "images").as_uri(), prefix, prefix.name)),
        )
        fetches = pairs(
            asked.pairs,
            lambda: unpacking(folder / "plain", lambda target: extract(tar, plain, target)),
            lambda: unpacking(folder / "fetched", lambda target: fetch(store, image, prefix.name, target)),
        )
        size, packed, theirs = (n / 1e6 for n in (sum(f.st_size for f in files), image.size, plain.stat().st_size))
        print(f"{size:.0f} MB in {len(files):,} files, image {packed:.0f} MB, plain tar {theirs:.0f} MB")
    finally:
        remove_tree(folder)
    return int(told("pack", packs) | told("fetch", fetches))


def environment(folder: Path, size: int) -> Path:
    channel = cached_channel()
    with (
        index_server(cached_wheelhouse()) as index,
        deployment_in(folder / "root", channel.as_uri(), pip_index_url=index_url(index)) as deployment,
    ):
        create(deployment, "mlenv", minor_of(channel), "pandas", "requests", pip=("tinywheel-00",))
        build(deployment, "mlenv")
        prefix = deployment.activations.launcher(ALICE, "mlenv").grant.prefix
        assert prefix is not None
        target = folder / "prefixes" / prefix.name
        target.parent.mkdir()
        run(["cp", "-a", prefix, target])
    target.chmod(0o755)
    left = size - sum(os.lstat(Path(parent, name)).st_size for parent, _, names in os.walk(target) for name in names)
    for number, file in enumerate(more_files()):
        if left <= 0:
            break
        place = target / "more" / str(number // 500)
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place / f"{number}-{file.name}")
        left -= file.stat().st_size
    target.chmod(0o555)
    if left > 0:
        raise SystemExit(f"this Python has too few files: {left / 1e6:.0f} MB are missing")
    return target


def more_files() -> Iterator[Path]:
    """Of the packages and the standard library that are on this interpreter's path."""
    for place in dict.fromkeys((*(p for p in sys.path if p.endswith("-packages")), sysconfig.get_path("stdlib"))):
        for parent, folders, names in os.walk(place):
            folders.sort()
            yield from (p for p in (Path(parent, name) for name in sorted(names)) if p.is_file() and not p.is_symlink())


def pairs(number: int, theirs: Callable[[], float], ours: Callable[[], float]) -> list[tuple[float, float]]:
    return [(theirs(), ours()) for _ in range(number)]


def seconds(act: Callable[[], object]) -> float:
    os.sync()
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def unpacking(target: Path, act: Callable[[Path], object]) -> float:
    took = seconds(lambda: act(target))
    remove_tree(target)
    return took


def extract(tar: list[str], archive: Path, target: Path) -> None:
    target.mkdir()
    run([*tar, "-xf", archive, "-C", target])


def fetch(store: ImageStore, image: Image, prefix_id: str, target: Path) -> None:
    def install() -> None:
        raise SystemExit("the image was not taken")

    how = ensure_prefix(target, lambda: (image, store.read(prefix_id)), install, say=print)
    if how is not How.FETCHED:
        raise SystemExit(f"the environment was {how.value}")


def run(command: list[object]) -> None:
    subprocess.run([str(word) for word in command], check=True)


def told(what: str, measured: list[tuple[float, float]]) -> bool:
    """Whether it takes too long."""
    theirs, ours = ([pair[side] for pair in measured] for side in (0, 1))
    ratios = [o / t for t, o in measured]
    print(
        f"{what}: plain tar {statistics.median(theirs):.2f} s ({min(theirs):.2f} to {max(theirs):.2f}), "
        f"ours {statistics.median(ours):.2f} s ({min(ours):.2f} to {max(ours):.2f}); "
        f"ratio: median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}; target: {LIMIT})"
    )
    return statistics.median(ratios) > LIMIT


if __name__ == "__main__":
    sys.exit(main())
