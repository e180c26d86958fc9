"""A whole team on this machine: a hub, people's servers under accounts of their own, the service, PostgreSQL, Dask.

`python -m tests.team.site` starts one, prints a line of JSON that says where it is, and ends it when its input closes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.builds.dask_cluster import DaskCluster, dask_cluster
from tests.channel.cache import cached_channel
from tests.handlers.rest import Rest
from tests.hub.hub import REPOSITORY, Hub
from tests.live import free_port, wait_until
from tests.postgresql import PostgreSQL, postgresql_server

from .accounts import Account, accounts, reaching

NAME = "environments"
"""The service's, as `hub.add_service` names it by itself."""

CONFIG = """
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.args = []
c.Spawner.default_url = "/lab"
c.Spawner.poll_interval = 2
c.Spawner.notebook_dir = "~"
c.JupyterHub.load_groups = {{"environment-administrators": {{"users": [{boss!r}]}}}}
load_subconfig({example!r})
"""


@dataclass
class Site:
    """Everything runs. `people`: alice and bob, who are nobody in particular, and boss, an administrator."""

    hub: Hub
    people: dict[str, Account]
    builder: Account
    postgresql: PostgreSQL
    database_url: str
    dask: DaskCluster
    root: Path
    service_url: str
    """As hub and people's servers reach it, not through the proxy."""

    def name(self, who: str) -> str:
        """The whole name."""
        return self.people[who].name

    def token(self, who: str, *more: str) -> str:
        """Of a person, for the service and for their server; `more` are further scopes."""
        name = self.name(who)
        return self.hub.token_of(name, [f"access:services!service={NAME}", f"access:servers!user={name}", *more])

    def service(self, who: str, *more: str) -> Rest:
        """The service, asked by that person directly."""
        return Rest(self.service_url, self.token(who, *more))

    def decider(self) -> Rest:
        """The service, asked by the administrator with the right to decide."""
        return self.service("boss", "custom:dataflow-envs:decide")

    def start_server(self, who: str) -> Rest:
        """That person's Jupyter server."""
        url = self.hub.start_server(self.name(who))
        return Rest(url, self.hub.token_of(self.name(who)))

    def service_process(self) -> psutil.Process:
        """The one that the hub started."""
        mine = f"--config={_example('service.py')}"
        for process in psutil.process_iter(["cmdline"]):
            started = mine in (process.info["cmdline"] or [])
            if started and process.environ().get("DATAFLOW_ENVS_ROOT") == str(self.root):
                return process
        raise AssertionError(f"the service does not run:\n{self.hub.log[-4000:]}")

    def told(self) -> dict[str, object]:
        """Where it is, for who has started it from outside."""
        return {
            "hub": self.hub.url,
            "people": {who: account.name for who, account in self.people.items()},
            "token": self.hub.token,
            "service": self.service_url,
        }

    def wait_ready(self) -> None:
        """Until the service can be used."""

        def answers() -> bool:
            try:
                return httpx.get(f"{self.service_url}ready", trust_env=False).status_code == 200
            except httpx.HTTPError:
                return False

        try:
            wait_until(answers, "the service", interval=0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.hub.log[-4000:]}") from None


@contextmanager
def team_site(config: str = "", channel: str | None = None, *, durable: bool = False) -> Iterator[Site]:
    """Of this machine's own programs, in a folder that is removed.

    `config` goes below the hub's; `channel` is another one than that which all tests share. `durable`: with a
    database that writes each commit to the disk.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="dataflow-team-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        people = folder / "people"
        people.mkdir()
        made = stack.enter_context(accounts(people, "alice", "bob", "boss", "builder"))
        builder = made.pop("builder")
        postgresql = stack.enter_context(postgresql_server(durable=durable))
        database_url = postgresql.create_database()
        workers = folder / "dask"
        workers.mkdir()
        os.chown(workers, builder.uid, builder.gid)
        certificate, key = _certificate(workers, builder)
        files = ("--tls-ca-file", str(certificate), "--tls-cert", str(certificate), "--tls-key", str(key))
        dask = stack.enter_context(dask_cluster(workers, *files))
        dask.command = builder.command()
        dask.whole()
        port, root = free_port(), folder / "environments"
        settings = {
            "DATAFLOW_ENVS_URL": f"http://127.0.0.1:{port}",
            "DATAFLOW_ENVS_CONFIG": _example("service.py"),
            "DATAFLOW_ENVS_ROOT": str(root),
            "DATAFLOW_ENVS_DATABASE_URL": database_url,
            "DATAFLOW_ENVS_BUILD_ACCOUNT": builder.name,
            "DATAFLOW_ENVS_CHANNELS": channel or cached_channel().as_uri(),
            "DATAFLOW_ENVS_DASK_SCHEDULER": dask.address,
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(certificate),
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(certificate),
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": str(key),
        }
        whole = CONFIG.format(boss=made["boss"].name, example=_example("dataflow_envs.py")) + config
        (folder / "hub").mkdir(mode=0o700)
        hub = Hub(folder / "hub", whole, admins=[made["boss"].name], command=reaching(), env=settings)
        site = Site(
            hub, made, builder, postgresql, database_url, dask, root, f"http://127.0.0.1:{port}/services/{NAME}/"
        )
        stack.enter_context(hub)
        for who in ("alice", "bob"):  # administrators are there from the start
            hub.add_user(made[who].name)
        site.wait_ready()
        yield site


def _certificate(folder: Path, account: Account) -> tuple[Path, Path]:
    """A certificate and its key, which only that account and root can read."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=dask", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    os.chown(key, account.uid, account.gid)
    return certificate, key


def _example(name: str) -> str:
    return str(REPOSITORY / "deploy" / "jupyterhub" / name)


def main() -> None:
    with team_site() as site:
        print(json.dumps(site.told()), flush=True)  # noqa: T201  # what who started it reads
        sys.stdin.read()


if __name__ == "__main__":
    main()
