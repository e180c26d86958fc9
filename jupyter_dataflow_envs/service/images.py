"""Prefixes that are not on this machine's disk: brought here from their images, and given to other machines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ..builds.arrival import Arrival, Arrivals
from ..builds.workshop import Workshop
from ..domain.errors import NotFound, Unavailable
from ..domain.permissions import Person, may_see_version
from ..domain.policy import Policy
from ..engine.protocol import Job, Mode
from ..images import Image, StoreFailed
from ..store import environments, prefixes, versions
from ..store.prefixes import Holding

SIGNED_SECONDS = 3600
"""How long a signed URL is good for: a fetch must begin within."""

Then = Callable[[set[str]], object]
"""Called with the ids of the environments whose files have come, or could not be brought."""


@dataclass(frozen=True, slots=True)
class OpenImage:
    """An image that is being read. `url`: where its reader may get it from instead, without credentials."""

    image: Image
    prefix_id: str
    url: str | None
    pieces: Iterator[bytes]


class Images:
    """What has no good image is installed from its lock, on this machine, wherever builds run."""

    def __init__(self, workshop: Workshop, log: logging.Logger) -> None:
        self._workshop = workshop
        self._log = log
        self._arrivals = Arrivals(log)

    def ensure(self, prefix_id: str) -> None:
        """Make a ready prefix present on this machine; may take minutes. Raises Unavailable with the reason."""
        if self._workshop.folders.is_whole(prefix_id):
            return
        with self._workshop.database.read() as connection:
            prefix = prefixes.get(connection, prefix_id)
            holders = prefixes.holders(connection, prefix_id)
        if prefix is None or not holders:
            raise Unavailable("Its files are gone: it was deleted meanwhile.")
        store, image = self._workshop.images(), None
        if store is not None and prefix.image_digest is not None and prefix.image_size is not None:
            image = Image(prefix.image_digest, prefix.image_size)

        def open_image() -> tuple[Image, Iterator[bytes]]:
            assert store is not None
            assert image is not None
            return image, store.read(prefix_id)

        self._arrivals.bring(
            self._workshop.folders.path(prefix_id),
            f"{holders[0].short_name} version {holders[0].number}",
            open_image if image is not None else None,
            lambda: self._install(prefix_id, holders[0]),
        )

    def arrival(self, prefix_id: str) -> Arrival | None:
        """How far a prefix is; None: it is not being brought here."""
        return self._arrivals.of(self._workshop.folders.path(prefix_id))

    def absence(self, prefix_id: str, then: Then) -> str:
        """Begin to bring a prefix here that is not; returns why it can't be used yet, in a sentence.

        `then` is called, in another thread, when there is news.
        """

        def tell() -> None:
            with self._workshop.database.read() as connection:
                ids = {h.environment_id for h in prefixes.holders(connection, prefix_id)}
            then(ids)

        return self._arrivals.begin(prefix_id, lambda: self.ensure(prefix_id), tell)

    def open(self, person: Person, short_name: str, number: int) -> OpenImage:
        """The image of a version's files. Raises NotFound where there is none, Unavailable without the store."""
        with self._workshop.database.read() as connection:
            environment = environments.find(connection, short_name, person)
            if not may_see_version(environment, number, person):
                raise NotFound(f"There is no version {number}.")
            prefix_id = versions.find(connection, environment.id, number).prefix_id
            prefix = prefixes.get(connection, prefix_id) if prefix_id else None
        store = self._workshop.images()
        nothing = NotFound(f"There is no image of version {number} of '{environment.short_name}'.")
        if store is None or prefix is None or prefix.image_digest is None or prefix.image_size is None:
            raise nothing
        image = Image(prefix.image_digest, prefix.image_size)
        try:
            if store.size(prefix.id) != image.size:  # it is missing, or damaged
                raise nothing
            return OpenImage(image, prefix.id, store.signed_url(prefix.id, SIGNED_SECONDS), store.read(prefix.id))
        except StoreFailed as error:
            self._log.error("%s", error)
            raise Unavailable("The image store can't be used now: try again later.") from error

    def stop(self) -> None:
        """Give up what is on its way; nothing half stays."""
        self._arrivals.stop()

    def _install(self, prefix_id: str, held: Holding) -> None:
        """From the lock. Raises EngineError."""
        self._arrivals.install(self._workshop.questions, self._job(prefix_id, held))

    def _job(self, prefix_id: str, held: Holding) -> Job:
        """The policy was asked when it was built: what is installed stays usable, here as elsewhere."""
        with self._workshop.database.read() as connection:
            version = versions.find(connection, held.environment_id, held.number)
            assert version.digest is not None
            lock = versions.lock(connection, version.digest)
            path = self._workshop.folders.path(prefix_id)
            job = self._workshop.job(connection, title=held.short_name, spec=version.requested, prefix=path)
        return replace(job, mode=Mode.INSTALL, lock=lock, base=None, policy=Policy())
