"""`GET /environments`, a page of 100, with 100 and with 10,000 environments of 5 versions: time and throughput."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.handlers.base import operating_system_user
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.root import Root
from jupyter_dataflow_envs.store.tables import attempts, environments, versions
from tests.live import LiveServer, live_server

VERSIONS = 5
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    for count in (100, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root")
            fill(root, count)
            with live_server(root.path, "conda-forge") as server:
                one = asyncio.run(alone(server))
                rate, median = asyncio.run(together(server, options.clients, options.seconds))
        print(
            f"{count:6,} environments: median {one * 1000:.1f} ms alone (target: under 15 ms); "
            f"{options.clients} clients: {rate:.0f} requests/s (target: over 100), median {median * 1000:.0f} ms"
        )


def fill(root: Root, count: int) -> None:
    """A deployment with that many environments: written as rows, as building them would take a day."""
    root.create()
    database = Database(f"sqlite:///{root.database}")
    database.prepare(backups=root.backups, may_migrate=True, creator=operating_system_user())
    spec = EnvironmentSpec("3.11", ("pandas>=2", "numpy", "scipy"), ("rich",))
    moment = to_text(now())
    names = [_name(i) for i in range(count)]
    with database.write() as connection:
        connection.execute(
            environments.insert(),
            [
                {
                    "id": f"{i:032x}", "short_name": name, "full_name": f"Environment {name}", "description": "",
                    "owner": operating_system_user() if i % 2 else f"user{i % 50}", "spec": spec.to_json(),
                    "spec_digest": spec.digest, "revision": 1, "created_at": moment, "updated_at": moment,
                    "latest_version": VERSIONS, "latest_success": VERSIONS,
                }
                for i, name in enumerate(names)
            ],
        )  # fmt: skip
        places = [(f"{i:032x}", number) for i in range(count) for number in range(1, VERSIONS + 1)]
        connection.execute(
            versions.insert(),
            [
                {
                    "environment_id": i, "number": n, "attempt": 1, "spec": spec.to_json(), "spec_digest": spec.digest,
                    "pin_installed": False, "created_by": "bench", "created_at": moment,
                }
                for i, n in places
            ],
        )  # fmt: skip
        connection.execute(
            attempts.insert(),
            [
                {
                    "environment_id": i, "number": n, "attempt": 1, "outcome": "succeeded", "from_scratch": False,
                    "interruptions": 0, "steps": [], "queued_at": moment, "started_at": moment, "finished_at": moment,
                    "duration": 1.0,
                }
                for i, n in places
            ],
        )  # fmt: skip
    database.close()


async def alone(server: LiveServer) -> float:
    """Median seconds of one request after another, of different pages."""
    async with _client(server) as client:
        times, cursor = [], None
        for _ in range(100):
            began = time.perf_counter()
            answer = await client.get("environments", params={"limit": 100, **({"cursor": cursor} if cursor else {})})
            times.append(time.perf_counter() - began)
            cursor = answer.raise_for_status().json()["next"]
        return statistics.median(times)


async def together(server: LiveServer, clients: int, seconds: float) -> tuple[float, float]:
    """Requests a second of so many clients at once, and their median seconds.

    Plain connections that are kept open: a full HTTP client needs as much of the two cores as the server does.
    """
    times: list[float] = []
    end = time.perf_counter() + seconds
    request = (
        f"GET /dataflow-envs/environments?limit=100 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: token {server.token}\r\n\r\n"
    ).encode()

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 22)
        while (began := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(int(length.split(b":")[1]))
            assert body.startswith(b'{"items":[{')
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(clients)))
    return len(times) / seconds, statistics.median(times)


def _client(server: LiveServer) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{server.url}dataflow-envs/", headers={"Authorization": f"token {server.token}"}, timeout=60
    )


def _name(i: int) -> str:
    """Different short names of four letters and a digit."""
    letters = "".join(LETTERS[i // 26**place % 26] for place in range(4))
    return letters + str(i % 10)


if __name__ == "__main__":
    main()
