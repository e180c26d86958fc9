"""A real PostgreSQL server from the system's binaries, in a temporary folder, and databases on it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from jupyter_dataflow_envs.store.database import Database
from tests.live import free_port, wait_until

USER = "dataflow"

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


QUICK = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""Settings by which tests are faster, and which nobody should have otherwise."""


def binaries() -> Path:
    """The folder of `initdb` and `postgres`."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if not packaged:
        raise RuntimeError("The tests need PostgreSQL's programs: scripts/postgresql.sh installs them.")
    return packaged[-1].parent


class PostgreSQL:
    """One server on loopback. It can be stopped, killed and started again, on the same port with the same data."""

    process: subprocess.Popen[bytes]

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """`durable`: as people run it, with every commit on the disk before it is answered."""
        self._settings = {n: v for n, v in SETTINGS.items() if not (durable and n in QUICK)}
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self.port = free_port()
        self.password = secrets.token_hex(8)
        # PostgreSQL refuses to run as root; any other account will do.
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = _unprivileged()
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._template: str | None = None

    def create(self) -> None:
        """A fresh cluster, with texts sorted as a person's language has it: what is to be byte-wise must say so."""
        password = self._folder / "password"
        password.write_text(self.password)
        password.chmod(0o644)
        command = [binaries() / "initdb", "-D", self._data, "-U", USER, "--pwfile", password, "--no-sync", "-E", "UTF8"]
        locale = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--auth=scram-sha-256"]
        done = subprocess.run([*command, *locale], capture_output=True, text=True, check=False, **self._run)
        assert done.returncode == 0, done.stderr

    @property
    def _run(self) -> dict[str, Any]:
        return {"cwd": self._folder, "stdin": subprocess.DEVNULL, **self._account}

    def start(self) -> None:
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [binaries() / "postgres", "-D", self._data, "-p", str(self.port), *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._run,
            )
        wait_until(self._answers, "PostgreSQL", 30)

    def stop(self, how: int = signal.SIGINT) -> None:
        """By default its fast shutdown: connections are ended, as when an administrator restarts it."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)

    def url(self, name: str) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, *values: Any, database: str = "postgres") -> list[Any]:
        """As its administrator, outside of a transaction."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            done = connection.execute(statement.encode(), values or None)
            return done.fetchall() if done.description else []

    def create_database(self, *, prepared: bool = False) -> str:
        """The URL of a new one: empty, or with the schema of this release in it, as `ann` created it."""
        if prepared and self._template is None:
            self._template = self._make_template()
        name = f"test_{uuid.uuid4().hex}"
        template = self._template if prepared else "template0"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def end_connections(self, url: str) -> int:
        """End all connections to a database, as its administrator can; how many there were."""
        ended = self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", url.rpartition("/")[2]
        )
        return len(ended)

    def _make_template(self) -> str:
        url = self.create_database()
        database = Database(url)
        database.prepare(backups=self._folder, may_migrate=True, creator="ann")
        database.close()
        return url.rpartition("/")[2]

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"PostgreSQL ended:\n{self._log.read_text()[-2000:]}")
        try:
            return self.execute("SELECT 1") == [(1,)]
        except psycopg.OperationalError:
            return False


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is neither an account postgres nor nobody.")


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """A running one; nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="dataflow-postgresql-"))
    server = PostgreSQL(folder, durable=durable)
    try:
        server.create()
        server.start()
        yield server
    finally:
        if hasattr(server, "process"):
            server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)
