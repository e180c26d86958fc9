"""From a commit to the frame at a WebSocket client, and what idle sockets cost: `python -m bench.events`."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.store import events
from jupyter_dataflow_envs.store.database import Database
from tests.handlers.identities import TOKENS
from tests.live import LiveServer, live_server

RATE = 50
SOCKETS = 200
REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        home, root = Path(folder) / "home", Path(folder) / "root"
        (home / "config").mkdir(parents=True)
        login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
        (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
        env = {"PYTHONPATH": str(REPOSITORY)}
        with live_server(root, "conda-forge", config={"admins": ["boss"]}, home=home, env=env) as server:
            writer = Writer(server, seconds)
            delays = sorted(asyncio.run(listened(server, writer)))
            print(
                f"a committed event reaches a WebSocket client within {statistics.median(delays) * 1000:.0f} ms "
                f"(median), {delays[int(len(delays) * 0.99)] * 1000:.0f} ms (p99 of {len(delays)})"
            )
            print(f"the server's CPU while another process writes {RATE} events/s, in percent of one core:")
            for title, sockets, person in (
                ("no sockets", 0, "carol"),
                (f"{SOCKETS} sockets of people whom none of it concerns", SOCKETS, "carol"),
                (f"{SOCKETS} sockets of administrators, who hear all of it", SOCKETS, "boss"),
            ):
                print(f"  {title}: {asyncio.run(loaded(server, writer, sockets, person)):.1f} %")


class Writer:
    """Another process of the deployment."""

    def __init__(self, server: LiveServer, seconds: float) -> None:
        self.server = server
        self.seconds = seconds
        self.committed: dict[int, float] = {}

    def run(self) -> None:
        """Commits events at an even pace."""
        database = Database(f"sqlite:///{self.server.root}/dataflow-envs.sqlite")
        pace = threading.Event()
        begin = time.monotonic()
        for n in range(int(self.seconds * RATE)):
            pace.wait(max(0.0, begin + n / RATE - time.monotonic()))
            with database.write() as connection:
                events.record(connection, EventKind.EDITED, "dan", short_name="bench", version=1, reason="x" * 40)
                seq = events.last(connection)
            self.committed[seq] = time.time()
        database.close()


async def listened(server: LiveServer, writer: Writer) -> list[float]:
    """Seconds from each commit to its frame."""
    arrived: dict[int, float] = {}
    socket = await websocket_connect(request(server, "boss"))
    writing = asyncio.create_task(asyncio.to_thread(writer.run))
    while len(arrived) < int(writer.seconds * RATE):
        frame = json.loads(str(await socket.read_message()))
        if frame["type"] == "event":
            arrived[frame["seq"]] = time.time()
    await writing
    socket.close()
    return [max(0.0, arrived[seq] - committed) for seq, committed in writer.committed.items()]


async def loaded(server: LiveServer, writer: Writer, sockets: int, person: str) -> float:
    """The server's CPU seconds a second, times 100."""
    async with AsyncExitStack() as stack:
        for _ in range(sockets):
            socket = await websocket_connect(request(server, person))
            stack.callback(socket.close)
            reading = asyncio.create_task(drained(socket))
            stack.callback(reading.cancel)
        process = psutil.Process(server.process.pid)
        before, began = process.cpu_times(), time.monotonic()
        await asyncio.to_thread(writer.run)
        after, took = process.cpu_times(), time.monotonic() - began
    return 100 * (after.user + after.system - before.user - before.system) / took


async def drained(socket: WebSocketClientConnection) -> None:
    """Reads what comes."""
    while await socket.read_message() is not None:
        pass


def request(server: LiveServer, person: str) -> HTTPRequest:
    token = next(token for token, name in TOKENS.items() if name == person)
    url = f"ws{server.url.removeprefix('http')}dataflow-envs/events"
    return HTTPRequest(url, headers={"Authorization": f"token {token}"})


if __name__ == "__main__":
    main()
