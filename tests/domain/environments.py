"""Environments for tests that need one."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from jupyter_dataflow_envs.domain.environment import Environment
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec

MOMENT = datetime(2026, 5, 4, 12, 30, tzinfo=timezone.utc)


def environment(**changed: Any) -> Environment:
    """`mlenv` of ann, saved, unless told otherwise."""
    fields: dict[str, Any] = {
        "id": "e" * 32,
        "short_name": "mlenv",
        "full_name": "Machine learning",
        "description": "",
        "owner": "ann",
        "spec": EnvironmentSpec("3.11", ("pandas",), ("rich",)),
        "revision": 1,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }
    return Environment(**{**fields, **changed})
