"""Copies between Local and Dataflow environments: what is the same wherever the deployment is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..domain.clock import now
from ..domain.errors import Conflict, Unreproducible
from ..domain.local import LocalEnvironment, LocalStatus
from ..domain.names import SHORT_LIMIT
from ..domain.permissions import Person
from ..engine.protocol import Caches, Job, Mode, Sources
from .reproduction import Reproduction

SUGGESTIONS = 20
"""Short names that are tried before none is suggested."""


def opening(doing: str, name: str, person: Person) -> str:
    """The first line of a work's log."""
    return f"{doing} Local environment {name}, asked for by {person.name}, {now():%Y-%m-%d %H:%M:%S} UTC"


def usable(environment: LocalEnvironment) -> LocalEnvironment:
    """Raises Conflict for one that can't be used."""
    if environment.status is not LocalStatus.READY:
        raise Conflict(environment.reason or "It is not ready.")
    return environment


def reproducible(wanted: Reproduction, *, skip: bool) -> Reproduction:
    """Raises Unreproducible when something could not be had again, and is not to be left out."""
    if wanted.unreproducible and not skip:
        raise Unreproducible({p.name: p.unreproducible or "" for p in wanted.unreproducible})
    return wanted


def short_names(name: str) -> Iterator[str]:
    """Those that a Dataflow environment could have, after the name of a Local one, the likeliest first."""
    letters = re.sub(r"[^a-z0-9_-]+", "", name.lower()).lstrip("0123456789_-") or "env"
    endings: list[str] = ["", *map(str, range(2, SUGGESTIONS))]
    return (letters[: SHORT_LIMIT - len(ending)] + ending for ending in endings)


def add_job(prefix: Path, requirement: str, caches: Caches, sources: Sources, *, allow_source_builds: bool) -> Job:
    """What the engine is told to install into a prefix that is there."""
    return Job(
        mode=Mode.ADD,
        caches=caches,
        sources=sources,
        prefix=str(prefix),
        pip=(requirement,),
        writable=True,
        allow_source_builds=allow_source_builds,
    )
