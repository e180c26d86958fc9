"""From a built prefix to an image in the store."""

from __future__ import annotations

from pathlib import Path

from .image import Image, Stop, never
from .pack import pack
from .store import ImageStore


def publish(store_url: str, prefix: Path, prefix_id: str, *, stop: Stop = never) -> Image:
    """Pack a sealed prefix into the store, as the image of that id.

    Called where the prefix was built, by a process that has the store's credentials and runs nobody's code.

    Raises:
        Unpackable: it holds what no image may hold.
        StoreFailed: the store can't be used.
        Stopped: `stop` said so.
        OSError: the prefix can't be read.
    """
    with ImageStore(store_url).writing(prefix_id) as write:
        return pack(prefix, write, stop=stop)
