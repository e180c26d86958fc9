"""Who and what uses an environment, and would suffer if it went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from ..domain.environment import Environment
from ..domain.permissions import Person
from ..kernels import leases
from ..store import activations, environments, versions


@dataclass(frozen=True, slots=True)
class Uses:
    people: list[str]
    """Others than the owner and who asks, who have it active."""
    kernels: list[int]
    """Processes on this machine that run from prefixes of its versions alone."""
    children: list[str]
    """Environments based on it, as far as the person may know them."""
    hidden: int = 0
    """How many more are based on it."""

    def __bool__(self) -> bool:
        return bool(self.people or self.kernels or self.children or self.hidden)

    def __str__(self) -> str:
        others = [_count(self.hidden, "environment of someone else", "environments of others")] if self.hidden else []
        parts = [
            *([f"it is active for {', '.join(self.people)}"] if self.people else []),
            *(
                [f"{_count(len(self.kernels), 'running kernel uses', 'running kernels use')} it"]
                if self.kernels
                else []
            ),
            *([f"it is the base of {', '.join([*self.children, *others])}"] if self.children or others else []),
        ]
        return " and ".join(parts)


def uses_of(connection: Connection, root: Path, environment: Environment, person: Person) -> Uses:
    active = {a.person for a in activations.of_environment(connection, environment.id)}
    running = leases.running(root)
    children = environments.based_on(connection, environment.id)
    known = [name for name, owner in children if person.is_admin or owner == person.name]
    return Uses(
        people=sorted(active - {person.name, environment.owner}),
        kernels=[p for prefix in versions.own_prefixes(connection, environment.id) for p in running.get(prefix, ())],
        children=known,
        hidden=len(children) - len(known),
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
