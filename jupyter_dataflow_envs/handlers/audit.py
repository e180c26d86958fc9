"""The route of the audit trail."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..domain.clock import from_text, to_text
from ..domain.errors import Malformed
from ..domain.events import EventKind, TrailPage, kinds_named
from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from ..domain.events import Event
    from ..models import EventAnswer

PAGE_LIMIT = 1000


class AuditHandler(DataflowHandler):
    @operation(
        "What was done, newest first, by page: administrators see all, others what concerns them.",
        answer="EventList",
        query=("environment", "user", "kind", "since", "until", "limit", "cursor"),
    )
    async def get(self) -> None:
        wanted = TrailPage(
            environment=self.get_query_argument("environment", None),
            actor=self.get_query_argument("user", None),
            kinds=self._kinds(),
            since=self._moment("since"),
            until=self._moment("until"),
            before=self.integer("cursor", 0, most=10**15) or None,
            limit=max(1, self.integer("limit", 100, most=PAGE_LIMIT)),
        )
        found, following = await self.call_reading(self.deployment.audit.page, self.person, wanted)
        self.answer(
            {
                "items": [event_answer(e, full=True) for e in found],
                "next": None if following is None else str(following),
            }
        )

    def _kinds(self) -> tuple[EventKind, ...]:
        name = self.get_query_argument("kind", None)
        if not name:
            return ()
        if kinds := kinds_named(name):
            return kinds
        groups = sorted({k.value.partition(".")[0] + "." for k in EventKind})
        raise Malformed(f"kind must be one of {', '.join(k.value for k in EventKind)}, or of {', '.join(groups)}.")

    def _moment(self, name: str) -> datetime | None:
        text = self.get_query_argument(name, None)
        if not text:
            return None
        try:
            moment = from_text(text.replace("Z", "+00:00"))
            to_text(moment)
        except (ValueError, OverflowError) as error:
            raise Malformed(f"{name} must be a time in ISO 8601, such as 2026-05-04T12:30:00Z.") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def event_answer(event: Event, *, full: bool) -> EventAnswer:
    """All of it, or what everybody may know of a public one."""
    return {
        "seq": event.seq,
        "at": to_text(event.at),
        "kind": event.kind.value,
        "short_name": event.short_name,
        "version": event.version,
        "actor": event.actor if full else None,
        "details": event.details if full else event.public_details,
    }


ROUTES = [("/audit", AuditHandler)]
