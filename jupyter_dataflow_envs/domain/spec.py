"""What a person asks for: the part of an environment that can be edited."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

KEPT_DIGESTS = 512
"""Of specs, a tenth of a megabyte each at most: those of what is published are asked for with each page of a list."""


@dataclass(frozen=True, slots=True)
class Base:
    """The version that an environment is built on, kept so that it outlives the environment that it came from.

    `digest` is that of the version's lock: its packages are what a build of the child holds on to.
    """

    environment_id: str
    short_name: str
    version: int
    digest: str

    @property
    def title(self) -> str:
        return f"{self.short_name} version {self.version}"


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """Requirements and Python as they were written; already checked by the grammar (`requirement`, `names`).

    An environment on a base has that base's Python, and an empty `python_version`.
    """

    python_version: str
    conda_requirements: tuple[str, ...] = ()
    pip_requirements: tuple[str, ...] = ()
    base: Base | None = None

    @property
    def digest(self) -> str:
        """Equal for specs that ask for the same, in the same words."""
        return _digest(self)

    def to_json(self) -> dict[str, Any]:
        return {
            "python_version": self.python_version,
            "conda_requirements": list(self.conda_requirements),
            "pip_requirements": list(self.pip_requirements),
            **({"base": asdict(self.base)} if self.base else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EnvironmentSpec:
        base = data.get("base")
        return cls(
            data["python_version"],
            tuple(data["conda_requirements"]),
            tuple(data["pip_requirements"]),
            Base(**base) if base else None,
        )


@lru_cache(KEPT_DIGESTS)
def _digest(spec: EnvironmentSpec) -> str:
    return hashlib.sha256(json.dumps(spec.to_json(), sort_keys=True).encode()).hexdigest()
