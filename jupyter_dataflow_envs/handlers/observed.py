"""What is noted of each request that the service of a team answers: one line of log, one observation."""

from __future__ import annotations

import logging

from prometheus_client import Histogram
from tornado import web

SLOW_SECONDS = 1.0
"""A good answer that took longer is worth a line of its own."""

LATENCY = Histogram(
    "dataflow_envs_request_seconds",
    "How long requests took, by handler, method and status.",
    ["handler", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)


def note(handler: web.RequestHandler) -> None:
    """For tornado's `log_function`. Neither query nor headers are told: tokens may stand there."""
    status, seconds, request = handler.get_status(), handler.request.request_time(), handler.request
    method = request.method or ""
    if status != 101:  # a socket lasts as long as its person looks
        LATENCY.labels(type(handler).__name__, method, str(status)).observe(seconds)
    level = logging.ERROR if status >= 500 and status != 503 else logging.INFO
    if status < 400 and seconds < SLOW_SECONDS:
        level = logging.DEBUG
    user = getattr(handler, "_jupyter_current_user", None)
    logging.getLogger("dataflow_envs.requests").log(
        level,
        "%d %s %s %.0f ms",
        status,
        method,
        request.path,
        seconds * 1000,
        extra={
            "status": status,
            "method": method,
            "path": request.path,
            "person": getattr(user, "username", None),
            "remote": request.remote_ip,
            "milliseconds": round(seconds * 1000, 1),
        },
    )
