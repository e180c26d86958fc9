"""All routes, as templates that the OpenAPI document shows and as patterns that tornado matches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jupyter_server.utils import url_path_join

from . import (
    activation,
    audit,
    deployment,
    environments,
    events,
    images,
    imports,
    kernels,
    local,
    local_events,
    log_stream,
    reviews,
    servers,
    usage,
    versions,
)

NAMESPACE = "dataflow-envs"

PATTERNS = {
    "short_name": r"[^/]+",
    "number": r"[0-9]{1,9}",
    "format": r"[^/]+",
    "manager": r"[^/]+",
    "name": r"[^/]*",  # what somebody is typing, and has not typed yet
    "review": r"[^/]+",
    "local": r"[^/]+",
}

SHARED = [
    *deployment.ROUTES,
    *environments.ROUTES,
    *usage.ROUTES,
    *versions.ROUTES,
    *images.ROUTES,
    *reviews.ROUTES,
    *imports.ROUTES,
    *log_stream.ROUTES,
    *audit.ROUTES,
    *events.ROUTES,
    *servers.ROUTES,
]
"""What the service of a deployment answers, wherever it runs."""

PERSONAL = [
    *activation.ROUTES,
    *kernels.ROUTES,
    *local.ROUTES,
    *local_events.ROUTES,
]
"""What a person's notebook server answers itself, wherever the service runs."""

ROUTES = [*SHARED, *PERSONAL]


def tornado_handlers(base_url: str, routes: Sequence[tuple[str, Any]] = ROUTES) -> list[tuple[str, Any]]:
    known = [(url_path_join(base_url, NAMESPACE, _pattern(path)), handler) for path, handler in routes]
    return [*known, (url_path_join(base_url, NAMESPACE, "(.*)"), deployment.UnknownHandler)]


def _pattern(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{PATTERNS[m[1]]})", path.replace(".", r"\."))
