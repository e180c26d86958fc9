"""What the deployment allows, set by administrators."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from sqlalchemy import Connection

from ..domain.errors import FieldError, InvalidSpec, NotAllowed
from ..domain.events import EventKind
from ..domain.names import check_python_version, shown
from ..domain.permissions import Person, require_administrator
from ..domain.policy import Policy, Violation
from ..store import deployment, environments, events, versions
from ..store.database import Database

_NAME = re.compile(r"_?[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Violating:
    """A published version that the policy would not allow to be published now."""

    short_name: str
    version: int
    owner: str
    violations: list[Violation]


@dataclass(frozen=True, slots=True)
class Used:
    environments: int
    bytes: int


class Policies:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> Policy:
        with self._database.look() as connection:
            return deployment.policy(connection)

    def limits(self, person: Person) -> tuple[Policy, Used]:
        """What is allowed here, and what the person has of it."""
        with self._database.look() as connection:
            return deployment.policy(connection), _used_by(connection, person)

    def set(self, person: Person, policy: Policy) -> list[Violating]:
        """Returns the published environments that the new policy would not allow: they stay, and it is said of them.

        Raises NotAllowed, and InvalidSpec for a specifier that nothing could be compared with.
        """
        require_administrator(person, "change the policy")
        errors = _errors(policy)
        if errors:
            raise InvalidSpec(errors)
        with self._database.write() as connection:
            before = deployment.policy(connection)
            if before != policy:
                deployment.write(connection, "policy", policy.to_json())
                events.record(
                    connection, EventKind.POLICY_CHANGED, person.name, before=before.to_json(), after=policy.to_json()
                )
        # Not in that transaction: it reads the locks of all that is published, and writers would wait for it.
        with self._database.read() as connection:
            return _violating(connection, policy)

    def violating(self, person: Person) -> list[Violating]:
        """The published environments that the policy would not allow now. Raises NotAllowed."""
        if not person.is_admin:
            raise NotAllowed("Only an administrator can see what violates the policy.")
        with self._database.read() as connection:
            return _violating(connection, deployment.policy(connection))


def _used_by(connection: Connection, person: Person) -> Used:
    return Used(environments.count_owned(connection, person.name), versions.held_bytes(connection, person.name))


def _violating(connection: Connection, policy: Policy) -> list[Violating]:
    digests = versions.published_digests(connection)
    found = []
    for environment in environments.published(connection):
        lock = versions.lock(connection, digests[environment.id])
        if violations := policy.check_resolved(lock.packages, complete=True):
            assert environment.published is not None
            found.append(Violating(environment.short_name, environment.published, environment.owner, violations))
    return found


def _errors(policy: Policy) -> list[FieldError]:
    found = [
        FieldError("denied_packages", line, shown(denied.specifier), "expected a specifier such as <2, or nothing")
        for line, denied in enumerate(policy.denied_packages, 1)
        if not _is_specifier(denied.specifier)
    ]
    names = {"denied_packages": [d.name for d in policy.denied_packages], "required_packages": policy.required_packages}
    for field, listed in names.items():
        for line, name in enumerate(listed, 1):
            if not _NAME.fullmatch(name):
                found.append(FieldError(field, line, shown(name), "expected a library's name"))
    for line, version in enumerate(policy.python_versions, 1):
        try:
            check_python_version(version)
        except InvalidSpec as error:
            found.append(FieldError("python_versions", line, shown(version), error.errors[0].message))
    places = {"channels": (policy.channels, "channel's name or URL"), "indexes": (policy.indexes, "index's URL")}
    for field, (listed, expected) in places.items():
        for line, place in enumerate(listed, 1):
            if not place.strip() or shown(place, len(place)) != place:
                found.append(FieldError(field, line, shown(place), f"expected a {expected}"))
    return found


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True
