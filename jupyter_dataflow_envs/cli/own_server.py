"""A Jupyter server for one command, where none runs: on loopback, with this extension alone."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..client.servers import Address
from ..domain.errors import Unavailable

START_SECONDS = 60.0
STOP_SECONDS = 15.0
IDLE_SECONDS = 300
"""After so long without a request the server ends by itself: whoever started it was killed."""


class OwnServer:
    """Start it, talk to its address, stop it. What it builds ends with it."""

    def __init__(self) -> None:
        # Its runtime folder is its own, so that nobody else finds it and begins something that dies with it.
        self._folder = tempfile.TemporaryDirectory(prefix="dataflow-envs-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _log(self) -> Path:
        return Path(self._folder.name) / "server.log"

    def start(self) -> Address:
        """Return when the extension is up, or says that it is disabled. Raises Unavailable when it does not come up."""
        token = secrets.token_hex(24)
        runtime = Path(self._folder.name) / "runtime"
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("JUPYTERHUB_", "JPY_"))},
            "JUPYTER_TOKEN": token,
            "JUPYTER_RUNTIME_DIR": str(runtime),
        }
        # Otherwise a killed command would leave it behind until it has been idle for long.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server", *_arguments()],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            return self._wait(runtime / f"jpserver-{self._process.pid}.json", token)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, and with it what it was building."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                self._process.kill()
                self._process.wait()
        self._process = None
        self._folder.cleanup()

    def _wait(self, runtime_file: Path, token: str) -> Address:
        from ..client.servers import health_of

        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                raise Unavailable(f"No Jupyter server could be started:\n{self._last_lines()}")
            with contextlib.suppress(OSError, ValueError, KeyError):
                address = Address(json.loads(runtime_file.read_text())["url"], token)
                health = health_of(address)
                if health in ("up", "disabled"):
                    return address
                if health == "absent":
                    break
            time.sleep(0.05)
        raise Unavailable(
            "A Jupyter server was started, and jupyter-dataflow-envs did not come up in it (`doctor` "
            f"looks for the cause):\n{self._last_lines()}"
        )

    def _last_lines(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join([line for line in lines if not line.startswith(("[I ", "[D "))][-15:])


def _arguments() -> list[str]:
    """Settings on the command line stand above the person's configuration, which says where the deployment is."""
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    known = ExtensionConfigManager(read_config_path=jupyter_config_path())
    enabled: dict[str, bool] = known.get_jpserver_extensions()  # type: ignore[no-untyped-call]
    extensions = {**dict.fromkeys(enabled, False), "jupyter_dataflow_envs": True}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "ip": "127.0.0.1",
        "port": port,
        "port_retries": 50,
        "sock": "",
        "base_url": "/",
        "certfile": "",
        "keyfile": "",
        "open_browser": False,
        "allow_root": True,
        "jpserver_extensions": extensions,
        "shutdown_no_activity_timeout": IDLE_SECONDS,
        "identity_provider_class": "jupyter_server.auth.identity.PasswordIdentityProvider",
    }
    return [f"--ServerApp.{name}={value}" for name, value in settings.items()]
