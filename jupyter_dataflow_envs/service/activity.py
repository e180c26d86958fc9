"""Who has what active in which notebook server: its rows and events, wherever the kernels are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ..domain.environment import Environment
from ..domain.errors import Conflict
from ..domain.events import SERVICE, EventKind
from ..domain.grant import Audience
from ..domain.permissions import Action, Person, require
from ..store import activations, environments, events
from ..store.activations import Activation
from .launchers import audience_of


def begin(connection: Connection, person: Person, short_name: str, server: str, *, draft: bool = False) -> Environment:
    """Make it active for the person in that server; returns the environment as its owner sees it.

    `draft`: an administrator's, of the latest version of somebody else's environment. Raises Conflict when there is no
    such version; NotAllowed.
    """
    seen = environments.find(connection, short_name, person)
    require(Action.TRY_DRAFT if draft else Action.ACTIVATE, seen, person)
    environment = whole(connection, seen)
    draft = draft and person.name != environment.owner
    before = [a for a in here(connection, environment.id, server) if a.person == person.name]
    activations.activate(connection, environment.id, person.name, server, draft=draft)
    if [a.draft for a in before] != [draft]:
        _record(connection, EventKind.ACTIVATED, environment, person.name, person.name, draft=draft)
    return environment


def end(connection: Connection, person: Person, short_name: str, server: str) -> Environment:
    """Take it back. Raises Conflict when it is not active there."""
    seen = environments.find(connection, short_name, person)
    require(Action.DEACTIVATE, seen, person)
    environment = whole(connection, seen)
    mine = [a for a in here(connection, environment.id, server) if a.person == person.name]
    if not mine:
        raise Conflict("It is active in another notebook server of yours: deactivate it there.")
    _end(connection, environment, mine[0], server, person.name)
    return environment


def here(connection: Connection, environment_id: str, server: str) -> list[Activation]:
    """Of that environment, in that server."""
    everywhere = activations.of_environment(connection, environment_id, leased=False)
    return [a for a in everywhere if a.server == server]


def is_settled(environment: Environment, activation: Activation) -> bool:
    """Whether `settle` would leave it as it is."""
    if activation.draft:
        return activation.person != environment.owner and environment.latest_success != environment.published
    return environment.usable_by(activation.person) is not None


def settle(connection: Connection, environment: Environment, found: list[Activation]) -> list[Activation]:
    """End those that give their person nothing any more, and drafts that are published by now; return what is left."""
    left = []
    for activation in found:
        owner = activation.person == environment.owner
        if activation.draft and (owner or environment.latest_success == environment.published):
            activations.activate(connection, environment.id, activation.person, activation.server, draft=False)
            activation = replace(activation, draft=False)
        if activation.draft or environment.usable_by(activation.person) is not None:
            left.append(activation)
        else:
            _end(connection, environment, activation, activation.server, SERVICE)
    return left


def note_started(
    connection: Connection, environment: Environment, found: list[Activation], started: Mapping[Audience, datetime]
) -> None:
    """When it was last started, by audience; only what is new is written: each write wakes the other servers.

    `found`: its activations in the server that tells.
    """
    latest, known = max(started.values()), environment.usage.last_started
    if known is None or latest > known:
        environments.note_started(connection, environment.id, latest)
    audiences = {audience_of(environment, a.person, draft=a.draft) for a in found}
    moment = max((m for audience, m in started.items() if audience in audiences), default=None)
    if moment is not None and any(moment > (a.last_started or a.since) for a in found):
        activations.note_started(connection, environment.id, found[0].server, moment)


def whole(connection: Connection, seen: Environment) -> Environment:
    """As its owner sees it: others' sight of it ends at what is published."""
    environment = environments.by_id(connection, seen.id)
    assert environment is not None
    return environment


def _end(connection: Connection, environment: Environment, activation: Activation, server: str, actor: str) -> None:
    activations.deactivate(connection, environment.id, activation.person, server)
    _record(connection, EventKind.DEACTIVATED, environment, actor, activation.person, draft=activation.draft)


def _record(
    connection: Connection, kind: EventKind, environment: Environment, actor: str, person: str, *, draft: bool
) -> None:
    latest = audience_of(environment, person, draft=draft) == "latest"
    number = environment.latest_success if latest else environment.published
    details: dict[str, Any] = {"draft": True} if draft else {}
    if actor != person:
        details["person"] = person
    if environment.published not in (None, number):
        # Everybody hears of it while it is published, but for the details: a draft's number is not theirs to know.
        details["latest"], number = number, None
    events.record(
        connection,
        kind,
        actor,
        environment_id=environment.id,
        short_name=environment.short_name,
        version=number,
        **details,
    )
