"""The environment service as a service of a JupyterHub: who may use it, who may decide, and where people find it."""

from __future__ import annotations

import copy
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from traitlets.config.loader import LazyConfigValue

DECIDE = "custom:dataflow-envs:decide"
"""The scope of administrators' decisions; no token of a notebook server has it."""

SERVICE_URL = "DATAFLOW_ENVS_SERVICE_URL"
"""The environment variable that tells people's servers where the service is."""

SERVER_SCOPES = ["users:activity!user", "access:servers!server"]
"""What JupyterHub gives each server's token by itself."""


def add(
    c: Any,
    *,
    name: str,
    url: str,
    config_file: str | Path | None,
    api_token: str,
    environment: Mapping[str, str],
    administrators: Sequence[str],
    administrator_groups: Sequence[str],
) -> tuple[str, str]:
    """Returns the service's base URL, and the token of who asks it for the choice at a server's launch."""
    access = f"access:services!service={name}"
    service: dict[str, Any] = {
        "name": name,
        "url": url,
        "oauth_client_allowed_scopes": [DECIDE],
        "oauth_no_confirm": True,
    }
    if api_token:
        service["api_token"] = api_token
    else:
        settings = [f"--config={config_file}"] if config_file else []
        service |= {
            "command": [sys.executable, "-m", "jupyter_dataflow_envs.serve", *settings],
            "environment": dict(environment),
        }
    choice, token = f"{name}-choice", secrets.token_hex(32)
    _grow(c.JupyterHub, "services", [service, {"name": choice, "api_token": token, "display": False}])
    described = {"description": "Decide about everybody's environments: approve, reject, deprecate, set the policy."}
    _add(c.JupyterHub, "custom_scopes", {DECIDE: described})
    _allow(c, "user", ["self"], [access])
    _allow(c, "server", SERVER_SCOPES, [access])
    people = sorted({*administrators, *_plain(c.Authenticator, "admin_users", ())})
    _grow(
        c.JupyterHub,
        "load_roles",
        [
            {"name": choice, "services": [choice], "scopes": [access]},
            {
                "name": f"{name}-administrators",
                "description": "Decides about everybody's environments",
                "users": people,
                "groups": list(administrator_groups),
                "scopes": [DECIDE, access],
            },
        ],
    )
    base = f"{url.rstrip('/')}{_plain(c.JupyterHub, 'base_url', '/').rstrip('/')}/services/{name}/"
    _add(c.Spawner, "environment", {SERVICE_URL: base})
    for kind in [n for n in c if n.endswith("Spawner") and n != "Spawner" and "environment" in c[n]]:
        # What stands there goes before what `c.Spawner` says; in the chart for Kubernetes that is an empty table.
        _add(c[kind], "environment", {SERVICE_URL: base})
    return base, token


def _allow(c: Any, role: str, usual: Sequence[str], more: Sequence[str]) -> None:
    """Give a role of JupyterHub's own, as it is configured by now or `usual`, these scopes too."""
    mine = next((r for r in _plain(c.JupyterHub, "load_roles", []) if r["name"] == role), None)
    if mine is None:
        _grow(c.JupyterHub, "load_roles", [{"name": role, "scopes": [*usual, *more]}])
    else:
        mine["scopes"] = [*mine.get("scopes", usual), *more]


def _grow(section: Any, trait: str, more: Sequence[Any]) -> None:
    """Add to a list; to one that stands in another file, which is read before or after, as well."""
    if trait in section and not isinstance(section[trait], LazyConfigValue):
        section[trait] = [*section[trait], *more]
    else:
        section[trait].extend(more)


def _add(section: Any, trait: str, more: Mapping[str, Any]) -> None:
    """As `_grow`, to a table."""
    if trait in section and not isinstance(section[trait], LazyConfigValue):
        section[trait] = {**section[trait], **more}
    else:
        section[trait].update(more)


def _plain(section: Any, trait: str, default: Any) -> Any:
    """What the configuration says by now, although some of it may be said in parts (`.append`, `.update`)."""
    if trait not in section:
        return default
    value = section[trait]
    # A copy: it takes the first value that it is asked about for what it was added to.
    return copy.deepcopy(value).get_value(default) if isinstance(value, LazyConfigValue) else value
