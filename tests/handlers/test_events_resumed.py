"""A client whose connection breaks 100 times, after any byte, ends with the same state as one that never lost it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.client import EventStream
from jupyter_dataflow_envs.domain.events import Event, EventKind
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.store import environments, events
from jupyter_dataflow_envs.store.database import Database
from tests.client.cutting import CuttingProxy, cutting_proxy
from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until
from tests.store.rows import add, build, publish

SEED = 20260504
CUTS = 100
MARK = "done"
MOST_AHEAD = 1000
"""Events that may wait for the slowest listener: each connection brings a few and is cut, and who falls too far behind
is told to read its lists again, which another test is about."""

PEOPLE = {"alice": Person("alice"), "boss": Person("boss", is_admin=True), "carol": Person("carol")}


class Follower(threading.Thread):
    """Keeps what it hears, and what that makes of each environment."""

    def __init__(self, client: Client, since: int) -> None:
        super().__init__(daemon=True)
        self.seqs: list[int] = []
        self.heard: list[dict[str, Any]] = []
        self.state: dict[str | None, tuple[str, int, int | None]] = {}
        self.snapshots = 0
        self.error: BaseException | None = None
        self.stream: EventStream = client.events(since, patience=60)

    def run(self) -> None:
        try:
            for frame in self.stream:
                if frame["type"] == "snapshot":
                    self.snapshots += 1
                if frame["type"] != "event":
                    continue
                self.seqs.append(frame["seq"])
                self.heard.append(dict(frame))
                self.state[frame["short_name"]] = (frame["kind"], frame["seq"], frame["version"])
                if frame["short_name"] == MARK and frame["kind"] == EventKind.DELETED.value:
                    return
        except BaseException as error:  # noqa: BLE001  # for the test to look at
            self.error = error


class Writers:
    """People at their browsers, and another process of the deployment, busy until told to stop."""

    def __init__(
        self,
        database: Database,
        alice: Rest,
        boss: Rest,
        minor: str,
        fresh_name: Callable[[], str],
        followers: list[Follower],
    ) -> None:
        self.database, self.alice, self.boss, self.minor, self.fresh_name = database, alice, boss, minor, fresh_name
        self.followers = followers
        self.stop = threading.Event()
        self.errors: list[BaseException] = []
        self.threads = [threading.Thread(target=self._run, args=(w,)) for w in (self._people, self._other_process)]

    def _run(self, work: Callable[[random.Random], None]) -> None:
        chosen = random.Random(SEED)
        try:
            while not self.stop.is_set():
                work(chosen)
                wait_until(lambda: self.stop.is_set() or self._ahead() < MOST_AHEAD, "the slowest listener", 300)
        except BaseException as error:  # noqa: BLE001  # for the test to look at
            self.errors.append(error)

    def _ahead(self) -> int:
        with self.database.read() as connection:
            return events.last(connection) - min(f.stream.position or 0 for f in self.followers)

    def _people(self, chosen: random.Random) -> None:
        """Create, edit, perhaps build, delete."""
        name = self.fresh_name()
        self.alice.create(name, python_version=self.minor, conda_requirements=["tiny-004=1.5"])
        for n in range(chosen.randint(0, 3)):
            chosen.choice([self.alice, self.boss]).patch(f"/environments/{name}", {"full_name": f"Name {n}"}).ok()
        if chosen.random() < 0.1:
            self.alice.post(f"/environments/{name}/build", {}).ok(202)
            self.alice.wait(name)
        self.alice.delete(f"/environments/{name}").ok(204)

    def _other_process(self, chosen: random.Random) -> None:
        """What a second server of the deployment writes: an environment's life in short, published or not."""
        owner = chosen.choice(["alice", "dan"])
        with self.database.write() as connection:
            name = f"x{chosen.randrange(16**4):04x}"
            id = add(connection, name, owner=owner)
            number = build(connection, id)
            if chosen.random() < 0.7:
                publish(connection, id, number)
            for kind in chosen.sample(list(EventKind), chosen.randint(1, 6)):
                events.record(connection, kind, "boss", environment_id=id, short_name=name, version=number, reason="R")
            environments.remove(connection, id)
        self.stop.wait(chosen.random() * 0.05)

    def mark(self) -> None:
        """The last event of all, which everybody hears."""
        with self.database.write() as connection:
            id = add(connection, MARK)
            publish(connection, id, build(connection, id))
            events.record(connection, EventKind.DELETED, "boss", environment_id=id, short_name=MARK)
            environments.remove(connection, id)


def _expected(event: Event, person: Person) -> dict[str, Any] | None:
    """By hand: what a person is told of an event."""
    full = person.is_admin or person.name in (event.owner, event.actor)
    if not full and not event.public:
        return None
    reason = {"reason": event.details.get("reason")} if event.kind is EventKind.DEPRECATED else None
    return {
        "type": "event",
        "seq": event.seq,
        "at": event.at.isoformat(timespec="microseconds"),
        "kind": event.kind.value,
        "short_name": event.short_name,
        "version": event.version,
        "actor": event.actor if full else None,
        "details": event.details if full else reason,
    }


@pytest.mark.timeout(400)
def test_a_client_that_drops_100_times_ends_with_the_same_state_as_one_that_never_did(
    server: LiveServer, alice: Rest, boss: Rest, carol: Rest, minor: str, fresh_name: Callable[[], str]
) -> None:
    database = Database(f"sqlite:///{server.root}/dataflow-envs.sqlite")
    with database.read() as connection:
        start = events.last(connection)
    steady: dict[str, Follower] = {}
    dropped: dict[str, Follower] = {}
    proxies: dict[str, CuttingProxy] = {}
    with ExitStack() as stack:
        stack.callback(database.close)
        for n, person in enumerate((alice, boss, carol)):
            name = list(PEOPLE)[n]
            # From within the handshake (some 130 bytes) to a dozen frames later.
            proxy = cutting_proxy(server.url, cuts=CUTS, shortest=100, longest=1500, seed=SEED * (n + 1))
            proxies[name] = stack.enter_context(proxy)
            for followers, url in ((steady, server.url), (dropped, proxies[name].url)):
                client = stack.enter_context(Client(url, person.token))
                followers[name] = Follower(client, start)
                stack.callback(followers[name].stream.close)
                followers[name].start()
        everybody = [*steady.values(), *dropped.values()]
        writers = Writers(database, alice, boss, minor, fresh_name, everybody)
        try:
            for thread in writers.threads:
                thread.start()
            wait_until(
                lambda: writers.errors or all(p.cuts == CUTS for p in proxies.values()), "100 cuts", 300, interval=0.1
            )
        finally:
            writers.stop.set()
            for thread in writers.threads:
                thread.join()
        assert writers.errors == []
        writers.mark()
        for follower in everybody:
            follower.join(60)
            assert follower.error is None
            assert not follower.is_alive()
        with database.read() as connection:
            everything = events.since(connection, start, limit=100_000)

    for name, who in PEOPLE.items():
        told = [frame for e in everything if (frame := _expected(e, who)) is not None]
        assert len(told) >= 50, name
        for follower in (steady[name], dropped[name]):
            assert follower.snapshots == 0
            assert follower.seqs == sorted(set(follower.seqs)), "each once, in order"
            assert follower.heard == told
        assert dropped[name].state == steady[name].state
        assert proxies[name].cuts == CUTS
    assert len(steady["boss"].seqs) > len(steady["alice"].seqs) > len(steady["carol"].seqs)
