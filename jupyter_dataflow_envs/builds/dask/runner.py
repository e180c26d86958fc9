"""Runs builds on Dask's workers."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...engine.protocol import Job, Message
from ..runner import Listener, Runner
from .cluster import Cluster
from .conversation import Conversation, Patience
from .exchange import TOKEN_FILE, Claim


class DaskRunner(Runner):
    """`root`: the deployment's folder, the same path on workers; `image_url`: where its images are, if it has any.

    Raises Unavailable for an address without TLS.
    """

    interruptions = 2

    def __init__(
        self,
        root: Path,
        address: str,
        max_log_bytes: int,
        image_url: Callable[[], str | None] = lambda: None,
        patience: Patience | None = None,
    ) -> None:
        self._root = root
        self._max_log_bytes = max_log_bytes
        self._image_url = image_url
        self._patience = patience or Patience()
        self._cluster = Cluster(address)
        self._cluster.client()  # so that the first build need not wait for the connection

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        """Blocks, waiting for a worker included, until the build has ended there or `stop` is set."""
        run = uuid.uuid4().hex
        # Before anything is sent: a service that dies from here on leaves behind whom to end.
        listener.started({"dask": self._cluster.address, "run": run})
        claim = Claim(job.to_line(), str(self._root), self._max_log_bytes, self._token(), self._image_url())
        return Conversation(self._cluster, self._patience, run, claim, listener, stop).hold()

    def _token(self) -> str:
        """By which a worker finds out that it sees this folder; the same for all services of a deployment."""
        path = self._root / TOKEN_FILE
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o644))
            path.write_text(uuid.uuid4().hex)
        return path.read_text()

    def end_leftover(self, process: Mapping[str, Any]) -> None:
        """Does not wait for it: without a scheduler the worker ends it by itself, as it hears of nobody."""
        if "dask" in process:
            self._cluster.end_run(process["run"], self._patience.lost_seconds)
        else:
            super().end_leftover(process)

    def close(self) -> None:
        self._cluster.close()
