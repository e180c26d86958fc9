"""Takes credentials out of URLs, and puts them back where a download needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..domain.credentials import mask, strip

__all__ = ["Vault", "mask", "strip"]


class Vault:
    """Knows which stored URL prefix belongs to which URL with credentials, and puts them back for a download."""

    def __init__(self, urls: Iterable[str]) -> None:
        with_slash = {url.rstrip("/") + "/" for url in urls if strip(url) != url}
        self._secret = {strip(url): url for url in with_slash}

    def __bool__(self) -> bool:
        return bool(self._secret)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Pairs of (what may be stored, what holds the credentials)."""
        return iter(self._secret.items())

    def restore(self, url: str) -> str:
        for plain, secret in self._secret.items():
            if url.startswith(plain):
                return secret + url[len(plain) :]
        return url
