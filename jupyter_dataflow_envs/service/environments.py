"""Creating, finding, editing and deleting environments."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Connection

from ..builds.workshop import Workshop
from ..domain import names
from ..domain.clock import now
from ..domain.draft import Draft
from ..domain.environment import Environment, LocalOrigin
from ..domain.errors import Conflict, InvalidSpec, QuotaExceeded, ShortNameTaken, Stale
from ..domain.events import EventKind
from ..domain.page import Page
from ..domain.permissions import Action, Person, decide, require
from ..kernels import launcher
from ..store import deployment, environments
from .specs import Specs, refuse, violations_of
from .trail import note
from .uses import uses_of


class Environments:
    def __init__(self, workshop: Workshop, specs: Specs) -> None:
        self._workshop = workshop
        self._database = workshop.database
        self._specs = specs

    def list(self, person: Person, page: Page) -> tuple[list[Environment], str | None]:
        with self._database.look() as connection:
            return environments.page(connection, page, person)

    def get(self, person: Person, short_name: str) -> Environment:
        with self._database.look() as connection:
            return environments.find(connection, short_name, person)

    def refusal_of_short_name(self, short_name: str) -> str | None:
        """Why a new environment could not be called so; None when it could, as things stand now."""
        try:
            name = names.check_short_name(short_name)
        except InvalidSpec as error:
            return error.errors[0].message
        with self._database.look() as connection:
            return ShortNameTaken(name).message if environments.is_taken(connection, name) else None

    def create(
        self, person: Person, short_name: str, draft: Draft, copied_from: LocalOrigin | None = None
    ) -> Environment:
        """Raises InvalidSpec, ShortNameTaken, PolicyViolated, QuotaExceeded, and Conflict for an unusable base."""
        with self._database.write() as connection:
            spec, checked = self._specs.draw_up(
                connection,
                person,
                draft,
                lambda: names.check_short_name(short_name),
                lambda: names.check_full_name(draft.full_name or ""),
                lambda: names.check_description(draft.description or ""),
            )
            moment = now()
            made = Environment(
                id=uuid.uuid4().hex,
                short_name=checked[0],
                full_name=checked[1],
                description=checked[2],
                owner=person.name,
                spec=spec,
                revision=1,
                created_at=moment,
                updated_at=moment,
                copied_from=copied_from,
            )
            policy = deployment.policy(connection)
            refuse(violations_of(policy, spec))
            owned = environments.count_owned(connection, person.name)
            if policy.max_environments is not None and owned >= policy.max_environments and not person.is_admin:
                raise QuotaExceeded(
                    f"You have {owned} environments, and {policy.max_environments} are allowed here: delete one first."
                )
            environments.insert(connection, made)
            origin: dict[str, Any] = {"copied_from": copied_from.name} if copied_from else {}
            note(connection, EventKind.CREATED, person, made, **origin)
        return made

    def edit(self, person: Person, short_name: str, draft: Draft, etag: str | None) -> Environment:
        """`etag`: of what the person has seen; Stale when it has moved on. None: whatever it is now."""
        with self._database.write() as connection:
            before = environments.find(connection, short_name, person)
            require(Action.EDIT, before, person)
            if etag is not None and etag != before.etag:
                raise Stale("Someone else has changed this environment: look at it again, then repeat your change.")
            wanted_name = before.full_name if draft.full_name is None else draft.full_name
            wanted_description = before.description if draft.description is None else draft.description
            spec, (full_name, description) = self._specs.draw_up(
                connection,
                person,
                draft,
                lambda: names.check_full_name(wanted_name),
                lambda: names.check_description(wanted_description),
                before=before.spec,
                environment_id=before.id,
            )
            pairs = {
                "full_name": (before.full_name, full_name),
                "description": (before.description, description),
                "requirements": (before.spec, spec),
            }
            changed = [name for name, (old, new) in pairs.items() if old != new]
            if changed:
                if "requirements" in changed:
                    refuse(violations_of(deployment.policy(connection), spec))
                environments.edit(
                    connection,
                    before.id,
                    revision=before.revision,
                    full_name=full_name,
                    description=description,
                    spec=spec,
                )
                note(connection, EventKind.EDITED, person, before, changed=changed)
            return environments.find(connection, short_name, person)

    def delete(self, person: Person, short_name: str, *, force: bool = False) -> None:
        """Rows, logs, kernelspecs, and the prefixes that no other version uses once no kernel runs in them.

        Refused while it is built, waits for approval or is used, and the refusal says by what; an administrator may
        force that.
        """
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            decision = decide(Action.DELETE, environment, person)
            forced = force and person.is_admin and person.decides
            if not decision.forbidden and not forced:
                self._refuse_in_use(connection, environment, person)
            if decision.forbidden or not forced:
                require(Action.DELETE, environment, person)
            # Before it is removed: the event goes to those who see it now.
            note(connection, EventKind.DELETED, person, environment, full_name=environment.full_name, forced=forced)
            environments.remove(connection, environment.id)
        launcher.remove_launchers(self._workshop.root.path, environment.id)

    def _refuse_in_use(self, connection: Connection, environment: Environment, person: Person) -> None:
        """Raises Conflict with who and what uses it, as far as this person may know."""
        uses = uses_of(connection, self._workshop.root.path, environment, person)
        if uses:
            raise Conflict(
                f"'{environment.short_name}' can't be deleted: {uses}. "
                + ("Force it if you mean to." if person.is_admin else "Ask an administrator if it must go."),
                active_people=uses.people,
                running_kernels=uses.kernels,
                base_of=uses.children,
            )
