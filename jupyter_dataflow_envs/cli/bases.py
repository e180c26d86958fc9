"""An environment to build on, as it is named on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..client.environments import WantedBase

_NAMED = re.compile(r"([^@\s]+)(?:@([0-9]{1,9}))?")


def base_option(help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--base, which takes `mlenv` or `mlenv@2`."""
    return click.option("--base", metavar="NAME[@VERSION]", callback=_wanted, help=help)


def _wanted(context: click.Context, parameter: click.Parameter, value: str | None) -> WantedBase | None:
    if value is None:
        return None
    match = _NAMED.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is no base: expected a short name, or one with a version: mlenv@2.")
    return (match[1], int(match[2])) if match[2] else match[1]


def only_one(base: WantedBase | None, no_base: bool) -> None:
    """Raise UsageError for both --base and --no-base."""
    if base is not None and no_base:
        raise click.UsageError("Either another base (--base), or none (--no-base).")
