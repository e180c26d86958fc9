"""Routes by which people's notebook servers use the service of a team: what is active there, and how to install it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..domain.clock import from_text, now
from ..domain.errors import Malformed
from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from datetime import datetime

    from ..domain.grant import Grant
    from ..models import GrantAnswer, InstallationAnswer
    from ..service.grants import Installation


class GrantsHandler(DataflowHandler):
    _track_activity = False

    @operation("What is active in that notebook server of yours.", answer="GrantList", query=("server",))
    async def get(self) -> None:
        active = self.deployment.grants.active
        found = await self.call(active, self.person, self.get_query_argument("server", ""))
        self.answer({"deployment": self.deployment.id, "items": [grant_answer(g) for g in found]})


class GrantHandler(DataflowHandler):
    @operation("The version that you can run commands in.", answer="GrantAnswer")
    async def get(self, short_name: str) -> None:
        usable = self.deployment.grants.usable
        self.answer(grant_answer(await self.call_reading(usable, self.person, short_name)))

    @operation("Make it active in a notebook server of yours.", body="ActivationBody", answer="GrantAnswer")
    async def put(self, short_name: str) -> None:
        from ..models import ActivationBody

        body: ActivationBody = self.body(ActivationBody)
        activate = self.deployment.grants.activate
        self.answer(grant_answer(await self.call(activate, self.person, short_name, body.server, draft=body.draft)))

    @operation("Take it back there.", status=204, query=("server",))
    async def delete(self, short_name: str) -> None:
        server = self.get_query_argument("server", "")
        await self.call(self.deployment.grants.deactivate, self.person, short_name, server)
        self.set_status(204)
        self.finish()


class RenewalHandler(DataflowHandler):
    _track_activity = False

    @operation("That a notebook server of yours is alive, and what runs there.", body="RenewalBody", status=204)
    async def post(self) -> None:
        from ..models import RenewalBody

        body: RenewalBody = self.body(RenewalBody)
        started = {i: {a: _moment(t) for a, t in times.items()} for i, times in body.started.items()}
        await self.call(self.deployment.grants.renew, self.person, body.server, started, body.running)
        self.set_status(204)
        self.finish()


class InstallationHandler(DataflowHandler):
    @operation("What it takes to install the version that you can use on another machine.", answer="InstallationAnswer")
    async def get(self, short_name: str) -> None:
        installation = self.deployment.grants.installation
        self.answer(installation_answer(await self.call_reading(installation, self.person, short_name)))


class PlanHandler(DataflowHandler):
    @operation("What it takes to install these requirements elsewhere.", body="PlanBody", answer="InstallationAnswer")
    async def post(self) -> None:
        from ..models import PlanBody
        from .local import local_draft

        draft = local_draft(self.body(PlanBody))
        plan = self.deployment.grants.plan
        self.answer(installation_answer(await self.call_reading(plan, self.person, draft)))


def grant_answer(grant: Grant) -> GrantAnswer:
    return cast("GrantAnswer", grant.to_json())


def installation_answer(installation: Installation) -> InstallationAnswer:
    grant = installation.grant
    return {"job": installation.job.to_json(), "grant": grant_answer(grant) if grant else None}


def _moment(text: str) -> datetime:
    try:
        moment = from_text(text)
    except ValueError as error:
        raise Malformed("A time must be ISO 8601.") from error
    return min(moment, now())  # another machine's clock may be ahead


ROUTES = [
    ("/grants", GrantsHandler),
    ("/grants/renewal", RenewalHandler),
    ("/grants/plan", PlanHandler),
    ("/environments/{short_name}/grant", GrantHandler),
    ("/environments/{short_name}/installation", InstallationHandler),
]
