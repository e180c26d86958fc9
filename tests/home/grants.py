"""Grants as the service gives them."""

from __future__ import annotations

from jupyter_dataflow_envs.domain.grant import Grant


def grant(short_name: str, *, version: int = 1) -> Grant:
    return Grant(
        environment_id=f"id-of-{short_name}",
        short_name=short_name,
        full_name=short_name.upper(),
        audience="latest",
        version=version,
        digest=f"digest of {short_name} {version}",
        prefix_id="0123456789ab",
        prefix="/nowhere/prefixes/0123456789ab",
        reason=None,
    )
