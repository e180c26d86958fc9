"""Environments in every state there is, made over HTTP as people make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.channel.server import Server
from tests.handlers.rest import Rest
from tests.live import wait_until

HANGING = {"pip_requirements": ["big-wheel"]}
"""What a build waits for until the index is healed."""


@dataclass
class States:
    """One environment of alice's for each state, made when it is asked for, and again once it was used up."""

    alice: Rest
    boss: Rest
    carol: Rest
    grace: Rest
    index: Server
    minor: str
    fresh_name: Callable[[], str]
    ready: dict[str, str] = field(default_factory=dict)

    def environment(self, state: str) -> str:
        """The short name of one in that state."""
        if state not in self.ready:
            self.ready[state] = self._make(state)
        return self.ready[state]

    def spend(self, state: str) -> None:
        """It is no longer what it was."""
        name = self.ready.pop(state)
        if self.boss.get(f"/environments/{name}").status == 200:
            self.boss.delete(f"/environments/{name}?force=true").ok(204)

    def close(self) -> None:
        """All of them away, and the index as it was."""
        for state in list(self.ready):
            self.spend(state)
        self.index.heal()

    def _make(self, state: str) -> str:
        name = self.fresh_name()
        self.alice.create(name, python_version=self.minor)
        getattr(self, f"_{state}")(name)
        return name

    def _saved(self, name: str) -> None:
        """As it was created."""

    def _building(self, name: str) -> None:
        self.index.hang("*big_wheel*")
        self.alice.patch(f"/environments/{name}", HANGING).ok()
        self.alice.post(f"/environments/{name}/build", {}).ok(202)
        wait_until(lambda: self.alice.show(name)["phase"] == "pip", f"{name} to wait for the index", 60)

    def _failed(self, name: str) -> None:
        self.alice.fail(name)

    def _draft(self, name: str) -> None:
        self.alice.succeed(name)

    def _relapsed(self, name: str) -> None:
        self._draft(name)
        self._failed(name)

    def _pending(self, name: str) -> None:
        self._draft(name)
        self.alice.submit(name)

    def _published(self, name: str) -> None:
        """By grace, so that what boss says of the same review comes second."""
        self._draft(name)
        self.grace.approve(self.alice.submit(name))

    def _deprecated(self, name: str) -> None:
        self._published(name)
        self._deprecate(name)

    def _used(self, name: str) -> None:
        self._published(name)
        self._activate(name)

    def _kept(self, name: str) -> None:
        self._used(name)
        self._deprecate(name)

    def _unpublished(self, name: str) -> None:
        self._published(name)
        self.boss.post(f"/environments/{name}/unpublish", {}).ok()

    def _next_building(self, name: str) -> None:
        self._published(name)
        self._building(name)

    def _next_failed(self, name: str) -> None:
        self._published(name)
        self._failed(name)

    def _next_draft(self, name: str) -> None:
        self._published(name)
        self.alice.succeed(name, description="the next one")

    def _next_pending(self, name: str) -> None:
        self._next_draft(name)
        self.alice.submit(name)

    def _activate(self, name: str) -> None:
        for person in (self.alice, self.boss, self.carol):
            person.post(f"/environments/{name}/activate", {}).ok()

    def _deprecate(self, name: str) -> None:
        self.boss.post(f"/environments/{name}/deprecate", {"reason": "Too old."}).ok()
