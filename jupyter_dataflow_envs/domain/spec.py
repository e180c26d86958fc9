"""What a person asks for: the part of an environment that can be edited."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """Requirements and Python as they were written; already checked by the grammar (`requirement`, `names`)."""

    python_version: str
    conda_requirements: tuple[str, ...] = ()
    pip_requirements: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Equal for specs that ask for the same, in the same words."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "python_version": self.python_version,
            "conda_requirements": list(self.conda_requirements),
            "pip_requirements": list(self.pip_requirements),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EnvironmentSpec:
        return cls(data["python_version"], tuple(data["conda_requirements"]), tuple(data["pip_requirements"]))
