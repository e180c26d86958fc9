"""The service of a team in a process of its own, and servers of people who use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.handlers.identities import TOKENS
from tests.handlers.rest import Rest
from tests.live import ELSEWHERE, READY, LiveServer, free_port, live_server, wait_until

REPOSITORY = Path(__file__).resolve().parents[1]
BASE = "/services/environments/"


class LiveService:
    """`jupyter dataflow-envs serve`, to be killed and started again as often as a test likes."""

    process: subprocess.Popen[bytes]

    def __init__(self, home: Path, root: Path, traits: Mapping[str, Any]) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{BASE}"
        self.log_path = home / "service.log"
        self._home = home
        (home / "config").mkdir(parents=True, exist_ok=True)
        config = {
            "port": self.port,
            "base_url": BASE,
            "root_dir": str(root),
            "trust_builds": True,
            "identity_provider_class": "tests.handlers.identities.TokenUsers",
            **traits,
        }
        file = home / "config" / "jupyter_dataflow_envs_service_config.json"
        file.write_text(json.dumps({"DataflowEnvsService": config}))

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self) -> LiveService:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ELSEWHERE)}
        folders = {"HOME": str(self._home), "JUPYTER_CONFIG_DIR": str(self._home / "config")}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_dataflow_envs.serve"],
                env={**kept, **folders, "JUPYTER_PLATFORM_DIRS": "1", "PYTHONPATH": str(REPOSITORY)},
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        nobody = Rest(self.url, None)

        def up() -> bool:
            assert self.process.poll() is None, self.log[-4000:]
            try:
                return bool(nobody.get("/health").json["status"] == "up")
            except OSError:
                return False

        wait_until(up, "the service", READY)
        return self

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def person(self, name: str) -> Rest:
        """Their requests to the service itself, as their own server or a page of the service would send them."""
        return Rest(self.url, token_of(name))


def token_of(name: str) -> str:
    return next(token for token, who in TOKENS.items() if who == name)


@contextmanager
def live_service(root: Path, channel_url: str, **traits: Any) -> Iterator[LiveService]:
    """Of several people; boss is its administrator."""
    with tempfile.TemporaryDirectory(prefix="dataflow-service-", ignore_cleanup_errors=True) as home:
        service = LiveService(Path(home), root, {"channels": [channel_url], "admins": ["boss"], **traits})
        service.start()
        try:
            yield service
        finally:
            try:
                service.stop()
            finally:
                if service.process.poll() is None:
                    service.kill()


WITHOUT_A_DATABASE = """\
import sys

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name in ("alembic", "psycopg", "sqlalchemy", "jupyter_dataflow_envs.store"):
            raise ImportError(f"{name} has no business in a person's server")

sys.meta_path.insert(0, Nowhere())
"""
"""Runs as a person's server begins: what reaches a database fails there."""


@contextmanager
def persons_server(
    service: LiveService, name: str, folder: Path, *, env: Mapping[str, str] | None = None, **more: Any
) -> Iterator[LiveServer]:
    """The notebook server of one of them; nothing that reaches a database can be imported in it."""
    config = {"service_url": service.url.rstrip("/"), **more}
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "sitecustomize.py").write_text(WITHOUT_A_DATABASE)
    with live_server(
        folder / "home-root",
        "conda-forge",
        config=config,
        home=folder,
        env={
            "DATAFLOW_ENVS_SERVICE_TOKEN": token_of(name),
            "PYTHONPATH": f"{site}{os.pathsep}{REPOSITORY}",
            **(env or {}),
        },
    ) as server:
        yield server
