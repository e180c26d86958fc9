"""What was done, and what happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from .events import EventStream
from .routes import PAGE, Routes

if TYPE_CHECKING:
    from datetime import datetime

    from ..models import EventAnswer, EventList


class TrailRoutes(Routes):
    """The audit trail and the stream of events."""

    def audit(
        self,
        *,
        environment: str | None = None,
        user: str | None = None,
        kind: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        limit: int | None = None,
    ) -> Iterator[EventAnswer]:
        """The audit trail, newest first, at most `limit` events; administrators see all, others what concerns them.

        `environment` is a short name, also of what is deleted; `user` who did it; `kind` one kind, or several by how
        they begin (`review.`); `since` and `until` bound the time, the latter excluded. Raises Malformed.
        """
        asked = {
            "environment": environment, "user": user, "kind": kind, "since": _moment(since), "until": _moment(until)
        }  # fmt: skip
        cursor: str | None = None
        while limit is None or limit > 0:
            size = PAGE if limit is None else min(PAGE, limit)
            answer = self._transport.json("GET", "audit", query={**asked, "limit": size, "cursor": cursor})
            page = cast("EventList", answer)
            yield from page["items"]
            if (cursor := page["next"]) is None:
                return
            limit = None if limit is None else limit - len(page["items"])

    def events(
        self, since: int | None = None, *, follow: bool = True, progress: bool = False, patience: float = 30.0
    ) -> EventStream:
        """Iterate over what happens, as far as this person may see it, after the event with that sequence number.

        See EventStream; its `position` is what to give as `since` the next time.
        """
        address = self._transport.address
        return EventStream(address, since=since, follow=follow, progress=progress, patience=patience)


def _moment(moment: datetime | str | None) -> str | None:
    return moment if moment is None or isinstance(moment, str) else moment.astimezone().isoformat()
