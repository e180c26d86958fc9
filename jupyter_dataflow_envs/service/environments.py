"""Creating, finding, editing and deleting environments."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from ..builds.build import Workshop
from ..domain import names
from ..domain.clock import now
from ..domain.environment import Environment
from ..domain.errors import Conflict, FieldError, InvalidSpec, PolicyViolated, QuotaExceeded, Stale
from ..domain.events import EventKind
from ..domain.page import Page
from ..domain.permissions import Action, Person, require
from ..domain.policy import Policy
from ..domain.requirement import parse_pair
from ..domain.spec import EnvironmentSpec
from ..kernels import launcher, leases
from ..store import activations, deployment, environments, events, versions


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person typed into the form; None in an edit: leave it as it is."""

    full_name: str | None = None
    description: str | None = None
    python_version: str | None = None
    conda_requirements: Sequence[str] | None = None
    pip_requirements: Sequence[str] | None = None


class Environments:
    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._database = workshop.database

    def list(self, person: Person, page: Page) -> tuple[list[Environment], str | None]:
        with self._database.read() as connection:
            return environments.page(connection, page, person)

    def get(self, person: Person, short_name: str) -> Environment:
        with self._database.read() as connection:
            return environments.find(connection, short_name, person)

    def create(self, person: Person, short_name: str, draft: Draft) -> Environment:
        """Raises InvalidSpec, ShortNameTaken, PolicyViolated, QuotaExceeded."""
        checked = _collect(
            lambda: names.check_short_name(short_name),
            lambda: names.check_full_name(draft.full_name or ""),
            lambda: names.check_description(draft.description or ""),
            lambda: names.check_python_version(draft.python_version or ""),
            errors=self._requirement_errors(draft.conda_requirements or (), draft.pip_requirements or ()),
        )
        spec = EnvironmentSpec(checked[3], tuple(draft.conda_requirements or ()), tuple(draft.pip_requirements or ()))
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
        )
        with self._database.write() as connection:
            policy = deployment.policy(connection)
            self._check_policy(policy, spec)
            owned = environments.count_owned(connection, person.name)
            if policy.max_environments is not None and owned >= policy.max_environments and not person.is_admin:
                raise QuotaExceeded(
                    f"You have {owned} environments, and {policy.max_environments} are allowed here: delete one first."
                )
            environments.insert(connection, made)
            events.record(
                connection, EventKind.CREATED, person.name, environment_id=made.id, short_name=made.short_name
            )
        return made

    def edit(self, person: Person, short_name: str, draft: Draft, etag: str | None) -> Environment:
        """`etag`: of what the person has seen; Stale when it has moved on. None: whatever it is now."""
        with self._database.write() as connection:
            before = environments.find(connection, short_name, person)
            require(Action.EDIT, before, person)
            if etag is not None and etag != before.etag:
                raise Stale("Someone else has changed this environment: look at it again, then repeat your change.")
            full_name, description, spec = self._edited(before, draft)
            if (full_name, description, spec) != (before.full_name, before.description, before.spec):
                if spec != before.spec:
                    self._check_policy(deployment.policy(connection), spec)
                environments.edit(
                    connection,
                    before.id,
                    revision=before.revision,
                    full_name=full_name,
                    description=description,
                    spec=spec,
                )
                changed = [
                    name
                    for name, old, new in (
                        ("full_name", before.full_name, full_name),
                        ("description", before.description, description),
                        ("requirements", before.spec, spec),
                    )
                    if old != new
                ]
                events.record(
                    connection,
                    EventKind.EDITED,
                    person.name,
                    environment_id=before.id,
                    short_name=before.short_name,
                    changed=changed,
                )
            return environments.find(connection, short_name, person)

    def delete(self, person: Person, short_name: str, *, force: bool = False) -> None:
        """Rows, logs, kernelspecs, and the prefixes that no other version uses once no kernel runs in them.

        Refused while others use it; an administrator may force that.
        """
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.DELETE, environment, person)
            if not (force and person.is_admin):
                self._refuse_in_use(connection, environment, person)
            environments.remove(connection, environment.id)
            events.record(
                connection,
                EventKind.DELETED,
                person.name,
                environment_id=environment.id,
                short_name=environment.short_name,
                full_name=environment.full_name,
                owner=environment.owner,
                forced=force,
            )
        launcher.remove_launchers(self._workshop.root.path, environment.id)

    def _refuse_in_use(self, connection: Connection, environment: Environment, person: Person) -> None:
        people = sorted(
            {a.person for a in activations.of_environment(connection, environment.id)}
            - {person.name, environment.owner}
        )
        running = leases.running(self._workshop.root.path)
        kernels = [
            pid for prefix_id in versions.own_prefixes(connection, environment.id) for pid in running.get(prefix_id, ())
        ]
        uses = []
        if people:
            uses.append(f"it is active for {', '.join(people)}")
        if kernels:
            uses.append(f"{len(kernels)} running kernel{'s' if len(kernels) > 1 else ''} use it")
        if uses:
            raise Conflict(
                f"'{environment.short_name}' can't be deleted: {' and '.join(uses)}. Shut the kernels down, or ask an "
                "administrator.",
                active_people=people,
                running_kernels=kernels,
            )

    def check(self, draft: Draft, spec: EnvironmentSpec) -> EnvironmentSpec:
        """The spec with the draft's changes, checked by the grammar. Raises InvalidSpec."""
        conda = spec.conda_requirements if draft.conda_requirements is None else tuple(draft.conda_requirements)
        pip = spec.pip_requirements if draft.pip_requirements is None else tuple(draft.pip_requirements)
        python = spec.python_version if draft.python_version is None else draft.python_version
        (python,) = _collect(lambda: names.check_python_version(python), errors=self._requirement_errors(conda, pip))
        return EnvironmentSpec(python, conda, pip)

    def _edited(self, before: Environment, draft: Draft) -> tuple[str, str, EnvironmentSpec]:
        full_name = before.full_name if draft.full_name is None else draft.full_name
        description = before.description if draft.description is None else draft.description
        try:
            spec = self.check(draft, before.spec)
            errors: list[FieldError] = []
        except InvalidSpec as error:
            spec, errors = before.spec, list(error.errors)
        full_name, description = _collect(
            lambda: names.check_full_name(full_name), lambda: names.check_description(description), errors=errors
        )
        return full_name, description, spec

    def _requirement_errors(self, conda: Sequence[str], pip: Sequence[str]) -> Sequence[FieldError]:
        try:
            parse_pair(conda, pip, extended=self._workshop.settings.extended_requirements)
        except InvalidSpec as error:
            return error.errors
        return ()

    def _check_policy(self, policy: Policy, spec: EnvironmentSpec) -> None:
        conda, pip = parse_pair(spec.conda_requirements, spec.pip_requirements, extended=True)
        violations = [
            *policy.check_python(spec.python_version),
            *policy.check_requested(r.name for r in (*conda, *pip)),
        ]
        if violations:
            raise PolicyViolated(
                "This deployment does not allow it: " + "; ".join(map(str, violations)) + ".",
                violations=[asdict(v) for v in violations],
            )


def _collect(*checks: Callable[[], str], errors: Sequence[FieldError]) -> list[str]:
    """The results of all checks; raises InvalidSpec with the errors of all, so that a person sees them at once."""
    found: list[FieldError] = []
    results = []
    for check in checks:
        try:
            results.append(check())
        except InvalidSpec as error:
            found.extend(error.errors)
    if found or errors:
        raise InvalidSpec([*found, *errors])
    return results
