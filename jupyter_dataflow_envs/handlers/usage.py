"""The route of who and what uses an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.clock import to_text
from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from ..models import UsageDetails
    from ..service import usage


class UsageHandler(DataflowHandler):
    @operation("Who and what uses it (its owner and administrators).", answer="UsageDetails")
    async def get(self, short_name: str) -> None:
        usage = await self.call_reading(self.deployment.usages.of, self.person, short_name)
        self.answer(usage_details(usage))


def usage_details(used: usage.UsageDetails) -> UsageDetails:
    return {
        "active_people": used.active_people,
        "last_started": to_text(used.last_started) if used.last_started else None,
        "activations": [
            {
                "person": a.person,
                "since": to_text(a.since),
                "last_started": to_text(a.last_started) if a.last_started else None,
                "leased_until": to_text(a.leased_until),
                "draft": a.draft,
            }
            for a in used.activations
        ],
        "running_kernels": used.running_kernels,
        "based_on_it": used.based_on_it,
    }


ROUTES = [("/environments/{short_name}/usage", UsageHandler)]
