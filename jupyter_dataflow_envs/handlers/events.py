"""What happens, as it happens, over a WebSocket that is taken up again by sequence number."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from tornado.websocket import WebSocketClosedError

from ..domain.errors import DataflowError
from .audit import event_answer
from .streaming import Streaming

if TYPE_CHECKING:
    from ..domain.events import Event
    from ..domain.permissions import Person
    from ..models import EventFrame, HelloFrame, PositionFrame, ProgressAnswer, ProgressFrame, SnapshotFrame
    from ..service.feed import Feed, News, Opening
    from ..store.hints import BuildHint

QUEUE = 2000
"""Frames that may wait for a reader; a slower one is closed, and comes back by its sequence number. As many as it may
have missed then without having to read its lists again."""

POSITION_SECONDS = 10.0
"""How long a client may not hear how far it is, while only others' events happen."""

POSITION_EVENTS = 500
"""After so many of others' events it hears it at once: it must not fall so far behind that its return is a reload."""

GOING_AWAY, TRY_AGAIN_LATER = 1001, 1013


class EventsHandler(Streaming):
    """What happens, as you may see it.

    Frames `hello`, perhaps `snapshot`, then `event`, `position` and `progress` as `models` describes them. Who was cut
    off connects again with `?since=` the greatest `seq` it has had: nothing twice, nothing missing.
    """

    _audience: Audience | None = None

    async def prepare_stream(self) -> None:  # type: ignore[override]
        named = self.get_query_argument("since", None) is not None
        self._since = self.integer("since", 0, most=10**15) if named else None
        self._of = self.get_query_argument("deployment", None)
        self._listener = self.person

    def open(self, **path: str) -> None:
        super().open(**path)
        self._frames: asyncio.Queue[tuple[int | None, str]] = asyncio.Queue(QUEUE)
        audience = _audience(self.settings, self.deployment.feed)
        try:
            self._told = audience.join(self)
        except DataflowError as error:
            self.close(GOING_AWAY, error.message)
            return
        self._audience = audience
        self.sending = asyncio.create_task(self._send())

    def revalidated(self) -> None:
        self._listener = self.person

    def on_close(self) -> None:
        self._leave()
        super().on_close()

    def hear(self, position: int, told: list[Telling], hints: list[Hint]) -> None:
        """What is new up to `position`; a full queue ends the connection."""
        try:
            for telling in told:
                if (text := telling.text_for(self._listener)) is not None:
                    self._frames.put_nowait((telling.event.seq, text))
                    self._told = telling.event.seq
            if position - self._told >= POSITION_EVENTS:
                self.tell_position(position)
            for hint in hints:
                if hint.build.visible_to(self._listener):
                    self._frames.put_nowait((None, hint.text))
        except asyncio.QueueFull:
            self.log.info("A listener of %s reads too slowly: its connection is closed", self._listener.name)
            self._leave()
            self.close(TRY_AGAIN_LATER, "Read faster: connect again with since.")

    def tell_position(self, position: int) -> None:
        """That nothing up to `position` was for this person, beyond what it was told."""
        if position > self._told and not self._frames.full():
            self._frames.put_nowait((position, _position(position)))
            self._told = position

    def end(self) -> None:
        """The server stops."""
        self._audience = None
        self.close(GOING_AWAY, "The server is stopping.")

    def _leave(self) -> None:
        if self._audience is not None:
            self._audience.leave(self)
            self._audience = None

    async def _send(self) -> None:
        with suppress(WebSocketClosedError, asyncio.CancelledError):
            try:
                seq, texts = await self.call_reading(self._read_opening)
            except Exception:
                self.log.exception("What happened since %s could not be read", self._since)
                self.close(TRY_AGAIN_LATER, "What you missed could not be read: connect again.")
                return
            for text in texts:
                await self.write_message(text)
            while True:
                number, text = await self._frames.get()
                if number is None or number > seq:  # else it was among the first ones already
                    await self.write_message(text)

    def _read_opening(self) -> tuple[int, list[str]]:
        """The sequence number that is reached with the first frames, and these; in a worker thread."""
        opening = self.deployment.feed.opening(self._listener, self._since, self._of)
        return opening.seq, _opening_frames(opening, self._listener, self._since, self.deployment.id)


class Audience:
    """The open sockets of one process, which listens to the feed once for all; its methods are for the event loop."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._sockets: set[EventsHandler] = set()
        self._position = 0
        self._due: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._sockets)

    def join(self, socket: EventsHandler) -> int:
        """The sequence number after which the socket hears all. Raises Unavailable when the server stops."""
        if not self._sockets:
            self._position = self._feed.listen(self._listen)
        self._sockets.add(socket)
        return self._position

    def leave(self, socket: EventsHandler) -> None:
        self._sockets.discard(socket)
        if not self._sockets:
            self._feed.silence(self._listen)

    def _listen(self, news: News) -> None:
        """Called by the thread that watches the database."""
        with suppress(RuntimeError):  # the loop has ended before it
            self._loop.call_soon_threadsafe(self._hear, news)

    def _hear(self, news: News) -> None:
        if news.ended:
            for socket in self._sockets:
                socket.end()
            self._sockets.clear()
            return
        if news.events:
            self._position = news.events[-1].seq
        told, hints = [Telling(e) for e in news.events], [Hint(h) for h in news.hints]
        for socket in list(self._sockets):
            socket.hear(self._position, told, hints)
        if news.events and self._due is None:
            self._due = self._loop.call_later(POSITION_SECONDS, self._tell_positions)

    def _tell_positions(self) -> None:
        self._due = None
        for socket in self._sockets:
            socket.tell_position(self._position)


class Telling:
    """One event's frames, made at most once however many read them."""

    def __init__(self, event: Event) -> None:
        self.event = event

    def text_for(self, person: Person) -> str | None:
        """As this person may see it; None when it may not."""
        if self.event.full_for(person):
            return self._full
        return self._reduced if self.event.public else None

    @cached_property
    def _full(self) -> str:
        return _event(self.event, full=True)

    @cached_property
    def _reduced(self) -> str:
        return _event(self.event, full=False)


class Hint:
    """How far one build is, and its frame."""

    def __init__(self, build: BuildHint) -> None:
        self.build = build

    @cached_property
    def text(self) -> str:
        progress = self.build.progress
        frame: ProgressFrame = {
            "type": "progress",
            "short_name": self.build.short_name,
            "phase": self.build.phase,  # type: ignore[typeddict-item]
            "progress": cast("ProgressAnswer", asdict(progress)) if progress else None,
            "queue_position": self.build.queue_position,
        }
        return json.dumps(frame)


def _audience(settings: dict[str, Any], feed: Feed) -> Audience:
    """The one of this server."""
    audience: Audience | None = settings.get("dataflow_envs_audience")
    if audience is None:
        audience = settings["dataflow_envs_audience"] = Audience(feed)
    return audience


def _opening_frames(opening: Opening, person: Person, since: int | None, deployment_id: str) -> list[str]:
    hello: HelloFrame = {"type": "hello", "seq": opening.seq, "deployment": deployment_id}
    texts = [json.dumps(hello)]
    if opening.snapshot:
        snapshot: SnapshotFrame = {"type": "snapshot", "seq": opening.seq}
        texts.append(json.dumps(snapshot))
    texts += [_event(e, full=e.full_for(person)) for e in opening.missed]
    if not opening.snapshot and opening.seq != (opening.missed[-1].seq if opening.missed else since):
        texts.append(_position(opening.seq))
    return texts + [Hint(h).text for h in opening.hints]


def _event(event: Event, *, full: bool) -> str:
    frame: EventFrame = {"type": "event", **event_answer(event, full=full)}
    return json.dumps(frame)


def _position(seq: int) -> str:
    frame: PositionFrame = {"type": "position", "seq": seq}
    return json.dumps(frame)


ROUTES = [("/events", EventsHandler)]
