"""What people type, checked: by the grammar, by the bases that they may build on, by the deployment's policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from ..domain import names
from ..domain.draft import Draft, Keep, WantedBase
from ..domain.errors import FieldError, InvalidSpec, NotFound, PolicyViolated
from ..domain.permissions import Action, Person, require
from ..domain.policy import Policy, Violation
from ..domain.requirement import parse_pair
from ..domain.spec import Base, EnvironmentSpec
from ..store import environments, versions


class Specs:
    def __init__(self, *, extended_requirements: bool) -> None:
        self._extended = extended_requirements

    def draw_up(
        self,
        connection: Connection,
        person: Person,
        draft: Draft,
        *checks: Callable[[], str],
        before: EnvironmentSpec | None = None,
        environment_id: str | None = None,
    ) -> tuple[EnvironmentSpec, list[str]]:
        """The spec that the draft asks for, `before` where it says nothing, and the results of the other checks.

        Raises InvalidSpec with the faults of all at once, and Conflict for a base that can't be used now.
        """
        before = before or EnvironmentSpec("")
        conda = before.conda_requirements if draft.conda_requirements is None else tuple(draft.conda_requirements)
        pip = before.pip_requirements if draft.pip_requirements is None else tuple(draft.pip_requirements)
        python = before.python_version if draft.python_version is None else draft.python_version
        base = before.base
        faults: list[FieldError] = []
        if not isinstance(draft.base, Keep):
            try:
                base = self._base(connection, person, draft.base, before.base, environment_id)
            except InvalidSpec as error:
                faults += error.errors
                base = None
        asks_for_base = base is not None or bool(faults)
        if asks_for_base and not draft.python_version:
            python = ""
        faults += self.requirement_errors(conda, pip)
        results = collect(*checks, lambda: _python(python, based=asks_for_base), errors=faults)
        return EnvironmentSpec(results[-1], conda, pip, base), results[:-1]

    def requirement_errors(self, conda: Sequence[str], pip: Sequence[str]) -> Sequence[FieldError]:
        try:
            parse_pair(conda, pip, extended=self._extended)
        except InvalidSpec as error:
            return error.errors
        return ()

    def _base(
        self,
        connection: Connection,
        person: Person,
        wanted: WantedBase | None,
        current: Base | None,
        environment_id: str | None,
    ) -> Base | None:
        """What is recorded stays usable when its environment has moved on, or is gone."""
        if wanted is None:
            return None
        if current is not None and (wanted.short_name, wanted.version) == (current.short_name, current.version):
            return current
        try:
            environment = environments.find(connection, wanted.short_name, person)
        except NotFound:
            raise _refused(wanted.short_name, "there is no environment of this name that you could build on") from None
        if environment.id == environment_id:
            raise _refused(wanted.short_name, "an environment can't be its own base")
        require(Action.USE_AS_BASE, environment, person)
        usable = environment.usable_by(person.name)
        assert usable is not None
        if wanted.version not in (None, usable):
            raise _refused(
                f"{wanted.short_name}@{wanted.version}",
                f"only its usable version can be built on: take version {usable}",
            )
        version = versions.find(connection, environment.id, usable)
        assert version.digest is not None
        return Base(environment.id, environment.short_name, usable, version.digest)


def violations_of(policy: Policy, spec: EnvironmentSpec) -> list[Violation]:
    """What is wrong with what is asked for, before anything is solved."""
    conda, pip = parse_pair(spec.conda_requirements, spec.pip_requirements, extended=True)
    python = policy.check_python(spec.python_version) if spec.base is None else []
    return [*python, *policy.check_requested(r.name for r in (*conda, *pip))]


def refuse(violations: Sequence[Violation]) -> None:
    """Raises PolicyViolated when there are any."""
    if violations:
        raise PolicyViolated(
            "This deployment does not allow it: " + "; ".join(map(str, violations)) + ".",
            violations=[asdict(v) for v in violations],
        )


def collect(*checks: Callable[[], str], errors: Sequence[FieldError] = ()) -> list[str]:
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


def _python(version: str, *, based: bool) -> str:
    if not based:
        return names.check_python_version(version)
    if version:
        raise InvalidSpec(
            [FieldError("python_version", None, names.shown(version), "the base brings its own Python: leave this out")]
        )
    return ""


def _refused(text: str, message: str) -> InvalidSpec:
    return InvalidSpec([FieldError("base", None, names.shown(text), message)])
