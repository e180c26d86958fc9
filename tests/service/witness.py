"""Looks at a deployment with the eyes of three people and a stranger, and compares it with the rules of `life`."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.domain.environment import Environment as Found
from jupyter_dataflow_envs.domain.environment import Status
from jupyter_dataflow_envs.domain.errors import NotFound
from jupyter_dataflow_envs.domain.events import Event, TrailPage
from jupyter_dataflow_envs.domain.page import Page
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.version import Version
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.live import wait_until
from tests.service.life import ADMINISTRATORS, Asked, Environment, Life, Packages, Told
from tests.service.scripted_runner import SIZE

PEOPLE = {name: Person(name, is_admin=name in ADMINISTRATORS) for name in ("alice", "bob", "boss")}
BOSS = PEOPLE["boss"]
STRANGER = Person("zoe")
"""Never does anything: what she sees is what everybody sees."""

NAMES = ("one", "two", "three")


class Witness:
    def __init__(self, service: Deployment, life: Life, kernels: Path) -> None:
        self.service = service
        self.life = life
        self.kernels = kernels
        self.may_move: set[str] = set()
        """Names of the environments whose publication the last step may have changed."""
        self._ids: dict[int, str] = {}
        self._packages: dict[str, Packages] = {}
        self._succeeded: dict[tuple[str, int], str] = {}
        self._public: dict[str, dict[str, Any]] = {}
        self._highest: dict[str, int] = {}
        self._heard = self._last = 0

    def met(self, model: Environment, found: Found) -> None:
        """This is that one, which was made just now."""
        assert found.id not in self._ids.values()
        self._ids[model.identity] = found.id

    def service_is_where_the_rules_say(self) -> None:
        """For each of the three: what they see, its versions, kernels and events."""
        expected = self._used_in_life()
        wait_until(lambda: self._used() == expected, f"the kernels: {expected}", 5, 0.005)
        for person in PEOPLE.values():
            listed = self._listed(person)
            seen = {e.name: e for e in self.life.seen_by(person.name)}
            assert list(listed) == sorted(seen)
            for name, found in listed.items():
                self._looks(person, found, seen[name])
            for hidden in set(NAMES) - seen.keys():
                self._is_hidden(person, hidden)
        self._events_tell_it()

    def _listed(self, person: Person) -> dict[str, Found]:
        return {e.short_name: e for e in self.service.environments.list(person, Page())[0]}

    def others_see_it_never_go_back(self) -> None:
        """What a stranger sees moves by an approval, to a later version, or goes by unpublishing or deletion."""
        now = {name: self._publicly(found) for name, found in self._listed(STRANGER).items()}
        for name in self._public.keys() | now.keys():
            before, after = self._public.get(name), now.get(name)
            assert before == after or name in self.may_move, f"{name} changed for others: {before} → {after}"
            if after is not None and before != after:
                assert after["number"] >= self._highest.get(after["id"], 0), "an older version was published"
                self._highest[after["id"]] = after["number"]
        self._public, self.may_move = now, set()

    def _publicly(self, found: Found) -> dict[str, Any]:
        (version,) = self.service.versions.list(STRANGER, found.short_name)
        details = self.service.versions.get(STRANGER, found.short_name, version.number)
        place = self.service.versions.log_place(STRANGER, found.short_name, version.number, None)
        return {
            "id": found.id,
            "number": version.number,
            "digest": version.digest,
            "packages": sorted((p.package.name, p.package.version, p.origin) for p in details.packages),
            "shown": (found.status, found.full_name, found.description, found.spec, found.etag, found.updated_at),
            "log": self.service.versions.read_log(place, 0, 1 << 20).data,
        }

    def _looks(self, person: Person, found: Found, model: Environment) -> None:
        whole = model.kept_by(person.name)
        shown = model.shown
        assert found.id == self._ids[model.identity]
        assert found.owner == model.owner
        assert found.deprecated is None if model.deprecated is None else found.deprecated
        assert found.published == model.published
        assert found.usable_by(person.name) == model.usable(person.name)
        if whole or shown is None:
            assert (found.full_name, found.description) == (model.full_name, model.description)
            assert found.status.value == model.status
            assert self._same_spec(found.spec, model.asked)
            assert found.revision == 1 + model.edits
            assert found.review_open == (model.review is not None)
            assert found.latest_success == model.success
            assert found.modified == (model.latest is not None and model.latest.asked != model.asked)
            numbers = sorted(model.versions, reverse=True)
        else:
            assert (found.full_name, found.description) == (shown.full_name, shown.description)
            assert found.status is Status.PUBLISHED
            assert self._same_spec(found.spec, shown.asked)
            assert (found.review, found.modified) == (None, False)
            numbers = [shown.version]
        listed = self.service.versions.list(person, model.name)
        assert [v.number for v in listed] == numbers
        for version in listed:
            self._is_version(person, model, version)

    def _is_version(self, person: Person, model: Environment, version: Version) -> None:
        built = model.versions[version.number]
        outcome = version.outcome.value if not version.outcome.active else "active"
        assert (outcome, version.attempt, version.created_by) == (built.outcome, built.attempt, built.by)
        assert version.reverted_from == built.reverted_from
        assert self._same_spec(version.requested, built.asked)
        assert outcome != "failed" or version.number == max(model.versions), "only the latest can be failed"
        assert (version.digest is None) == (outcome != "succeeded")
        if version.digest is None:
            return
        if version.digest not in self._packages:
            details = self.service.versions.get(person, model.name, version.number)
            held = frozenset((p.package.name, p.package.version) for p in details.packages)
            assert held not in self._packages.values(), "equal packages have an equal digest"
            self._packages[version.digest] = held
        assert self._packages[version.digest] == built.packages
        assert version.size == SIZE
        key = (self._ids[model.identity], version.number)
        assert self._succeeded.setdefault(key, version.digest) == version.digest, "a number was used again"

    def _is_hidden(self, person: Person, name: str) -> None:
        for ask in (self.service.environments.get, self.service.versions.list, self.service.activations.launcher):
            with pytest.raises(NotFound):
                ask(person, name)

    def _events_tell_it(self) -> None:
        """Every change its event, in order, and none for what was refused."""
        new = [_loosely(t) for t in self.life.told[self._heard :]]
        wait_until(lambda: len(self._events()) >= len(new), f"the events {new}", 5, 0.005)
        events = self._events()
        assert [_loosely(Told(e.kind.value, e.actor, e.short_name or "", e.version, e.owner or ""))
                for e in events] == new  # fmt: skip
        self._heard = len(self.life.told)
        self._last = events[-1].seq if events else self._last

    def _events(self) -> list[Event]:
        """Those since the last step, oldest first."""
        trail, _ = self.service.audit.page(BOSS, TrailPage(limit=40))
        assert [e.seq for e in trail] == sorted({e.seq for e in trail}, reverse=True)
        return [e for e in reversed(trail) if e.seq > self._last and not e.kind.value.startswith("housekeeping.")]

    def _used(self) -> dict[str, Any]:
        """Who has what active, and which version each kernelspec starts."""
        active: dict[str, dict[str, bool]] = {}
        for person in PEOPLE.values():
            for name, found in self._listed(person).items():
                active.setdefault(name, {}).update({person.name: found.draft_active} if found.active else {})
        kernels = {}
        for spec in self.kernels.glob("dataflow-*/kernel.json"):
            with suppress(FileNotFoundError):  # it is being taken away
                said = json.loads(spec.read_text())["metadata"]["dataflow_envs"]
                kernels[spec.parent.name.removeprefix("dataflow-")] = (said["environment_id"], said["version"])
        return {"active": active, "kernels": kernels}

    def _used_in_life(self) -> dict[str, Any]:
        everything = self.life.environments.items()
        return {
            "active": {n: e.active for n, e in everything},
            "kernels": {n: (self._ids[e.identity], e.kernel) for n, e in everything if e.active},
        }

    def _same_spec(self, spec: Any, asked: Asked) -> bool:
        base = None if asked.base is None else (self._ids[asked.base.environment], asked.base.name, asked.base.version)
        of_service = spec.base and (spec.base.environment_id, spec.base.short_name, spec.base.version)
        return (spec.python_version, spec.conda_requirements, of_service) == (asked.python, asked.conda, base)

    def trail_is_for_those_it_concerns(self) -> None:
        for person in PEOPLE.values():
            shown, more = self.service.audit.page(person, TrailPage(limit=1000))
            assert more is None
            of_service = [e for e in shown if not e.kind.value.startswith("housekeeping.")]
            expected = [t for t in self.life.told if person.is_admin or person.name in (t.owner, t.actor)]
            assert len(of_service) == len(expected)

    def listings_follow_statuses(self) -> None:
        """The database's table of statuses is the one of the rules."""
        for person in PEOPLE.values():
            for status in Status:
                listed, _ = self.service.environments.list(person, Page(status=status))
                expected = [
                    e.name
                    for e in self.life.seen_by(person.name)
                    if (e.status if e.kept_by(person.name) else "Published") == status.value
                ]
                assert [e.short_name for e in listed] == sorted(expected)


def _loosely(told: Told) -> Told:
    """Which version a kernel starts is asked of the kernel."""
    hidden = told.kind in ("environment.activated", "environment.deactivated")
    return Told(told.kind, told.actor, told.name, None if hidden else told.version, told.owner)
