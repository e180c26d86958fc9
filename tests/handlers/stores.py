"""An image store that can sign, as those of clouds can, while a file says so. Loaded by the server under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

SIGNS = "signs"
"""The file's name, beside the images."""


class MaySign(LocalFileSystem):  # type: ignore[misc]
    protocol = "maysign"

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(str(path).removeprefix("maysign://"))

    def sign(self, path: str, expiration: int = 100, **kwargs: Any) -> str:
        place = Path(path)
        if not (place.parent / SIGNS).exists():
            raise NotImplementedError
        return f"https://store.example/{place.name}?expires={expiration}&signature=abc"


fsspec.register_implementation("maysign", MaySign)
