"""Keeps the credentials of private channels and indexes out of what is stored or shown."""

from __future__ import annotations

import re

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
