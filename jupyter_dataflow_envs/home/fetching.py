"""Prefixes that are not on this machine's disk: brought here from their images, or else installed from their locks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..builds.arrival import Told, install_quietly
from ..builds.runner import Runner
from ..domain.errors import Conflict, DataflowError, EngineError, NotFound, Unavailable
from ..domain.grant import Grant
from ..engine.faults import explain
from ..engine.protocol import Caches, Job
from ..images import How, Image, ImageUnusable, Stopped, StoreFailed, ensure_prefix, is_whole
from ..images.image import CHUNK
from .team_service import OTHER_RELEASE, TeamService

RETRY_SECONDS = 60.0
"""After a prefix could not be brought here, until it is tried again unasked."""

COMING = "Its files are being brought to this machine: start it again in a moment."


class Fetching:
    """`runner` installs, with `caches` of this person's own."""

    def __init__(self, service: TeamService, runner: Runner, caches: Caches, log: logging.Logger) -> None:
        self._service = service
        self._runner = runner
        self._caches = caches
        self._log = log
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="dataflow-envs fetching")
        self._under_way: set[str] = set()
        self._failed: dict[str, tuple[float, str]] = {}
        self._changing = threading.Lock()

    def is_here(self, grant: Grant) -> bool:
        """Whether there is nothing to be fetched: it is on this machine, or nowhere."""
        return grant.prefix is None or is_whole(Path(grant.prefix))

    def fetch(self, grant: Grant) -> None:
        """Bring it here; may take minutes. Raises Unavailable with the reason why that can't be done."""
        if grant.prefix is None or self.is_here(grant):
            return
        title, prefix = f"{grant.short_name} version {grant.version}", Path(grant.prefix)
        began = time.monotonic()
        try:
            with self._opening(grant) as open_image:
                how = ensure_prefix(
                    prefix,
                    open_image,
                    lambda: self._install(grant),
                    say=lambda text: self._log.warning("%s: %s", title, text),
                    progress=Told(self._log, title),
                    stop=self._stop.is_set,
                )
        except Stopped:
            raise Unavailable("The server is stopping: try again when it is up.") from None
        except (OSError, EngineError) as error:
            known = explain(error, prefix.parent)
            reason = known.reason if known is not None else str(error)
            raise Unavailable(f"The files of {title} can't be brought to this machine: {reason}.") from error
        if how is not How.THERE:
            self._log.info("%s: %s in %.1f s", title, how.value, time.monotonic() - began)

    def absence(self, grant: Grant, then: Callable[[], object]) -> str:
        """Begin to fetch what is not here; returns why it can't be started yet, in a sentence.

        `then` is called, in another thread, when there is news.
        """
        assert grant.prefix is not None
        with self._changing:
            failed = self._failed.get(grant.prefix)
            if failed is not None and time.monotonic() - failed[0] < RETRY_SECONDS:
                return failed[1]
            if grant.prefix not in self._under_way and not self._stop.is_set():
                self._under_way.add(grant.prefix)
                self._pool.submit(self._bring, grant, then)
        return COMING

    def is_due(self) -> bool:
        """Whether something that failed is to be tried again by now; says so once."""
        with self._changing:
            due = [p for p, (moment, _) in self._failed.items() if time.monotonic() - moment >= RETRY_SECONDS]
            for prefix in due:
                del self._failed[prefix]
        return bool(due)

    def stop(self) -> None:
        """Give up what is on its way; nothing half stays."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _bring(self, grant: Grant, then: Callable[[], object]) -> None:
        assert grant.prefix is not None
        try:
            self.fetch(grant)
            self._failed.pop(grant.prefix, None)
        except DataflowError as error:
            self._failed[grant.prefix] = time.monotonic(), error.message
            self._log.warning("%s", error.message)
        except Exception:  # noqa: BLE001  # it is tried again, whatever it was
            self._failed[grant.prefix] = time.monotonic(), "Its files can't be brought to this machine."
            self._log.exception("Files could not be brought to this machine")
        finally:
            with self._changing:
                self._under_way.discard(grant.prefix)
        if not self._stop.is_set():
            then()

    @contextmanager
    def _opening(self, grant: Grant) -> Iterator[Callable[[], tuple[Image, Iterator[bytes]]] | None]:
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
        install_quietly(self._runner, job, self._log, self._stop)


def _pieces(answer: Any) -> Iterator[bytes]:
    """Raises StoreFailed when the connection breaks."""
    import httpx

    try:
        yield from answer.iter_raw(CHUNK)
    except httpx.HTTPError as error:
        raise StoreFailed(f"the connection broke: {type(error).__name__}") from error
