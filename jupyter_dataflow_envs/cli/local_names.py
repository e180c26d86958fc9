"""Which Local environment is meant by what somebody types."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..domain.errors import DataflowError, NotFound
from .output import cell

if TYPE_CHECKING:
    from ..models import LocalAnswer
    from .session import Session


class Ambiguous(DataflowError):
    """Several are called so; `candidates` tells them apart."""

    code = "ambiguous"

    def __init__(self, name: str, found: Sequence[LocalAnswer]) -> None:
        candidates = [{"id": e["id"], "kind": e["kind"], "prefix": e["prefix"]} for e in found]
        message = f"{len(found)} Local environments are called {cell(name)}: say the id or the prefix of one."
        super().__init__(message, candidates=candidates)


def local_named(session: Session, name: str) -> LocalAnswer:
    """By its id, by a name that no other has, or by the path of its prefix. Raises NotFound, Ambiguous."""
    known = session.client.local_environments()
    for environment in known:
        if environment["id"] == name:
            return environment
    found = [e for e in known if e["name"] == name]
    if not found and (os.sep in name or name in (".", "..")):
        paths = _paths(name)
        found = [e for e in known if e["prefix"] in paths or os.path.realpath(e["prefix"]) in paths]
    if not found:
        raise NotFound(f"There is no Local environment {cell(name)}: 'jupyter dataflow-envs local list' shows them.")
    if len(found) > 1:
        raise Ambiguous(name, found)
    return found[0]


def _paths(name: str) -> set[str]:
    """What a path may stand for: as it is written, and with its links followed."""
    path = os.path.abspath(os.path.expanduser(name))  # noqa: PTH100, PTH111  links must stay for now
    return {path, os.path.realpath(path)}
