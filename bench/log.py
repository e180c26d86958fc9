"""The build log: 8,000 lines written and read; how long a line needs to a WebSocket client; nothing lost."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

import websocket

from jupyter_dataflow_envs.builds.log import BuildLog, Logs
from tests.channel.server import Server
from tests.live import LiveServer, live_server, wait_until

LINES = 8000
LINE = "x" * 109
STREAMED = 500
PACE = 0.02  # seconds between streamed lines


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        took = written_and_read(Path(folder))
    print(f"{LINES:,} lines of 110 bytes written and read: {took:.3f} s (target: under 0.5 s)")
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as channel:
        channel.hang("*")  # the build solves for as long as we like
        with live_server(Path(folder) / "root", channel.url) as server:
            delays, whole, cuts = streamed(server)
            channel.heal()
    delays.sort()
    print(
        f"a line reaches a WebSocket client within {statistics.median(delays) * 1000:.0f} ms (median), "
        f"{delays[int(len(delays) * 0.99)] * 1000:.0f} ms (p99 of {len(delays)}; target: 250 ms)"
    )
    print(f"a client that was cut off {cuts} times and went on at its offset has every byte once: {whole}")


def written_and_read(folder: Path) -> float:
    """Seconds; written line by line as a build does."""
    logs = Logs(folder, 64 * 1024 * 1024)
    began = time.perf_counter()
    log = logs.open("bench", 1, 1)
    for _ in range(LINES):
        log.write(LINE)
    log.close()
    offset, total = 0, 0
    while True:
        data, offset = logs.read("bench", 1, 1, offset)
        if not data:
            break
        total += len(data)
    took = time.perf_counter() - began
    assert total == LINES * 110
    return took


def streamed(server: LiveServer) -> tuple[list[float], bool, int]:
    """Delays in seconds, whether the client has the file's very bytes, and how often it was cut off."""
    with server.client() as client:
        client.create("bench", full_name="Bench", python_version="3.11", conda_requirements=["x"])
        client.build("bench")
        wait_until(lambda: client.environment("bench")["phase"] == "solving", "the build to begin")
        path = wait_until(lambda: next((server.root / "logs").glob("*/1.1.log"), None), "its log")
        wait_until(lambda: b"Solving" in path.read_bytes(), "the engine to say that it waits for the channel")
        listener = Listener(server, path.stat().st_size)
        log = BuildLog(path, 64 * 1024 * 1024)
        pace = threading.Event()
        listener.start()
        for _ in range(STREAMED):
            log.write(f"{time.time():.6f} {'ä' * 40}")
            pace.wait(PACE)
        wait_until(lambda: len(listener.delays) == STREAMED, "all lines to arrive")
        listener.stop.set()
        client.cancel("bench")
        listener.join()
        whole = path.read_bytes()[listener.base :].startswith(bytes(listener.received))
    return listener.delays, whole, listener.cuts


class Listener(threading.Thread):
    """A client whose connection is lost again and again."""

    def __init__(self, server: LiveServer, base: int) -> None:
        super().__init__(daemon=True)
        self.base = base
        self.received = bytearray()
        self.delays: list[float] = []
        self.cuts = -1
        self.stop = threading.Event()
        self._token = server.token
        self._url = server.url.replace("http", "ws", 1)

    def run(self) -> None:
        path = "dataflow-envs/environments/bench/versions/1/log/stream"
        while not self.stop.is_set():
            socket = websocket.create_connection(
                f"{self._url}{path}?offset={self.base + len(self.received)}",
                header=[f"Authorization: token {self._token}"],
            )
            self.cuts += 1
            for _ in range(random.randint(10, 50)):
                frame = json.loads(socket.recv())
                if "text" not in frame or self.stop.is_set():
                    break
                arrived = time.time()
                assert frame["offset"] == self.base + len(self.received)
                self.received += frame["text"].encode()
                self.delays += [arrived - float(line.split()[0]) for line in frame["text"].splitlines()]
            socket.close()


if __name__ == "__main__":
    main()
