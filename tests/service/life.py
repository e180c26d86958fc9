"""The life of an environment as the rules have it, written by hand: what the service is compared with.

It shares no code with the package. Each method does what a person asks for, or raises Refused with the code of the
refusal, and then has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ADMINISTRATORS = {"boss"}
SERVICE = "(service)"
Packages = frozenset[tuple[str, str]]


class Refused(Exception):
    """`args[0]` is the code."""


@dataclass(frozen=True)
class OnBase:
    """The base as it was when it was chosen: it stays that, whatever becomes of its environment."""

    environment: int
    name: str
    version: int
    packages: Packages


@dataclass(frozen=True)
class Asked:
    python: str
    conda: tuple[str, ...] = ()
    base: OnBase | None = None


@dataclass
class Built:
    number: int
    asked: Asked
    by: str
    outcome: str = "active"
    attempt: int = 1
    packages: Packages | None = None
    """Of a successful version; while it is built: what it will hold, None when that can't be."""
    reverted_from: int | None = None


@dataclass(frozen=True)
class Shown:
    """What everybody sees."""

    version: int
    full_name: str
    description: str
    asked: Asked


@dataclass
class Review:
    environment: Environment
    version: int
    by: str
    state: str = "pending"
    decided_by: str | None = None


@dataclass
class Environment:
    identity: int
    name: str
    owner: str
    full_name: str
    description: str
    asked: Asked
    versions: dict[int, Built] = field(default_factory=dict)
    shown: Shown | None = None
    deprecated: str | None = None
    ever_published: bool = False
    review: Review | None = None
    active: dict[str, bool] = field(default_factory=dict)
    """Person → whether it is the draft that is tried."""
    edits: int = 0

    @property
    def latest(self) -> Built | None:
        return self.versions[max(self.versions)] if self.versions else None

    @property
    def success(self) -> int | None:
        return max((n for n, v in self.versions.items() if v.outcome == "succeeded"), default=None)

    @property
    def published(self) -> int | None:
        return self.shown.version if self.shown else None

    @property
    def status(self) -> str:
        latest = self.latest
        if latest is None:
            return "Saved"
        if latest.outcome == "active":
            return "In Progress"
        if latest.outcome == "failed":
            return "Failed"
        if self.review is not None:
            return "Pending Approval"
        return "Published" if latest.number == self.published else "Draft"

    def kept_by(self, person: str) -> bool:
        return person == self.owner or person in ADMINISTRATORS

    def usable(self, person: str) -> int | None:
        return self.success if person == self.owner else self.published

    @property
    def kernel(self) -> int | None:
        """The version that the one kernelspec of all people here starts; None: there is no kernelspec."""
        if not self.active:
            return None
        latest = any(draft or person == self.owner for person, draft in self.active.items())
        return self.success if latest else self.published


@dataclass(frozen=True)
class Told:
    """One event. `owner`: of the environment at that time."""

    kind: str
    actor: str
    name: str
    version: int | None
    owner: str


class Life:
    def __init__(self, newest: dict[str, int]) -> None:
        self.newest = newest
        self.environments: dict[str, Environment] = {}
        self.told: list[Told] = []
        self.reviews: list[Review] = []
        self._made = 0

    # What a person asks for.

    def create(
        self, who: str, name: str, full_name: str, python: str, conda: tuple[str, ...], base: str | None
    ) -> None:
        asked = Asked("" if base else python, conda, self._base(who, base, None) if base else None)
        if name in self.environments:
            raise Refused("short_name_taken")
        self._made += 1
        made = Environment(self._made, name, who, full_name, "", asked)
        self.environments[name] = made
        self._tell("environment.created", who, made)

    def edit(self, who: str, name: str, *, stale: bool = False, base: str | None = None, **changes: Any) -> None:
        """`changes`: full_name, description, conda, and python, which takes a base away."""
        found = self._for_keepers(who, name)
        _refuse(found.status == "Pending Approval", "conflict")
        _refuse(stale, "stale")
        asked = Asked(found.asked.python, changes.get("conda", found.asked.conda), found.asked.base)
        if base is not None:
            asked = Asked("", asked.conda, self._base(who, base, found))
        elif "python" in changes:
            asked = Asked(changes["python"], asked.conda)
        full_name = changes.get("full_name", found.full_name)
        description = changes.get("description", found.description)
        if (full_name, description, asked) != (found.full_name, found.description, found.asked):
            found.full_name, found.description, found.asked = full_name, description, asked
            found.edits += 1
            self._tell("environment.edited", who, found)

    def build(self, who: str, name: str, *, keep: bool = False) -> None:
        found = self._for_keepers(who, name)
        _refuse(found.status in ("In Progress", "Pending Approval"), "conflict")
        _refuse(keep and found.success is None, "conflict")
        held: Packages = frozenset()
        if keep and found.success is not None:
            held = found.versions[found.success].packages or held
        self._begin(who, found, found.asked, self._solve(found.asked, held))
        self._tell("build.started", who, found, found.latest)

    def end(self, name: str, *, well: bool) -> None:
        """The build that is on its way ends."""
        found = self.environments[name]
        latest = found.latest
        assert latest is not None
        if well and latest.packages is not None:
            latest.outcome = "succeeded"
            self._tell("build.succeeded", latest.by, found, latest)
        else:
            latest.outcome, latest.packages = "failed", None
            self._tell("build.failed", latest.by, found, latest)
        self._settle(found)

    def cancel(self, who: str, name: str) -> None:
        found = self._for_keepers(who, name)
        _refuse(found.status != "In Progress", "conflict")
        self._tell("build.cancel_requested", who, found, found.latest)
        self.end(name, well=False)

    def revert(self, who: str, name: str, number: int) -> None:
        """Ends well at once: what it goes back to is installed still."""
        found = self._for_keepers(who, name)
        _refuse(found.status in ("In Progress", "Pending Approval"), "conflict")
        _refuse(found.success in (None, 1), "conflict")
        _refuse(number not in found.versions, "not_found")
        earlier = found.versions[number]
        _refuse(earlier.outcome == "failed" or number == found.success, "conflict")
        if found.asked != earlier.asked:
            found.asked = earlier.asked
            found.edits += 1
            self._tell("environment.edited", who, found, earlier)
        self._begin(who, found, earlier.asked, earlier.packages, reverted_from=number)
        self._tell("build.started", who, found, found.latest)
        self.end(name, well=True)

    def submit(self, who: str, name: str) -> None:
        found = self._seen(who, name)
        _refuse(who != found.owner, "not_allowed")
        _refuse(found.status in ("In Progress", "Pending Approval"), "conflict")
        _refuse(found.success is None or found.success == found.published, "conflict")
        latest = found.latest
        assert latest is not None
        assert found.success is not None
        if latest.outcome == "failed":
            del found.versions[latest.number]
            self._tell("version.deleted", who, found, latest)
        found.review = Review(found, found.success, who)
        self.reviews.append(found.review)
        self._tell("review.submitted", who, found, found.latest)

    def withdraw(self, who: str, name: str) -> None:
        found = self._for_keepers(who, name)
        _refuse(found.review is None, "conflict")
        self._close(found, "withdrawn", who)
        self._tell("review.withdrawn", who, found, found.latest)

    def decide(self, who: str, review: Review, state: str, *, other_digest: bool = False) -> None:
        found = review.environment
        _refuse(self.environments.get(found.name) is not found or not found.kept_by(who), "not_found")
        _refuse(who not in ADMINISTRATORS, "not_allowed")
        _refuse(other_digest, "conflict")
        if (review.state, review.decided_by) == (state, who):
            return
        _refuse(review.state != "pending", "conflict")
        _refuse(state == "approved" and who in (review.by, found.owner), "not_allowed")
        self._close(found, state, who)
        version = found.versions[review.version]
        if state == "rejected":
            self._tell("review.rejected", who, found, version)
            return
        found.shown = Shown(version.number, found.full_name, found.description, version.asked)
        found.ever_published, found.deprecated = True, None
        self._tell("review.approved", who, found, version)
        self._settle(found)

    def deprecate(self, who: str, name: str, reason: str | None) -> None:
        """None: it ends."""
        found = self._for_administrators(who, name)
        _refuse(found.shown is None or (found.deprecated is None) == (reason is None), "conflict")
        found.deprecated = reason
        self._tell(f"environment.{'un' if reason is None else ''}deprecated", who, found, version=found.published)

    def unpublish(self, who: str, name: str) -> None:
        found = self._for_administrators(who, name)
        _refuse(found.shown is None or self._used(who, found), "conflict")
        self._tell("environment.unpublished", who, found, version=found.published)
        found.shown = found.deprecated = None
        self._settle(found)

    def transfer(self, who: str, name: str, owner: str) -> None:
        found = self._for_administrators(who, name)
        _refuse(owner == found.owner, "conflict")
        self._tell("environment.transferred", who, found, version=found.published)
        found.owner = owner
        found.edits += 1
        self._tell("environment.received", who, found, version=found.published)
        self._settle(found)

    def activate(self, who: str, name: str, *, draft: bool) -> None:
        found = self._seen(who, name)
        busy = found.kept_by(who) and found.status == "In Progress"
        if draft:
            _refuse(who not in ADMINISTRATORS, "not_allowed")
            _refuse(busy or found.success is None or found.success == found.published, "conflict")
        else:
            _refuse(busy or found.usable(who) is None, "conflict")
            _refuse(who not in found.active and self._ends_soon(found, who), "conflict")
        draft = draft and who != found.owner
        if found.active.get(who) is not draft:
            found.active[who] = draft
            self._tell("environment.activated", who, found)

    def deactivate(self, who: str, name: str) -> None:
        found = self._seen(who, name)
        _refuse(who not in found.active, "conflict")
        del found.active[who]
        self._tell("environment.deactivated", who, found)

    def delete(self, who: str, name: str, *, force: bool) -> None:
        found = self._for_keepers(who, name)
        _refuse(found.ever_published and who not in ADMINISTRATORS, "not_allowed")
        busy = found.status in ("In Progress", "Pending Approval") or self._used(who, found)
        _refuse(busy and not (force and who in ADMINISTRATORS), "conflict")
        self._tell("environment.deleted", who, found)
        del self.environments[name]

    # What follows from it.

    def sees(self, who: str, found: Environment) -> bool:
        return found.kept_by(who) or found.shown is not None

    def seen_by(self, who: str) -> Iterator[Environment]:
        return (e for e in self.environments.values() if self.sees(who, e))

    def _seen(self, who: str, name: str) -> Environment:
        found = self.environments.get(name)
        if found is None or not self.sees(who, found):
            raise Refused("not_found")
        return found

    def _for_keepers(self, who: str, name: str) -> Environment:
        found = self._seen(who, name)
        _refuse(not found.kept_by(who), "not_allowed")
        return found

    def _for_administrators(self, who: str, name: str) -> Environment:
        found = self._seen(who, name)
        _refuse(who not in ADMINISTRATORS, "not_allowed")
        return found

    def _base(self, who: str, name: str, child: Environment | None) -> OnBase:
        found = self.environments.get(name)
        if found is None or found is child or not self.sees(who, found):
            raise Refused("invalid")
        usable = found.usable(who)
        _refuse(found.kept_by(who) and found.status == "In Progress", "conflict")
        _refuse(usable is None or self._ends_soon(found, who), "conflict")
        assert usable is not None
        packages = found.versions[usable].packages
        assert packages is not None
        return OnBase(found.identity, name, usable, packages)

    def _ends_soon(self, found: Environment, who: str) -> bool:
        return found.deprecated is not None and found.usable(who) == found.published

    def _used(self, who: str, found: Environment) -> bool:
        others = found.active.keys() - {who, found.owner}
        children = [
            e for e in self.environments.values() if e.asked.base and e.asked.base.environment == found.identity
        ]
        return bool(others or [c for c in children if c is not found])

    def _begin(
        self, who: str, found: Environment, asked: Asked, packages: Packages | None, reverted_from: int | None = None
    ) -> None:
        latest = found.latest
        if latest is not None and latest.outcome == "failed":
            number, attempt = latest.number, latest.attempt + 1
        else:
            number, attempt = (latest.number + 1 if latest else 1), 1
        found.versions[number] = Built(number, asked, who, "active", attempt, packages, reverted_from)
        self._tell("build.queued", who, found, found.latest)

    def _solve(self, asked: Asked, held: Packages) -> Packages | None:
        kept = dict(held)
        kept.update(asked.base.packages if asked.base else ())
        pins = {name: pin for name, _, pin in (text.partition("==") for text in asked.conda)}
        if asked.python:
            pins["python"] = asked.python
        for name in (*pins, "ipykernel", "pip"):
            pin = pins.get(name, "")
            if pin and kept.get(name, pin) != pin:
                return None
            kept.setdefault(name, pin or str(self.newest.get(name, 1)))
        return frozenset(kept.items())

    def _close(self, found: Environment, state: str, who: str) -> None:
        assert found.review is not None
        found.review.state, found.review.decided_by = state, who
        found.review = None

    def _settle(self, found: Environment) -> None:
        """A kernel that would start nothing any more goes; a draft that is published by now is a draft no more."""
        for person, draft in list(found.active.items()):
            if draft and (person == found.owner or found.success == found.published):
                draft = found.active[person] = False
            if not draft and found.usable(person) is None:
                del found.active[person]
                self._tell("environment.deactivated", SERVICE, found)

    def _tell(
        self, kind: str, actor: str, found: Environment, about: Built | None = None, *, version: int | None = None
    ) -> None:
        self.told.append(Told(kind, actor, found.name, about.number if about else version, found.owner))


def _refuse(condition: bool, code: str) -> None:
    if condition:
        raise Refused(code)
