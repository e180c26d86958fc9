"""Images that nobody needs any more: those of removed prefixes at once, strays with the hourly comparison.

A store may be slow or away: the queue must not wait for it, so that all of it happens in a thread of its own. What it
leaves undone, the next comparison finds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from datetime import timedelta

from ..domain.clock import now
from ..images import ImageStore, StoreFailed, remove_leftovers
from ..images.store import ENDING
from ..store import prefixes
from .workshop import Workshop

GRACE = timedelta(hours=1)
"""How long an image stays that belongs to no prefix."""

LOG = logging.getLogger(__name__)


def stray_images(workshop: Workshop, store: ImageStore) -> list[str]:
    """Names of images, and of uploads that never ended, that belong to no prefix and are older than the grace period.

    Raises StoreFailed.
    """
    there = store.names()  # before the rows are read: a claim writes its row first
    with workshop.database.read() as connection:
        known = prefixes.all_ids(connection)
        whole = prefixes.with_images(connection)
    strays = [name for name, id in there.items() if id not in known or (id in whole and not name.endswith(ENDING))]
    before = now() - GRACE
    return [name for name in strays if store.modified(name) < before]


def missing_images(workshop: Workshop, store: ImageStore) -> list[str]:
    """Ids of prefixes whose image is not in the store, though the database says so. Raises StoreFailed."""
    with workshop.database.read() as connection:
        wanted = prefixes.with_images(connection)
    there = {prefix_id for name, prefix_id in store.names().items() if name.endswith(ENDING)}
    return sorted(wanted.keys() - there)


def start_image_sweep(workshop: Workshop, removed: Collection[str], *, whole: bool) -> None:
    """`removed`: prefixes whose image is not needed any more. `whole`: look for strays, and for what died unpacking."""
    if removed or whole:
        threading.Thread(
            target=sweep_images, args=(workshop, removed), kwargs={"whole": whole}, name="clear images", daemon=True
        ).start()


def sweep_images(workshop: Workshop, removed: Collection[str], *, whole: bool) -> None:
    """What `start_image_sweep` starts."""
    try:
        if whole:
            remove_leftovers(workshop.root.prefixes)
        store = workshop.images()
        if store is None:
            return
        for prefix_id in removed:
            store.remove(prefix_id + ENDING)
        for name in stray_images(workshop, store) if whole else ():
            store.remove(name)
    except Exception as error:  # noqa: BLE001  # store, disk or database is away: the next comparison finds the rest
        why = error if isinstance(error, StoreFailed) else type(error).__name__
        LOG.warning("Images that nobody needs could not be removed: %s", why)
