"""A way to the real server on which connections break, after any byte."""

from __future__ import annotations

import random
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class CuttingProxy:
    """Passes connections on to `url`; the first `cuts` are reset after a random number of the server's bytes."""

    def __init__(self, url: str, *, cuts: int, shortest: int, longest: int, seed: int) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._target = (parts.hostname, parts.port)
        self._lengths = [random.Random(seed + n).randint(shortest, longest) for n in range(cuts)]
        self._planned = cuts
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    @property
    def cuts(self) -> int:
        """How many connections have been reset."""
        with self._lock:
            return self._planned - len(self._lengths)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._pass_on, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, near: socket.socket) -> None:
        with self._lock:
            left = self._lengths[0] if self._lengths else None
        with near, socket.create_connection(self._target) as far, selectors.DefaultSelector() as either:
            self._open |= {near, far}
            either.register(near, selectors.EVENT_READ, far)
            either.register(far, selectors.EVENT_READ, near)
            with suppress(OSError):
                while left is None or left > 0:
                    for key, _ in either.select():
                        source = key.fileobj
                        assert isinstance(source, socket.socket)
                        data = source.recv(65536 if source is near or left is None else left)
                        if not data:
                            return
                        key.data.sendall(data)
                        left = left - len(data) if source is far and left is not None else left
                with self._lock:
                    self._lengths.pop(0)
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, no goodbye
            self._open -= {near, far}


@contextmanager
def cutting_proxy(url: str, *, cuts: int, shortest: int, longest: int, seed: int) -> Iterator[CuttingProxy]:
    """One connection at a time is what it is for."""
    proxy = CuttingProxy(url, cuts=cuts, shortest=shortest, longest=longest, seed=seed)
    try:
        yield proxy
    finally:
        proxy.close()
