"""Templates: whatever is put into one is text, and what could hide or move the text around it is made visible."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...domain.clock import now
from ...domain.names import visible


def _finalize(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def moment(at: datetime | None) -> Markup | str:
    """Such as "2 hours ago", with the exact time as its title."""
    if at is None:
        return "–"
    at = at.astimezone(timezone.utc)
    exact = f"{at:%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, ago(at))


def ago(at: datetime) -> str:
    """In words, coarser the longer it is ago; the date after a month."""
    seconds = (now() - at).total_seconds()
    if seconds < 60:
        return "just now"
    for limit, length, unit in ((3600, 60, "minute"), (86_400, 3600, "hour"), (30 * 86_400, 86_400, "day")):
        if seconds < limit:
            number = int(seconds // length)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return f"{at:%Y-%m-%d}"


def size(number: int | None) -> str:
    """Bytes, in decimal units."""
    if number is None:
        return "–"
    value = Decimal(number)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(moment=moment, size=size, duration=duration)
    # Of one form: what makes sending it twice the same as once.
    made.globals.update(count=count, fresh=lambda: secrets.token_urlsafe(12))
    return made


TEMPLATES = _environment()
