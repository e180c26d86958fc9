"""Kinds of events, which programs that follow the audit trail rely on."""

from __future__ import annotations

import re

from jupyter_dataflow_envs.domain.events import EventKind


def test_kinds_are_named_alike_and_fit_their_column() -> None:
    for kind in EventKind:
        assert re.fullmatch(r"(environment|build|policy)\.[a-z_]+", kind.value)
        assert len(kind.value) <= 40
    assert len({kind.value for kind in EventKind}) == len(EventKind)
