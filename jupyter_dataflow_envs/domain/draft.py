"""What a person typed, not checked yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Keep(Enum):
    """Not said in an edit: it stays as it is, which None (no base) would not mean."""

    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class WantedBase:
    """`version` None: whichever is usable now."""

    short_name: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person typed into the form; None in an edit: leave it as it is."""

    full_name: str | None = None
    description: str | None = None
    python_version: str | None = None
    conda_requirements: Sequence[str] | None = None
    pip_requirements: Sequence[str] | None = None
    base: WantedBase | Keep | None = Keep.KEEP
