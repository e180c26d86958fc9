"""Deployments opened in this process, as a server opens them; builds are real ones from the test channel."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from jupyter_dataflow_envs.builds.runner import Runner
from jupyter_dataflow_envs.builds.workshop import BuildSettings
from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.version import Version
from jupyter_dataflow_envs.local.environments import LocalSettings
from jupyter_dataflow_envs.local.finding.places import Surroundings
from jupyter_dataflow_envs.service.deployment import Deployment, DeploymentSettings
from tests.live import wait_until
from tests.postgresql import PostgreSQL

ALICE = Person("alice")
BOSS = Person("boss", is_admin=True)

LOG = logging.getLogger("tests.service")

_servers: list[PostgreSQL] = []
_urls: dict[Path, str] = {}
"""Of roots whose databases are PostgreSQL's."""


@contextmanager
def on_postgresql(server: PostgreSQL) -> Iterator[None]:
    """Deployments opened meanwhile have their databases there: each root its own, however often it is opened."""
    _servers.append(server)
    try:
        yield
    finally:
        _servers.remove(server)
        for root in list(_urls):
            server.drop_database(_urls.pop(root))


def url_of(root: Path) -> str:
    """Of the deployment's database."""
    if not _servers:
        return f"sqlite:///{root}/dataflow-envs.sqlite"
    if root not in _urls:
        _urls[root] = _servers[-1].create_database()
    return _urls[root]


def forget(root: Path) -> None:
    """It is not opened again: nothing of its database need be kept."""
    if root in _urls:
        _servers[-1].drop_database(_urls.pop(root))


@contextmanager
def deployment_in(
    root: Path,
    channel: str,
    *,
    kernels_dir: Path | None = None,
    admins: tuple[str, ...] = ("boss",),
    runner: Runner | None = None,
    allow_self_approval: bool | None = None,
    local_session: bool = False,
    database_url: str = "",
    **builds: Any,
) -> Iterator[Deployment]:
    """`builds` are fields of BuildSettings."""
    settings: dict[str, Any] = {
        "channels": (channel,),
        "pip_index_url": None,
        "pip_extra_index_urls": (),
        "allow_source_builds": True,
        "run_link_scripts": False,
        "virtual_packages": None,
        "max_concurrent_builds": 2,
        "max_log_bytes": 1024 * 1024,
        "extended_requirements": False,
        **builds,
    }
    opened = Deployment(
        DeploymentSettings(
            root=root,
            database_url=database_url or url_of(root),
            admins=admins,
            creator="boss",
            kernels_dir=kernels_dir or root.parent / "kernels",
            python=Path(sys.executable),
            builds=BuildSettings(**settings),
            local=LocalSettings(
                folder=root.parent / "local",
                kernels_dir=kernels_dir or root.parent / "kernels",
                python=Path(sys.executable),
                around=Surroundings(
                    home=root.parent / "home",
                    environ={},
                    kernels_dirs=(kernels_dir or root.parent / "kernels",),
                    sys_prefix=Path(sys.prefix),
                    system=root.parent / "home",
                ),
                excluded=(root,),
                session=local_session,
                most=2,
                max_log_bytes=1024 * 1024,
            ),
            allow_self_approval=allow_self_approval,
        ),
        LOG,
        runner,
    )
    try:
        yield opened
    finally:
        opened.stop()


def minor_of(channel: Path) -> str:
    """The oldest series of Python that the channel holds."""
    found = {p.name.split("-")[1].rpartition(".")[0] for p in channel.glob("*/python-3.*.conda")}
    return min(found, key=lambda m: int(m.split(".")[1]))


def create(deployment: Deployment, name: str, python: str, *conda: str, pip: tuple[str, ...] = ()) -> None:
    """Alice's."""
    deployment.environments.create(ALICE, name, Draft("Full name", "", python, conda, pip))


def edit(deployment: Deployment, name: str, *conda: str) -> None:
    deployment.environments.edit(ALICE, name, Draft(conda_requirements=conda), None)


def ended(deployment: Deployment, name: str, timeout: float = 120, person: Person = ALICE) -> Version:
    """The latest version, once its build has ended."""

    def look() -> Version | None:
        latest = deployment.versions.list(person, name)[0]
        return None if latest.outcome.active else latest

    return wait_until(look, f"the build of {name}", timeout)


def build(deployment: Deployment, name: str, **more: bool) -> Version:
    """A build from the queue to its end, which must be a good one."""
    deployment.versions.build(ALICE, name, **more)
    version = ended(deployment, name)
    assert version.outcome.value == "succeeded", f"{version.reason}\n{log_of(deployment, name, version.number)}"
    return version


def log_of(deployment: Deployment, name: str, number: int, attempt: int | None = None) -> str:
    place = deployment.versions.log_place(ALICE, name, number, attempt)
    return deployment.versions.read_log(place, 0, 1024 * 1024).data.decode()


def leave_alone(deployment: Deployment) -> None:
    """Nobody looks after the queue any more, which is still this server's: a test runs its builds by itself."""
    deployment._ended.set()
    deployment.notify()
    deployment._thread.join()


def prefix_ids(deployment: Deployment) -> set[str]:
    """As the database knows them."""
    return {row[0] for row in query(deployment, "SELECT id FROM prefixes")}


def details_of(row: Any) -> dict[str, Any]:
    """Of an event as `query` found it: SQLite gives the JSON's text."""
    found: dict[str, Any] = row.details if isinstance(row.details, dict) else json.loads(row.details)
    return found


def query(deployment: Deployment, sql: str, **values: Any) -> list[Any]:
    with deployment.database.read() as connection:
        return list(connection.execute(text(sql), values).all())
