"""All routes, as templates that the OpenAPI document shows and as patterns that tornado matches."""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.utils import url_path_join

from . import (
    activation,
    audit,
    deployment,
    environments,
    events,
    imports,
    kernels,
    local,
    local_events,
    log_stream,
    reviews,
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

ROUTES = [
    *deployment.ROUTES,
    *environments.ROUTES,
    *activation.ROUTES,
    *kernels.ROUTES,
    *versions.ROUTES,
    *reviews.ROUTES,
    *imports.ROUTES,
    *log_stream.ROUTES,
    *audit.ROUTES,
    *events.ROUTES,
    *local.ROUTES,
    *local_events.ROUTES,
]


def tornado_handlers(base_url: str) -> list[tuple[str, Any]]:
    known = [(url_path_join(base_url, NAMESPACE, _pattern(path)), handler) for path, handler in ROUTES]
    return [*known, (url_path_join(base_url, NAMESPACE, "(.*)"), deployment.UnknownHandler)]


def _pattern(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{PATTERNS[m[1]]})", path.replace(".", r"\."))
