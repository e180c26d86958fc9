"""All environments, to find the one that something is to be done with."""

from __future__ import annotations

from tornado.httputil import url_concat

from ...domain.environment import Status
from ...domain.page import Page as Listing
from .page import Page, refusing

LIMIT = 50


class EnvironmentsPage(Page):
    section = "environments"

    @refusing
    async def get(self) -> None:
        words = self.get_query_argument("q", "")[:200]
        status = self.get_query_argument("status", "")
        known = {s.value for s in Status}
        listing = Listing(
            text=words,
            status=Status(status) if status in known else None,
            limit=LIMIT,
            cursor=self.get_query_argument("cursor", None),
        )
        found, cursor = await self.call_reading(self.deployment.environments.list, self.person, listing)
        following = {"q": words, "status": status, "cursor": cursor}
        self.show(
            "environments.html",
            title="Environments",
            found=found,
            words=words,
            status=status,
            statuses=[s.value for s in Status],
            first=listing.cursor is None,
            more=url_concat(self.url("environments"), {k: v for k, v in following.items() if v}) if cursor else None,
        )
