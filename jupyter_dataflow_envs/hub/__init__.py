"""For `jupyterhub_config.py`: environments to choose from when a server is launched.

    from jupyter_dataflow_envs import hub

    hub.configure(c, service_url="http://127.0.0.1:10101/services/dataflow-envs/", api_token=…)

What is used here runs inside JupyterHub's process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .choice import ACTIVATE, OPTION, Choice
from .published import PublishedEnvironments

__all__ = ["ACTIVATE", "OPTION", "configure"]

TIMEOUT = 5.0
"""Seconds that somebody who starts a server waits for the service at most."""


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
