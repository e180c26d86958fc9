"""Real Jupyter servers with the extension, in processes of their own: to talk to, to stop and to kill."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from jupyter_dataflow_envs import Client

READY = 60.0
"""Seconds a server may need until it answers, on a busy machine."""

OTHER_EXTENSIONS = (
    "jupyterlab",
    "jupyter_lsp",
    "jupyter_scheduler",
    "jupyter_server_terminals",
    "notebook_shim",
    "nbclassic",
    "voila.server_extension",
)
"""Left out, so that a server is up in a second."""

SERVER = """\
import sys

sys.modules["rfc3987_syntax"] = None  # jsonschema does without; its making takes half of a server's start

from jupyter_server.serverapp import main

main()
"""

ELSEWHERE = ("JUPYTER", "JPY_", "CONDA", "MAMBA", "PYENV", "UV_", "VIRTUAL_ENV", "WORKON_HOME", "XDG_")
"""Begins the names of variables that say where things are on the machine that runs the tests."""

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], what: str, timeout: float = READY, interval: float = 0.02) -> T:
    """The first true value of `condition`; AssertionError, naming `what`, when none comes within `timeout` s."""
    end = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout:.0f} s in vain for {what}")
        time.sleep(interval)


def rows_in(database_url: str, sql: str, **values: Any) -> list[dict[str, Any]]:
    """What a deployment's database holds, past its servers."""
    from sqlalchemy import NullPool, create_engine, text

    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(sql), values).mappings()]


class LiveServer:
    """One Jupyter server on loopback. `process` is the server itself: its build children are its own business.

    It can be killed and started again, on the same port, root, folders and token, as often as a test likes.
    """

    process: subprocess.Popen[bytes]

    def __init__(
        self,
        root: Path,
        home: Path,
        config: Mapping[str, Any],
        port: int,
        env: Mapping[str, str],
        extensions: Collection[str] = (),
    ) -> None:
        self.root = root
        self.home = home
        self.port = port
        self.database_url: str = config.get("database_url") or f"sqlite:///{root}/dataflow-envs.sqlite"
        self.token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{port}/"
        self.log_path = home / "server.log"
        self._env = self._environment(env)
        self._write_config(config, {"jupyter_dataflow_envs", *extensions})

    @property
    def data_dir(self) -> Path:
        """Where kernelspecs are written: `kernels/` in it."""
        return self.home / "data"

    @property
    def person_dir(self) -> Path:
        """The server's HOME, in which it looks for Local environments."""
        return self.home / "person"

    @property
    def runtime_dir(self) -> Path:
        return self.home / "runtime"

    @property
    def env(self) -> dict[str, str]:
        """The environment of the server's process: with it, other programs find this server and its kernels."""
        return dict(self._env)

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self, *, ready: bool = True, timeout: float = READY) -> LiveServer:
        """Start it; with `ready`, return when the extension is up (or says that it is disabled)."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER],
                env=self._env,
                cwd=self.home / "work",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if ready:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout: float = READY) -> dict[str, Any]:
        """The answer of /health, once it is no longer `starting`."""

        def answered() -> dict[str, Any] | None:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log[-4000:]}")
            health = self.health()
            return health if health and health["status"] != "starting" else None

        try:
            return wait_until(answered, "the server", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-4000:]}") from None

    def health(self) -> dict[str, Any] | None:
        """What /health says now; None while nothing answers."""
        try:
            with urllib.request.urlopen(f"{self.url}dataflow-envs/health", timeout=5) as answer:
                body: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 503:
                    raise AssertionError(f"/health answers {error.code}:\n{self.log[-4000:]}") from None
                body = json.load(error)
        except (OSError, ValueError):
            return None
        return body

    def client(self) -> Client:
        """A new client of this server; close it, or use it as a context manager."""
        from jupyter_dataflow_envs import Client

        return Client(self.url, self.token)

    def kill(self) -> None:
        """As a power cut would: SIGKILL to the server alone."""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout: float = 20.0) -> None:
        """As its administrator would: SIGTERM, and wait until it has gone. Nothing happens when it has already."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {timeout:.0f} s:\n{self.log[-4000:]}") from None

    def restart(self, *, ready: bool = True) -> LiveServer:
        """Stop it if it runs, and start it again."""
        self.stop()
        return self.start(ready=ready)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        # Variables of a Jupyter, or of an environment, that runs the tests would lead the server elsewhere.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ELSEWHERE)}
        folders = {
            "HOME": str(self.person_dir),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.data_dir),
            "JUPYTER_RUNTIME_DIR": str(self.runtime_dir),
            "IPYTHONDIR": str(self.home / "ipython"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "JUPYTER_TOKEN": self.token,
        }
        return {**kept, **folders, **more}

    def _write_config(self, traits: Mapping[str, Any], extensions: Collection[str]) -> None:
        for folder in ("config", "data", "runtime", "work", "person"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        server = {
            "ip": "127.0.0.1",
            "port": self.port,
            "port_retries": 0,
            "open_browser": False,
            "allow_root": True,
            "root_dir": str(self.home / "work"),
            "allow_unauthenticated_access": False,
            "jpserver_extensions": {**dict.fromkeys(OTHER_EXTENSIONS, False), **dict.fromkeys(extensions, True)},
        }
        config = {"ServerApp": server, "DataflowEnvsApp": {"root_dir": str(self.root), **traits}}
        (self.home / "config" / "jupyter_server_config.json").write_text(json.dumps(config, indent=1))


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def live_server(
    root: Path,
    channel_url: str,
    *,
    config: Mapping[str, Any] | None = None,
    port: int | None = None,
    home: Path | None = None,
    env: Mapping[str, str] | None = None,
    extensions: Collection[str] = (),
    ready: bool = True,
) -> Iterator[LiveServer]:
    """A running server of the deployment in `root` that builds from `channel_url`.

    `config` holds further traits of `DataflowEnvsApp`; `home` is where its Jupyter folders and its log are (default:
    a temporary folder of its own, so that two servers of one root are two people's); `env` adds to its environment, and
    `extensions` are loaded beside ours.
    """
    traits = {"channels": [channel_url], **(config or {})}
    with tempfile.TemporaryDirectory(prefix="dataflow-live-", ignore_cleanup_errors=True) as temporary:
        server = LiveServer(root, home or Path(temporary), traits, port or free_port(), env or {}, extensions)
        server.start(ready=False)
        try:
            if ready:
                server.wait_ready()
            yield server
        finally:
            try:
                server.stop()
            finally:
                if server.process.poll() is None:
                    server.kill()
