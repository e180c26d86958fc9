"""What the deployment allows, set by administrators."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..domain.errors import FieldError, InvalidSpec, NotAllowed
from ..domain.events import EventKind
from ..domain.names import check_python_version, shown
from ..domain.permissions import Person
from ..domain.policy import Policy
from ..store import deployment, environments, events
from ..store.database import Database

_NAME = re.compile(r"_?[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


class Policies:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> Policy:
        with self._database.read() as connection:
            return deployment.policy(connection)

    def set(self, person: Person, policy: Policy) -> Policy:
        """Raises NotAllowed, and InvalidSpec for a specifier that nothing could be compared with."""
        if not person.is_admin:
            raise NotAllowed("Only an administrator can change the policy.")
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
        return policy

    def environments_of(self, person: Person) -> int:
        """How many environments the person has, for the quota."""
        with self._database.read() as connection:
            return environments.count_owned(connection, person.name)


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
    for line, channel in enumerate(policy.channels, 1):
        if not channel.strip() or shown(channel, len(channel)) != channel:
            found.append(FieldError("channels", line, shown(channel), "expected a channel's name or URL"))
    return found


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True
