"""Keeps the credentials of private channels and indexes out of everything that is stored or shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_USER = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s/@'\"]*(?:@[^\s/@'\"]*)*@")
_TOKEN = re.compile(r"(?P<before>\bhttps?://[^\s'\"]*?)/t/[^/\s'\"]+", re.IGNORECASE)


def mask(text: str) -> str:
    """The text with `***` in the place of each `user:password@` and `/t/TOKEN` of its URLs."""
    if "://" not in text:
        return text
    return _TOKEN.sub(r"\g<before>/t/***", _USER.sub(r"\g<scheme>***@", text))


def strip(url: str) -> str:
    """The URL without credentials, as it may be stored."""
    if "://" not in url:
        return url
    return _TOKEN.sub(r"\g<before>", _USER.sub(r"\g<scheme>", url))


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
