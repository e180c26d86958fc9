"""What was decided lately, by whom, and why."""

from __future__ import annotations

from typing import Any

from tornado.httputil import url_concat

from ...domain.events import Event, EventKind, TrailPage
from .page import Page, refusing

LIMIT = 50

WORDS = {
    EventKind.SUBMITTED: "submitted",
    EventKind.WITHDRAWN: "withdrew",
    EventKind.APPROVED: "approved",
    EventKind.REJECTED: "rejected",
    EventKind.DEPRECATED: "deprecated",
    EventKind.UNDEPRECATED: "took back the deprecation of",
    EventKind.UNPUBLISHED: "unpublished",
    EventKind.TRANSFERRED: "transferred",
    EventKind.DELETED: "deleted",
    EventKind.POLICY_CHANGED: "changed the policy",
}
"""Of the audit trail, what is about publishing; all of it is in the panel and on the command line."""


class DecisionsPage(Page):
    section = "decisions"

    @refusing
    async def get(self) -> None:
        cursor = self.get_query_argument("before", "")
        before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 16 else None
        about = self.get_query_argument("environment", "").strip()[:40]
        wanted = TrailPage(environment=about or None, kinds=tuple(WORDS), before=before, limit=LIMIT)
        found, following = await self.call_reading(self.deployment.audit.page, self.person, wanted)
        more = {"before": str(following), **({"environment": about} if about else {})}
        self.show(
            "decisions.html",
            title="Recent decisions",
            events=[{"event": event, "words": WORDS[event.kind], "said": _said(event)} for event in found],
            about=about,
            first=before is None,
            more=None if following is None else url_concat(self.url("decisions"), more),
        )


def _said(event: Event) -> str:
    """What somebody wrote with it, or whom it went to."""
    details: dict[str, Any] = event.details
    if event.kind is EventKind.TRANSFERRED:
        return f"to {details.get('owner')}"
    return str(details.get("comment") or details.get("reason") or "")
