"""Kernels put right while a person changes what is active: what was asked before is not written after."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.builds.runner import LocalRunner
from jupyter_dataflow_envs.client.servers import Address
from jupyter_dataflow_envs.domain.grant import Grant
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.engine.protocol import Caches
from jupyter_dataflow_envs.home.activations import Activations
from jupyter_dataflow_envs.home.fetching import Fetching
from jupyter_dataflow_envs.home.memory import Memory
from jupyter_dataflow_envs.home.team_service import TeamService
from tests.serving import LiveService, token_of

ALICE = Person("alice")


@pytest.fixture
def talk(service: LiveService) -> Iterator[TeamService]:
    made = TeamService(Address(service.url, token_of("alice")))
    yield made
    made.close()


@pytest.fixture
def activations(talk: TeamService, built: str, tmp_path: Path) -> Iterator[Activations]:
    """Of another server of hers, put right only when a test says so."""
    log = logging.getLogger("test")
    memory = Memory(tmp_path / "home.json", "service")
    fetching = Fetching(talk, LocalRunner(tmp_path), Caches(*(str(tmp_path / n) for n in "abcd")), log)
    name, kernels = f"test-{os.urandom(4).hex()}", tmp_path / "kernels"
    made = Activations(
        talk, memory, fetching, log, server=name, root=tmp_path, kernels_dir=kernels, changed=lambda: None
    )
    made.reconcile()
    yield made
    fetching.stop()


def meanwhile(talk: TeamService, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have it happen once, after the service has said what is active and before that is taken over."""
    ask = talk.active

    def asked(server: str) -> tuple[str, list[Grant]]:
        answer = ask(server)
        monkeypatch.undo()
        act()
        return answer

    monkeypatch.setattr(talk, "active", asked)


def kernels(activations: Activations) -> list[str]:
    return [f.name for f in activations.kernels_dir.iterdir()] if activations.kernels_dir.exists() else []


def test_an_activation_survives_an_older_answer(
    activations: Activations, talk: TeamService, built: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[str] = []
    meanwhile(talk, monkeypatch, lambda: activations.activate(ALICE, built))
    show = activations._show

    def watched(grants: list[Grant]) -> None:
        show(grants)
        if not kernels(activations):
            removed.append("its kernel")

    activations._show = watched  # type: ignore[method-assign]
    activations.reconcile()
    assert kernels(activations) == [f"dataflow-{built}"]
    assert removed == []


def test_a_deactivated_one_does_not_come_back(
    activations: Activations, talk: TeamService, built: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    activations.activate(ALICE, built)
    meanwhile(talk, monkeypatch, lambda: activations.deactivate(ALICE, built))
    activations.reconcile()
    assert kernels(activations) == []
