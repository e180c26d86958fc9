"""For `jupyterhub_config.py`: the environment service, and environments to choose from when a server is launched.

    from jupyter_dataflow_envs import hub

    hub.add_service(c, config_file="/etc/dataflow-envs/service.py")

What is used here runs inside JupyterHub's process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .choice import ACTIVATE, OPTION, Choice
from .published import PublishedEnvironments
from .service import DECIDE, add

__all__ = ["ACTIVATE", "DECIDE", "OPTION", "add_service", "configure"]

TIMEOUT = 5.0
"""Seconds that somebody who starts a server waits for the service at most."""


def add_service(
    c: Any,
    *,
    name: str = "environments",
    url: str = "http://127.0.0.1:8998",
    config_file: str | Path | None = None,
    api_token: str = "",
    environment: Mapping[str, str] | None = None,
    administrators: Sequence[str] = (),
    administrator_groups: Sequence[str] = (),
) -> None:
    """Make the environment service one of this hub: managed by it, or with `api_token` one that runs elsewhere.

    Call it last. It gives everybody and their servers access to the service; hub administrators, `administrators` and
    members of `administrator_groups` may decide there; servers are told where it is, and the published environments are
    offered when one is launched (`configure`). `url`: where the service listens, as hub and servers reach it.
    `config_file`: the service's own settings; `environment`: what it is started with beside them, such as
    DATAFLOW_ENVS_DATABASE_URL, which needs no other reader.
    """
    service_url, token = add(
        c,
        name=name,
        url=url,
        config_file=config_file,
        api_token=api_token,
        environment=environment or {},
        administrators=administrators,
        administrator_groups=administrator_groups,
    )
    configure(c, service_url=service_url, api_token=token)


def configure(
    c: Any,
    *,
    service_url: str,
    api_token: str = "",
    api_token_file: str | Path | None = None,
    timeout: float = TIMEOUT,
    ca_file: str | Path | None = None,
) -> None:
    """Offer the published environments on the spawn page, and as `{"dataflow_environment": "mlenv"}` to API spawns.

    Call it last: forms and hooks that `c.Spawner`, or another `c.…Spawner`, has by then, and those that a spawner class
    has by itself, such as KubeSpawner's profiles, go on working beside it. `service_url`: what lies above the service's
    `dataflow-envs/`. The token, which may be in a file instead, is that of somebody who is no administrator there.
    `timeout` is in seconds; `ca_file` holds the certificates that vouch for the service. Raises ValueError.
    """
    if bool(api_token) == bool(api_token_file):
        raise ValueError("Give either api_token or api_token_file: the service lists environments to who has a token.")
    if not service_url.startswith(("http://", "https://")):
        raise ValueError(f"service_url must be an http:// or https:// address, not {service_url!r}.")

    def token() -> str:
        return Path(api_token_file).read_text(encoding="utf-8").strip() if api_token_file else api_token

    published = PublishedEnvironments(service_url, token, timeout, str(ca_file) if ca_file else None)
    Choice(published, c.Spawner).apply_to(c.Spawner, whole=True)
    for name in [n for n in c if n.endswith("Spawner") and n != "Spawner"]:
        # What stands there goes before what `c.Spawner` says.
        Choice(published, c[name]).apply_to(c[name], whole=False)
