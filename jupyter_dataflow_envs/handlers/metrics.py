"""What Prometheus is told of the service of a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest
from tornado import web

from ..domain.errors import DataflowError
from .base import DataflowHandler

if TYPE_CHECKING:
    from ..service.core import Service

BUILDS = Counter("dataflow_envs_builds", "Builds that ended, by outcome.", ["outcome"])
STEPS = Histogram(
    "dataflow_envs_build_step_seconds",
    "How long the steps of builds took.",
    ["step"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
QUEUE = Gauge("dataflow_envs_builds_active", "Builds that wait and builds that run.", ["state"])
SOCKETS = Gauge("dataflow_envs_event_sockets", "Open sockets of events.")


class MetricsHandler(DataflowHandler):
    """In Prometheus' format; for administrators, or for everybody who can reach it if the settings say so."""

    _track_activity = False

    @allow_unauthenticated
    async def get(self) -> None:
        try:
            self.deployment = await self.gate.ready()
        except DataflowError as error:
            self.refuse(error)
            return
        if not self.settings["dataflow_envs_open_metrics"] and (self.current_user is None or not self.person.is_admin):
            raise web.HTTPError(403)
        service: Any = self.deployment
        await self.call(_observe, service)
        audience = self.settings.get("dataflow_envs_audience")
        SOCKETS.set(len(audience) if audience is not None else 0)
        self.set_header("Cache-Control", "no-store")
        self.finish(generate_latest(REGISTRY), set_content_type=CONTENT_TYPE_LATEST)


def _observe(service: Service) -> None:
    for build in service.measures.ended_builds():
        BUILDS.labels(build.outcome).inc()
        for step in build.steps:
            STEPS.labels(step.name).observe(step.duration)
    queue = service.measures.queue()
    QUEUE.labels("queued").set(queue.queued)
    QUEUE.labels("building").set(queue.building)
