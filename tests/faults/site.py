"""A channel and an index whose faults tests choose, and the server that builds from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.faults.processes import of_root
from tests.handlers.rest import Rest
from tests.live import LiveServer, live_server, rows_in, wait_until
from tests.service.deployments import minor_of
from tests.service.warm import warm

PHASES = ["solving", "downloading", "linking", "pip", "verifying"]


@dataclass
class Site:
    """`root` is the deployment's; servers of it are started with `server`."""

    root: Path
    channel: Server
    index: Server
    python: str
    database_url: str = ""
    names: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def __post_init__(self) -> None:
        self.database_url = self.database_url or f"sqlite:///{self.root}/dataflow-envs.sqlite"

    @contextmanager
    def server(self, *, ready: bool = True, **config: Any) -> Iterator[LiveServer]:
        """`config` are traits of DataflowEnvsApp."""
        traits = {"pip_index_url": index_url(self.index), "max_concurrent_builds": 1, **config}
        traits["database_url"] = self.database_url
        with live_server(self.root, self.channel.url, config=traits, ready=ready) as server:
            yield server

    def hold(self, phase: str) -> None:
        """Make a phase last until `heal`; those that no channel and no index can stretch are short."""
        match phase:
            case "solving":
                self.channel.hang("*repodata*")
            case "downloading":
                self.channel.throttle("noarch/big-data-*", 100_000)
            case "pip":
                self.index.hang("*big_wheel*")

    def heal(self) -> None:
        self.channel.heal()
        self.index.heal()

    def create(self, person: Rest, phase: str | None = None) -> str:
        """A new environment, of a lock of its own, that passes through the phase."""
        number = next(self.names)
        name = f"f{number:03x}"
        conda = [f"tiny-{number // 10 % 20:03d}==1.{number % 10}"]
        body = {
            "conda_requirements": [*conda, "big-data"] if phase == "downloading" else conda,
            "pip_requirements": ["big-wheel"] if phase == "pip" else [],
            "python_version": self.python,
        }
        person.create(name, **body)
        return name

    def build_up_to(self, person: Rest, phase: str) -> str:
        """The name of an environment whose build is in the phase at this moment."""
        self.hold(phase)
        for _ in range(20):
            name = self.create(person, phase)
            person.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
            if self.seen_in(person, name, phase):
                return name
            person.wait(name)
        raise AssertionError(f"no build was seen in {phase}")

    def seen_in(self, person: Rest, name: str, phase: str) -> bool:
        """Watch a build until it is in the phase; False when it has ended before."""

        def seen() -> str | None:
            now = person.get(f"/environments/{name}").ok()
            if now["phase"] == phase:
                return "reached"
            return None if now["status"] == "In Progress" else "over"

        often = 0.002 if phase in ("linking", "verifying") else 0.03
        return wait_until(seen, f"{phase} of {name}", 60, interval=often) == "reached"

    def row(self, name: str) -> dict[str, Any]:
        """The environment's latest attempt as the database has it, whether or not a server runs."""
        (found,) = self.query(
            "SELECT a.* FROM attempts a JOIN environments e ON e.id = a.environment_id "
            "WHERE e.short_name = :name ORDER BY a.id DESC LIMIT 1",
            name=name,
        )
        return found

    def prefix_rows(self, state: str = "%") -> set[str]:
        """Their ids: all, or those that are `building` or `ready`."""
        return {row["id"] for row in self.query("SELECT id FROM prefixes WHERE state LIKE :state", state=state)}

    def query(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """What the database holds, past the servers."""
        return rows_in(self.database_url, sql, **values)

    def prefixes(self) -> set[str]:
        """As they lie on disk."""
        return {p.name for p in (self.root / "prefixes").iterdir()}

    def accounted_for(self) -> bool:
        """Nothing runs, and each prefix on disk has its row and each row its prefix."""
        return not of_root(self.root) and self.prefixes() == self.prefix_rows()


def rest_of(server: LiveServer) -> Rest:
    """Whoever has the server's token: the account, who is the administrator."""
    return Rest(server.url, server.token)


@contextmanager
def site_in(folder: Path, channel: Path, wheelhouse: Path, database_url: str = "") -> Iterator[Site]:
    """A deployment that was never opened, with warm caches; by default its database is SQLite's, below its root."""
    root = warm(folder / "root", channel)
    try:
        with Server(channel) as served, index_server(wheelhouse) as index:
            yield Site(root, served, index, minor_of(channel), database_url)
    finally:
        remove_tree(root)  # pytest would keep these tens of thousands of files, and take its time over them later


def doctor(person: Rest) -> dict[str, str]:
    """What each check says."""
    return {c["name"]: c["message"] for c in person.get("/doctor").ok()["checks"]}


def frames(person: Rest, path: str, until: Callable[[Mapping[str, Any]], bool]) -> str:
    """The text of a log stream up to a frame."""
    text = ""
    with person.stream(path) as socket:
        while True:
            frame = json.loads(socket.recv())
            text += frame.get("text", "")
            if until(frame):
                return text
