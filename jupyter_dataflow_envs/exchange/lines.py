"""A file's text, put such that every reader agrees on its lines."""

from __future__ import annotations

import codecs
import re

from ..domain.errors import Malformed, TooLarge

FILE_LIMIT = 4 * 1024 * 1024
"""Bytes of the largest file that is read."""

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_BREAKS = re.compile("\r\n|\r")
_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")


def decode(content: bytes) -> str:
    """Text of a file's bytes: UTF-8, or UTF-16 as Windows' shells write it. Raises Malformed, TooLarge."""
    check_size(len(content))
    encoding = next((e for bom, e in _BOMS.items() if content.startswith(bom)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Malformed(f"Line {line}: this is no text in UTF-8; save the file in UTF-8 and try again.") from None


def check_size(size: int) -> None:
    """Raises TooLarge."""
    if size > FILE_LIMIT:
        raise TooLarge(
            f"The file is larger than {FILE_LIMIT // 1024 // 1024} MiB: no list of requirements is that long."
        )


def normalised(text: str) -> str:
    """Without a byte order mark, with one kind of line end; what can't be printed is marked as unreadable."""
    text = _BREAKS.sub("\n", text.removeprefix("\ufeff"))
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
