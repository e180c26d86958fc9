"""Prefixes that are not on this machine's disk: brought here from their images, or else installed from their locks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..builds.arrival import Arrival, Arrivals
from ..builds.runner import Runner
from ..domain.errors import Conflict, DataflowError, EngineError, NotFound, Unavailable
from ..domain.grant import Grant
from ..engine.protocol import Caches, Job
from ..images import Image, ImageSource, ImageUnusable, StoreFailed, is_whole
from ..images.image import CHUNK
from .team_service import OTHER_RELEASE, TeamService


class Fetching:
    """`runner` installs, with `caches` of this person's own."""

    def __init__(self, service: TeamService, runner: Runner, caches: Caches, log: logging.Logger) -> None:
        self._service = service
        self._runner = runner
        self._caches = caches
        self._arrivals = Arrivals(log)
        self._asked: dict[str, Path] = {}

    def is_here(self, grant: Grant) -> bool:
        """Whether there is nothing to be fetched: it is on this machine, or nowhere."""
        return grant.prefix is None or is_whole(Path(grant.prefix))

    def fetch(self, grant: Grant) -> None:
        """Bring it here; may take minutes. Raises Unavailable with the reason why that can't be done."""
        if grant.prefix is None or self.is_here(grant):
            return
        self._asked[grant.short_name] = Path(grant.prefix)
        with self._opening(grant) as source:
            title = f"{grant.short_name} version {grant.version}"
            self._arrivals.bring(Path(grant.prefix), title, source, lambda: self._install(grant))

    def arrival(self, short_name: str) -> Arrival | None:
        """How far the files of an environment are; None: they are not being fetched."""
        prefix = self._asked.get(short_name)
        return self._arrivals.of(prefix) if prefix is not None else None

    def absence(self, grant: Grant, then: Callable[[], object]) -> str:
        """Begin to fetch what is not here; returns why it can't be started yet, in a sentence.

        `then` is called, in another thread, when there is news.
        """
        assert grant.prefix is not None
        return self._arrivals.begin(grant.prefix, lambda: self.fetch(grant), then)

    def is_due(self) -> bool:
        """Whether something that failed is to be tried again by now; says so once."""
        return self._arrivals.is_due()

    def stop(self) -> None:
        """Give up what is on its way; nothing half stays."""
        self._arrivals.stop()

    @contextmanager
    def _opening(self, grant: Grant) -> Iterator[ImageSource | None]:
        """What opens the image, if there is one."""
        if not grant.has_image or grant.version is None:
            yield None
            return
        with ExitStack() as opened:

            def open_image() -> tuple[Image, Iterator[bytes]]:
                assert grant.version is not None
                try:
                    answer = opened.enter_context(self._service.image(grant.short_name, grant.version))
                    digest = answer.headers["X-Image-Digest"].removeprefix("sha256:")
                    return Image(digest, int(answer.headers["X-Image-Size"])), _pieces(answer)
                except (NotFound, KeyError, ValueError) as error:
                    raise ImageUnusable("the service has none that can be used") from error
                except Unavailable as error:
                    raise StoreFailed("the service does not give it") from error

            yield open_image

    def _install(self, grant: Grant) -> None:
        """From the lock, at the prefix' own path. Raises EngineError, Stopped."""
        try:
            planned, there = self._service.installation(grant.short_name)
            if there.prefix != grant.prefix:
                raise Conflict("it is not the version that you can install")
            job = Job.from_json(planned)
        except (KeyError, TypeError, ValueError) as error:
            raise EngineError(OTHER_RELEASE) from error
        except DataflowError as error:
            raise EngineError(error.message.rstrip(".")) from error
        job = replace(job, prefix=str(grant.prefix), title=grant.short_name, caches=self._caches)
        self._arrivals.install(self._runner, job)


def _pieces(answer: Any) -> Iterator[bytes]:
    """Raises StoreFailed when the connection breaks."""
    import httpx

    try:
        yield from answer.iter_raw(CHUNK)
    except httpx.HTTPError as error:
        raise StoreFailed(f"the connection broke: {type(error).__name__}") from error
