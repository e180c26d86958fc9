"""Environments for tests that need one."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from jupyter_dataflow_envs.domain.environment import Deprecation, Environment, Publication
from jupyter_dataflow_envs.domain.review import Review, ReviewState
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec

MOMENT = datetime(2026, 5, 4, 12, 30, tzinfo=timezone.utc)
DEPRECATION = Deprecation("use mlnew", MOMENT)


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


def publication(version: int, **changed: Any) -> Publication:
    """Of that version, under names that the environment has no more."""
    fields: dict[str, Any] = {
        "full_name": "Machine learning, as published",
        "description": "as published",
        "spec": EnvironmentSpec("3.10", ("numpy",)),
        "at": datetime(2026, 4, 1, tzinfo=timezone.utc),
    }
    return Publication(version, **{**fields, **changed})


def review(version: int, **changed: Any) -> Review:
    """Of ann's submission of that version, open unless told otherwise."""
    fields: dict[str, Any] = {
        "id": "r" * 32,
        "environment_id": "e" * 32,
        "digest": "d" * 64,
        "state": ReviewState.PENDING,
        "note": "please",
        "submitted_by": "ann",
        "submitted_at": MOMENT,
    }
    return Review(version=version, **{**fields, **changed})
