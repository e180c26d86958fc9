"""Whether the service of a team can be used now, and what it has nothing to do with."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from ..domain.errors import DataflowError, Unavailable
from .base import DataflowHandler


class ReadyHandler(DataflowHandler):
    """200 when requests would be answered, else 503: for who sends them here, or restarts it."""

    _track_activity = False

    @allow_unauthenticated
    async def get(self) -> None:
        deployment = self.gate.deployment
        try:
            if deployment is None:
                raise self.gate.failure or Unavailable("It is starting.")
            await self.call_reading(deployment.measures.queue)
        except DataflowError as error:
            self.refuse(error)
            return
        self.answer({"status": "ready"})


class NowhereHandler(DataflowHandler):
    """Whatever is asked for that the service does not have."""

    @allow_unauthenticated
    async def _refuse_unknown(self) -> None:
        raise web.HTTPError(404)

    get = post = put = patch = delete = _refuse_unknown
