"""Images: a built prefix as one file, made where it was built, unpacked at the same path on other machines.

`publish` puts a prefix into an `ImageStore`; `ensure_prefix` makes one present on this machine.
"""

from __future__ import annotations

from .ensure import How, ImageSource, ensure_prefix, forget_lock, remove_leftovers
from .image import Image, ImageUnusable, Stopped, StoreFailed, Unpackable
from .publish import publish
from .store import ImageStore
from .trees import is_whole, remove_tree

__all__ = [
    "How",
    "Image",
    "ImageSource",
    "ImageStore",
    "ImageUnusable",
    "Stopped",
    "StoreFailed",
    "Unpackable",
    "ensure_prefix",
    "forget_lock",
    "is_whole",
    "publish",
    "remove_leftovers",
    "remove_tree",
]
