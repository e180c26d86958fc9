"""What the deployment allows, set by administrators."""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..domain.errors import FieldError, InvalidSpec, NotAllowed
from ..domain.events import EventKind
from ..domain.permissions import Person
from ..domain.policy import Policy
from ..store import deployment, environments, events
from ..store.database import Database


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
        errors = [
            FieldError(
                "denied_packages", line, denied.specifier, "expected a specifier such as <2 or ==1.4.*, or nothing"
            )
            for line, denied in enumerate(policy.denied_packages, 1)
            if not _is_specifier(denied.specifier)
        ]
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


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True
