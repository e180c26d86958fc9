"""The making of a channel: `python` from interpreters, the rest from wheels and by hand, then the index."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rattler.index import index_fs

from .interpreter import Interpreter
from .special import bad_hash, old_format, special_packages, tiny_packages
from .wheel import download, wheel_package

# Each is resolved by pip by itself, so that the channel holds several versions of a package.
BASE = "ipykernel pandas pip"
NEW = "attrs click msgpack requests tqdm"
OLD = "attrs==23.2.0 click==8.1.7 tqdm==4.66.1"
OLD_PANDAS = {"3.10": "pandas==1.5.3 numpy==1.26.4", "3.11": "pandas==1.5.3 numpy==1.26.4"}
OLD_PANDAS_LATER = "pandas==2.2.3 numpy==2.1.3"  # for Pythons that pandas 1 has no wheels for


@dataclass
class Figures:
    """How long each step took in seconds, and what came out."""

    seconds: dict[str, float] = field(default_factory=dict)
    packages: int = 0
    bytes: int = 0

    def __str__(self) -> str:
        steps = ", ".join(f"{step} {taken:.1f} s" for step, taken in self.seconds.items())
        return f"{self.packages} packages, {self.bytes / 1e6:.0f} MB: {steps}"


def wanted(interpreter: Interpreter, interpreters: list[Interpreter], small: bool) -> list[str]:
    """What pip is asked for with one of the channel's interpreters."""
    if small:
        return [BASE]
    oldest = min(interpreters, key=lambda i: int(i.minor[2:]))
    gets = [BASE]
    if interpreter is oldest:
        gets.append(OLD_PANDAS.get(interpreter.minor, OLD_PANDAS_LATER))
    return [*gets, NEW, OLD]


def make_channel(channel: Path, interpreters: list[Interpreter], wheels: Path, small: bool = False) -> Figures:
    """Make a channel in the new folder `channel`, with downloads kept in `wheels`.

    A small one holds python, ipykernel, pandas, pip and what they need, and nothing that misbehaves.
    Raises DownloadError.
    """
    wheels.mkdir(parents=True, exist_ok=True)
    (channel / "noarch").mkdir(parents=True, exist_ok=True)
    figures, started = Figures(), time.perf_counter()

    def lap(step: str) -> None:
        nonlocal started
        started, before = time.perf_counter(), started
        figures.seconds[step] = started - before

    with ThreadPoolExecutor(2) as pool:
        gets = [(i, specs) for i in interpreters for specs in wanted(i, interpreters, small)]
        found = {wheel for got in pool.map(lambda get: download(get[0], get[1], wheels), gets) for wheel in got}
        lap("download")
        jobs = [pool.submit(_write_python, i, channel) for i in interpreters]
        for wheel in sorted(found):
            takers = [i for i in interpreters if i.takes(wheel)]
            groups = [takers] if wheel.name.endswith("-any.whl") else [[i] for i in takers]
            jobs += [pool.submit(_write_wheel, wheel, group, channel) for group in groups]
        if not small:
            jobs.append(pool.submit(_write_by_hand, channel))
        _finish(jobs)
    lap("convert")
    asyncio.run(index_fs(channel, write_shards=False))
    if not small:
        bad_hash("other bytes than the index was made from\n").write(channel)
    lap("index")
    made = [*channel.glob("*/*.conda"), *channel.glob("*/*.tar.bz2")]
    figures.packages, figures.bytes = len(made), sum(p.stat().st_size for p in made)
    return figures


def _write_python(interpreter: Interpreter, channel: Path) -> None:
    interpreter.package().write(channel)


def _write_wheel(wheel: Path, interpreters: list[Interpreter], channel: Path) -> None:
    wheel_package(wheel, interpreters).write(channel)


def _write_by_hand(channel: Path) -> None:
    for package in [*special_packages(), *tiny_packages(), bad_hash("the bytes that the index was made from\n")]:
        package.write(channel)
    old_format().write_tar_bz2(channel)


def _finish(jobs: list[Future[None]]) -> None:
    for job in jobs:
        job.result()
