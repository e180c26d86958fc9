"""Names, texts and Python versions that people type: one check each, which returns the text as it is kept."""

from __future__ import annotations

import re
import unicodedata

from .errors import FieldError, InvalidSpec

RESERVED = ("base", "root", "local", "none")
SHORT_LIMIT, FULL_LIMIT, DESCRIPTION_LIMIT, PERSON_LIMIT = 5, 100, 2000, 255

_SHORT = re.compile(r"[a-z][a-z0-9_-]*")
_PYTHON = re.compile(r"(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2}))?")
_USER_INFO, _TOKEN = re.compile(r"(?<=://)[^/\s]*@"), re.compile(r"(?<=/t/)[^/\s]+")
_JOINERS = "\u200c\u200d"  # invisible, but letters of some scripts and emoji need them


def check_short_name(text: str) -> str:
    """1 to 5 characters, lower-cased. Raises InvalidSpec."""
    name = text.strip().lower()
    if not name:
        raise _invalid("short_name", text, "expected 1 to 5 characters, such as mlenv")
    if len(name) > SHORT_LIMIT:
        raise _invalid("short_name", text, f"expected at most {SHORT_LIMIT} characters, and this has {len(name)}")
    # Lower-casing turns the Kelvin sign into a k.
    if not text.isascii() or not _SHORT.fullmatch(name):
        raise _invalid("short_name", text, "expected a letter a to z, then letters, digits, _ or -")
    if name in RESERVED:
        raise _invalid("short_name", text, f"'{name}' has a meaning of its own; choose another")
    return name


def check_full_name(text: str) -> str:
    """1 to 100 characters, on one line. Raises InvalidSpec."""
    name = text.strip()
    if not name.strip(_JOINERS):
        raise _invalid("full_name", text, "expected a name of 1 to 100 characters")
    if len(name) > FULL_LIMIT:
        raise _invalid("full_name", text, f"expected at most {FULL_LIMIT} characters, and this has {len(name)}")
    if any(_is_control(c) for c in name):
        raise _invalid("full_name", text, "expected a name without control characters")
    return name


def check_description(text: str, field: str = "description") -> str:
    """At most 2,000 characters, on several lines if need be; notes and comments too. Raises InvalidSpec."""
    note = text.strip()
    if len(note) > DESCRIPTION_LIMIT:
        raise _invalid(field, text, f"expected at most {DESCRIPTION_LIMIT:,} characters, and this has {len(note):,}")
    if any(_is_control(c) for c in note if c not in "\n\r\t"):
        raise _invalid(field, text, "expected a text without control characters")
    return note


def check_person(text: str, field: str) -> str:
    """Somebody's user name, as identity providers know it. Raises InvalidSpec."""
    name = text.strip()
    if not 1 <= len(name) <= PERSON_LIMIT or any(_is_control(c) for c in name):
        raise _invalid(field, text, f"expected a user name of 1 to {PERSON_LIMIT} characters")
    return name


def check_python_version(text: str) -> str:
    """`3.11` or `3.11.7`. Raises InvalidSpec."""
    version = text.strip()
    if not _PYTHON.fullmatch(version):
        raise _invalid("python_version", text, "expected a version such as 3.11 or 3.11.7")
    return version


def shown(text: str, limit: int = 80) -> str:
    """Somebody's text as it may be quoted: shortened, without credentials of a URL, and nothing in it that could
    hide or move what is around it; a tab is shown as the space that it looks like."""
    # Masked before it is shortened: half a password would no longer look like one.
    text = _TOKEN.sub("***", _USER_INFO.sub("***@", text[:2000]))
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(_or_sign(c) for c in short.replace("\t", " "))


def visible(text: str) -> str:
    """Somebody's text on lines of its own: nothing in it is hidden, or hides or moves what is around it."""
    return "".join(c if c in "\n\r\t" else _or_sign(c) for c in text)


def _or_sign(character: str) -> str:
    return "\N{REPLACEMENT CHARACTER}" if _is_control(character) else character


def _is_control(character: str) -> bool:
    """Control, bidirectional and other invisible characters, halves of surrogate pairs, line separators."""
    return character not in _JOINERS and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _invalid(field: str, text: str, message: str) -> InvalidSpec:
    return InvalidSpec([FieldError(field, None, shown(text), message)])
