"""The people of `bench.team`, in a process of their own: an event socket each, and requests at a fixed rate.

Requests are sent when they are due, whether the last ones were answered or not: a slow service does not get fewer.
Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from base64 import b64encode
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

READS = (
    ("environments?limit=50", 0.40),
    ("environments/{name}", 0.30),
    ("environments/{name}/versions", 0.15),
    ("me", 0.10),
    ("reviews", 0.05),
)
WRITES = 0.05
"""Share of requests that save something."""

SECONDS_TO_ANSWER = 30.0
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class People:
    def __init__(self, url: str, tokens: list[str], names: list[str]) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.base = parts.hostname, parts.port, f"{parts.path}dataflow-envs/"
        self.tokens = tokens
        self.names = names
        self.reads: list[float] = []
        self.writes: list[float] = []
        self.faults: Counter[str] = Counter()
        self.frames = 0
        self.open_sockets = 0
        self.made = 0
        self.all_listen = asyncio.Event()

    async def listen(self, token: str) -> None:
        """An event socket for the whole time; answers pings, counts frames."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        key = b64encode(os.urandom(16)).decode()
        upgrade = (
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        )
        writer.write(self._head("GET", "events", token) + upgrade.encode() + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"an event socket was refused: {head.decode()}")
        self.open_sockets += 1
        if self.open_sockets == len(self.tokens):
            self.all_listen.set()
        while True:
            first, second = await reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
            payload = await reader.readexactly(length)
            kind = first & 0x0F
            if kind == 8:
                self.faults["socket closed"] += 1
                self.open_sockets -= 1
                return
            if kind == 9:  # a ping; a client's frames are masked
                writer.write(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
            else:
                self.frames += 1

    async def ask(self) -> None:
        token = random.choice(self.tokens)
        if random.random() < WRITES:
            await self._timed(self.writes, "POST", "environments", token, self._new())
        else:
            path = random.choices([p for p, _ in READS], [w for _, w in READS])[0]
            await self._timed(self.reads, "GET", path.format(name=random.choice(self.names)), token)

    async def _timed(self, times: list[float], method: str, path: str, token: str, body: bytes = b"") -> None:
        began = time.perf_counter()
        try:
            status = await asyncio.wait_for(self._answered(method, path, token, body), SECONDS_TO_ANSWER)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            self.faults[f"{method} {type(error).__name__}"] += 1
            return
        times.append(time.perf_counter() - began)
        if status not in (200, 201):
            self.faults[f"{method} {path.partition('?')[0].partition('/')[0]} {status}"] += 1

    async def _answered(self, method: str, path: str, token: str, body: bytes) -> int:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            more = f"Connection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(self._head(method, path, token) + more.encode() + body)
            answer = await reader.read(-1)
        finally:
            writer.close()
        return int(answer.split(b" ", 2)[1])

    def _head(self, method: str, path: str, token: str) -> bytes:
        return f"{method} {self.base}{path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: token {token}\r\n".encode()

    def _new(self) -> bytes:
        """Names of five letters, one after the other: `zaaaa`, `zaaab`, …"""
        number, name = self.made, ""
        self.made += 1
        for _ in range(4):
            number, letter = divmod(number, 26)
            name = LETTERS[letter] + name
        return json.dumps({"short_name": f"z{name}", "full_name": "One of many", "python_version": "3.11"}).encode()


async def run(people: People, rate: float, seconds: float) -> None:
    listening = [asyncio.create_task(people.listen(token)) for token in people.tokens]
    await asyncio.wait_for(people.all_listen.wait(), 60)
    print(json.dumps({"sockets": people.open_sockets}), flush=True)
    asked, began = set(), time.perf_counter()
    number = 0
    while time.perf_counter() - began < seconds:
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        task = asyncio.create_task(people.ask())
        asked.add(task)
        task.add_done_callback(asked.discard)
        number += 1
    await asyncio.gather(*asked)
    took = time.perf_counter() - began
    for task in listening:
        task.cancel()
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            await task
    print(
        json.dumps(
            {
                "reads": people.reads,
                "writes": people.writes,
                "faults": people.faults,
                "frames": people.frames,
                "sockets": people.open_sockets,
                "seconds": took,
            }
        )
    )


if __name__ == "__main__":
    url, tokens, names, rate, seconds = sys.argv[1:]
    asyncio.run(run(People(url, Path(tokens).read_text().split(), names.split(",")), float(rate), float(seconds)))
