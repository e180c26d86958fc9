"""Who may do what: the one table. Services refuse by it, and every environment's JSON carries it, with the reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache

from .environment import Environment, Status
from .errors import Conflict, NotAllowed


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking."""

    name: str
    is_admin: bool = False


class Action(str, Enum):
    EDIT = "edit"
    PREVIEW = "preview"
    BUILD = "build"
    CANCEL = "cancel"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed, or the reason why not; `forbidden` tells "not you" (403) from "not now" (409)."""

    allowed: bool
    reason: str | None = None
    forbidden: bool = False


ALLOWED = Decision(True)


def may_see(environment: Environment, person: Person) -> bool:
    """What a person may not see does not exist for them."""
    return person.is_admin or environment.owner == person.name or environment.published is not None


def decide(action: Action, environment: Environment, person: Person) -> Decision:
    """Whether the person may do that now."""
    return TABLE[action](environment, person)


def require(action: Action, environment: Environment, person: Person) -> None:
    """Raise NotAllowed or Conflict, with the reason, unless the person may do that now."""
    decision = decide(action, environment, person)
    if decision.allowed:
        return
    raise (NotAllowed if decision.forbidden else Conflict)(decision.reason or "This is not allowed.")


def actions(environment: Environment, person: Person) -> dict[Action, Decision]:
    """Every action, for the panel."""
    return {action: rule(environment, person) for action, rule in TABLE.items()}


def _manages(environment: Environment, person: Person, verb: str) -> Decision:
    if person.is_admin or person.name == environment.owner:
        return ALLOWED
    return Decision(False, f"Only its owner or an administrator can {verb} this environment.", forbidden=True)


@cache
def _not_now(reason: str) -> Decision:
    return Decision(False, reason)


def _edit(environment: Environment, person: Person) -> Decision:
    decision = _manages(environment, person, "edit")
    if decision.allowed and environment.review_open:
        return _not_now("It waits for approval: withdraw the submission to edit it.")
    return decision


def _build(environment: Environment, person: Person) -> Decision:
    decision = _manages(environment, person, "build")
    if not decision.allowed:
        return decision
    if environment.status is Status.IN_PROGRESS:
        return _not_now("A build is in progress: wait for it, or cancel it first.")
    if environment.review_open:
        return _not_now("It waits for approval: withdraw the submission to build it.")
    return ALLOWED


def _cancel(environment: Environment, person: Person) -> Decision:
    decision = _manages(environment, person, "cancel a build of")
    if decision.allowed and environment.status is not Status.IN_PROGRESS:
        return _not_now("No build is in progress.")
    return decision


def _delete(environment: Environment, person: Person) -> Decision:
    decision = _manages(environment, person, "delete")
    if not decision.allowed:
        return decision
    if environment.published is not None and not person.is_admin:
        return Decision(False, "It has been published: only an administrator can delete it.", forbidden=True)
    if environment.status is Status.IN_PROGRESS:
        return _not_now("A build is in progress: cancel it first.")
    if environment.review_open:
        return _not_now("It waits for approval: withdraw the submission to delete it.")
    return ALLOWED


def _activate(environment: Environment, person: Person) -> Decision:
    own = person.name == environment.owner
    if (own or person.is_admin) and environment.status is Status.IN_PROGRESS:
        return _not_now("A build is in progress: it can be activated when the build has ended.")
    if environment.usable_by(person.name) is None:
        if own:
            return _not_now("No version has been built yet: build it first.")
        return _not_now("It is not published.")
    return ALLOWED


def _deactivate(environment: Environment, person: Person) -> Decision:
    return ALLOWED if environment.active else _not_now("It is not active.")


TABLE: dict[Action, Callable[[Environment, Person], Decision]] = {
    Action.EDIT: _edit,
    Action.PREVIEW: lambda environment, person: _manages(environment, person, "preview"),
    Action.BUILD: _build,
    Action.CANCEL: _cancel,
    Action.ACTIVATE: _activate,
    Action.DEACTIVATE: _deactivate,
    Action.DELETE: _delete,
}
