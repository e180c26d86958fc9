"""What a team leaves in PostgreSQL: rows and bytes of each thing that people do, and how many of them fit in a second.

Builds are scripted, as what they install leaves nothing in the database; their locks have 150 packages, as
environments for data science have them.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.store.tables import metadata
from tests.postgresql import PostgreSQL, postgresql_server
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, edit
from tests.service.scripted_runner import ScriptedRunner

TIMES = 100
WRITERS = 8
WRITE_SECONDS = 5.0
PACKAGES = 150
LETTERS = "abcdefghijklmnopqrstuvwxyz"
NAMES = [f"g{LETTERS[i // 26]}{LETTERS[i % 26]}" for i in range(TIMES)]

A_YEAR = {"create": 4, "save": 30, "build": 40, "submit and approve": 4, "activate and deactivate": 250}
"""What one person does in a year, generously: an environment a quarter, a build a week, an activation a working day."""


def main() -> None:
    with postgresql_server(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        url = server.create_database()
        runner = ScriptedRunner(waits=False)
        with deployment_in(Path(folder) / "root", "file:///scripted", runner=runner, database_url=url) as deployment:
            costs = {name: _cost(server, url, act) for name, act in _things(deployment).items()}
            rate = _writes_a_second(deployment)
    lock = _lock_bytes()
    total_rows = total_bytes = 0.0
    for name, (rows, size) in costs.items():
        size += lock if name == "build" else 0
        print(
            f"{name:24} {rows:5.1f} rows, {size:7,.0f} bytes"
            + (" (the lock of 150 packages included)" * (name == "build"))
        )
        total_rows += rows * A_YEAR[name]
        total_bytes += size * A_YEAR[name]
    print(f"a lock of {PACKAGES} packages: {lock:,} bytes")
    print(f"1,000 people, a year: {total_rows * 1000 / 1e6:.1f} million rows, {total_bytes * 1000 / 1e9:.1f} GB")
    print(f"{WRITERS} writers at once: {rate:.0f} transactions a second, each an activation")


def _things(deployment: Deployment) -> dict[str, Callable[[int], None]]:
    """Each of what people do, by its number; in this order each finds what it needs."""

    def save(i: int) -> None:
        edit(deployment, NAMES[i], f"package-{i}==1")

    def built(i: int) -> None:
        build(deployment, NAMES[i])

    def publish(i: int) -> None:
        review, _ = deployment.reviews.submit(ALICE, NAMES[i], "For everybody")
        deployment.reviews.approve(BOSS, review.id, review.digest, "Good")

    def activate(i: int) -> None:
        carol = Person(f"carol{i}")
        deployment.grants.activate(carol, NAMES[i], "server")
        deployment.grants.deactivate(carol, NAMES[i], "server")

    return {
        "create": lambda i: create(deployment, NAMES[i], "3.11", "pandas", "numpy"),
        "save": save,
        "build": built,
        "submit and approve": publish,
        "activate and deactivate": activate,
    }


def _cost(server: PostgreSQL, url: str, act: Callable[[int], None]) -> tuple[float, float]:
    """Rows and bytes that one of it adds."""
    before = _sizes(server, url)
    for i in range(TIMES):
        act(i)
    after = _sizes(server, url)
    return (after[0] - before[0]) / TIMES, (after[1] - before[1]) / TIMES


def _sizes(server: PostgreSQL, url: str) -> tuple[int, int]:
    """Rows of all tables, and their bytes with indexes, once what is dead has been cleared away."""
    name = url.rpartition("/")[2]
    server.execute("VACUUM", database=name)
    rows = size = 0
    for table in metadata.tables:
        (found,) = server.execute(f"SELECT count(*), pg_total_relation_size('{table}') FROM {table}", database=name)
        rows, size = rows + found[0], size + found[1]
    return rows, size


def _writes_a_second(deployment: Deployment) -> float:
    """Of people who activate at the same time: one transaction each, one after another."""
    ended = time.monotonic() + WRITE_SECONDS

    def write(number: int) -> int:
        done = 0
        while time.monotonic() < ended:
            deployment.grants.activate(Person(f"dave{number}"), NAMES[done % TIMES], "server")
            done += 1
        return done

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(write, range(WRITERS))) / WRITE_SECONDS


def _lock_bytes() -> int:
    """As `store.versions` keeps it."""
    packages = tuple(
        LockedPackage(
            "conda", f"package-{i}", f"1.{i}.0", f"py311h{_hash(i)[:7]}_0", "linux-64",
            f"https://channel.example/linux-64/package-{i}-1.{i}.0-py311h{_hash(i)[:7]}_0.conda", _hash(i),
            md5=_hash(-i)[:32], size=100_000 + i, channel="https://channel.example", license="BSD-3-Clause",
            depends=tuple(f"package-{j} >=1.{j}" for j in range(i, i + 6)),
        )
        for i in range(PACKAGES)
    )  # fmt: skip
    lock = Lock("linux-64", ("https://channel.example",), packages)
    return len(zlib.compress(json.dumps(lock.to_json()).encode()))


def _hash(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


if __name__ == "__main__":
    main()
