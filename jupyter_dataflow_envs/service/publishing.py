"""What administrators do with published environments, and with whom they belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from ..domain.environment import Environment
from ..domain.errors import Conflict, FieldError, InvalidSpec
from ..domain.events import EventKind
from ..domain.names import check_description, check_person
from ..domain.permissions import Action, Person, require
from ..store import environments
from ..store.database import Database
from .trail import note
from .uses import uses_of


class Publishing:
    def __init__(self, database: Database, root: Path, notify: Callable[[], None]) -> None:
        self._database = database
        self._root = root
        self._notify = notify

    def deprecate(self, person: Person, short_name: str, reason: str) -> Environment:
        """No new activations, and no base any more; who has it keeps it, and sees the reason, which is required."""
        reason = check_description(reason, "reason")
        with self._database.write() as connection:
            environment = self._find(connection, person, short_name, Action.DEPRECATE)
            if not reason:
                raise InvalidSpec([FieldError("reason", None, None, "say why: its users read it")])
            environments.deprecate(connection, environment.id, reason)
            note(connection, EventKind.DEPRECATED, person, environment, environment.published, reason=reason)
            return self._done(connection, person, environment)

    def undeprecate(self, person: Person, short_name: str, reason: str = "") -> Environment:
        reason = check_description(reason, "reason")
        with self._database.write() as connection:
            environment = self._find(connection, person, short_name, Action.UNDEPRECATE)
            environments.deprecate(connection, environment.id, None)
            note(connection, EventKind.UNDEPRECATED, person, environment, environment.published, reason=reason)
            return self._done(connection, person, environment)

    def unpublish(self, person: Person, short_name: str, reason: str = "") -> Environment:
        """Back to Draft. Raises Conflict while somebody else uses it, with who does."""
        reason = check_description(reason, "reason")
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            if person.is_admin and environment.published is not None:
                # A process may run from the prefix of a draft: that is no use of the published version.
                uses = replace(uses_of(connection, self._root, environment, person), kernels=[])
                if uses:
                    raise Conflict(
                        f"'{environment.short_name}' can't be unpublished: {uses}. Deprecate it instead: it is offered "
                        "to nobody new then.",
                        active_people=uses.people,
                        base_of=uses.children,
                    )
            require(Action.UNPUBLISH, environment, person)
            note(connection, EventKind.UNPUBLISHED, person, environment, environment.published, reason=reason)
            environments.unpublish(connection, environment.id)
            return self._done(connection, person, environment)

    def transfer(self, person: Person, short_name: str, owner: str) -> Environment:
        """Give it to somebody else, whose name the identity provider must know: nothing here can check that."""
        owner = check_person(owner, "owner")
        with self._database.write() as connection:
            environment = self._find(connection, person, short_name, Action.TRANSFER)
            if owner == environment.owner:
                raise Conflict(f"It belongs to {owner} already.")
            note(connection, EventKind.TRANSFERRED, person, environment, environment.published, owner=owner)
            environments.transfer(connection, environment.id, owner)
            note(
                connection,
                EventKind.RECEIVED,
                person,
                environment,
                environment.published,
                previous_owner=environment.owner,
            )
            return self._done(connection, person, environment)

    def _find(self, connection: Connection, person: Person, short_name: str, action: Action) -> Environment:
        environment = environments.find(connection, short_name, person)
        require(action, environment, person)
        return environment

    def _done(self, connection: Connection, person: Person, environment: Environment) -> Environment:
        self._notify()
        return environments.find(connection, environment.short_name, person)
