"""What waits for a decision: where an administrator comes in."""

from __future__ import annotations

from ...domain.environment import Status
from ...domain.page import Page as Listing
from ...domain.review import ReviewState
from .page import Page, refusing

MOST = 200
"""Reviews on one page; the oldest are decided first, then the others move up."""


class ReviewsPage(Page):
    section = "reviews"

    @refusing
    async def get(self) -> None:
        waiting = await self.call(self.deployment.reviews.list, self.person, state=ReviewState.PENDING)
        listing = Listing(status=Status.PENDING_APPROVAL, limit=1000)
        known, _ = await self.call_reading(self.deployment.environments.list, self.person, listing)
        self.show(
            "reviews.html",
            title="Waiting for approval",
            waiting=sorted(waiting, key=lambda found: found[0].submitted_at)[:MOST],
            total=len(waiting),
            environments={e.short_name: e for e in known},
        )
