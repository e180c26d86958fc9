"""The demo's own Jupyter: folders below `.demo`, so that nothing of the person's is touched."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.builds.runner import LocalRunner
from jupyter_dataflow_envs.domain.errors import DataflowError
from jupyter_dataflow_envs.engine.protocol import Answer, Caches, Job, Message, Mode, Sources

PROJECT = Path(__file__).resolve().parent.parent
REACH_SECONDS = 20.0
START_SECONDS = 60.0


class _Unheard:
    def started(self, process: dict[str, Any]) -> None: ...

    def heard(self, message: Message) -> Answer | None:
        return None

    def printed(self, text: str) -> None: ...


@dataclass(frozen=True)
class Site:
    """Where the demo's Jupyter keeps its things."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """For every process of the demo."""
        own = {f"JUPYTER_{name}_DIR": str(self.folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        return {**os.environ, **own, "IPYTHONDIR": str(self.folder / "ipython")}

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    def choose_channel(self) -> str:
        """`conda-forge` when it can be reached, else a channel made here from this machine's Python and PyPI."""
        if _reaches("conda-forge", self.folder):
            return "conda-forge"
        made = subprocess.run(
            [sys.executable, "-m", "tests.channel", "--small"],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return Path(made.stdout.strip()).as_uri()

    def configure(self, channel: str) -> None:
        """What a person would write into their Jupyter configuration."""
        for folder in ("config", "data", "runtime", "ipython", "notebooks"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        settings = {"DataflowEnvsApp": {"channels": [channel], "root_dir": str(self.folder / "root")}}
        (self.folder / "config" / "jupyter_server_config.json").write_text(json.dumps(settings, indent=2))

    @contextmanager
    def server(self) -> Iterator[Client]:
        """A Jupyter server on loopback, for as long as the block runs."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        token = secrets.token_hex(16)
        with (self.folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server", *server_options(self, port)],
                env={**self.env, "JUPYTER_TOKEN": token},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            with Client(f"http://127.0.0.1:{port}/", token) as client:
                self._wait_until_up(client, process)
                yield client
        finally:
            process.terminate()
            process.wait(30)

    def _wait_until_up(self, client: Client, process: subprocess.Popen[bytes]) -> None:
        pause = threading.Event()
        for _ in range(int(START_SECONDS / 0.1)):
            if process.poll() is not None:
                break
            try:
                if client.health()["status"] == "up":
                    return
            except DataflowError:
                pass  # not yet
            pause.wait(0.1)
        raise SystemExit(f"The Jupyter server did not come up; its log is {self.folder / 'server.log'}")


def server_options(site: Site, port: int) -> Sequence[str]:
    """Loopback only; allowed as root, for containers."""
    return (
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
        f"--ServerApp.root_dir={site.notebooks}",
    )


def _reaches(channel: str, folder: Path) -> bool:
    """Asks the engine itself for the channel's Pythons: what a build would do."""
    folder.mkdir(parents=True, exist_ok=True)
    caches = Caches(*(str(folder / "root" / "cache" / name) for name in ("packages", "repodata", "uv", "bytecode")))
    job = Job(mode=Mode.VERSIONS, caches=caches, sources=Sources((channel,)), manager="conda", name="python")
    stop = threading.Event()
    timer = threading.Timer(REACH_SECONDS, stop.set)
    timer.start()
    try:
        last = LocalRunner(folder).run(job, _Unheard(), stop)
    finally:
        timer.cancel()
    return last is not None and last["type"] == "result" and bool(last["values"])
