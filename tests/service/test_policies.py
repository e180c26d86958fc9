"""Quotas: what a person has is counted as the disk counts it, and refused before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.domain.errors import QuotaExceeded
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.policy import Policy
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.service.policies import Used
from tests.live import wait_until
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, edit, ended, prefix_ids, query
from tests.service.scripted_runner import SIZE, ScriptedRunner

BOB = Person("bob")


@pytest.fixture
def runner() -> ScriptedRunner:
    return ScriptedRunner({"numpy": 1}, waits=False)


@pytest.fixture
def deployment(tmp_path: Path, runner: ScriptedRunner) -> Iterator[Deployment]:
    with deployment_in(tmp_path / "root", "file:///scripted", runner=runner) as opened:
        yield opened


def _state(deployment: Deployment) -> list[object]:
    """All that a refusal must leave alone."""
    tables = ("environments", "versions", "attempts", "prefixes", "events")
    return [query(deployment, f"SELECT * FROM {table}") for table in tables]


def used_by(deployment: Deployment, person: Person) -> Used:
    return deployment.policies.limits(person)[1]


def test_a_shared_prefix_counts_once(deployment: Deployment) -> None:
    for name in ("one", "two"):
        create(deployment, name, "3.11", "numpy")
        build(deployment, name)
    wait_until(lambda: len(prefix_ids(deployment)) == 1, "the end of the row that was not needed", 5)
    assert used_by(deployment, ALICE) == Used(environments=2, bytes=SIZE)
    edit(deployment, "one", "scipy")
    build(deployment, "one")
    assert used_by(deployment, ALICE) == Used(2, 2 * SIZE), "earlier versions stay installed, and count"
    deployment.versions.revert(ALICE, "one", 1)
    assert ended(deployment, "one").outcome.value == "succeeded"
    assert used_by(deployment, ALICE) == Used(2, 2 * SIZE)


def test_who_shares_a_prefix_has_it_too(deployment: Deployment) -> None:
    """Whoever came first: else the quota would depend on others, and move when they delete theirs."""
    create(deployment, "one", "3.11", "numpy")
    build(deployment, "one")
    deployment.environments.create(BOB, "his", Draft("His", "", "3.11", ("numpy",), ()))
    deployment.versions.build(BOB, "his")
    assert ended(deployment, "his", person=BOB).outcome.value == "succeeded"
    assert [used_by(deployment, p).bytes for p in (ALICE, BOB, BOSS)] == [SIZE, SIZE, 0]
    deployment.environments.delete(ALICE, "one")
    assert used_by(deployment, ALICE) == Used(0, 0)
    assert used_by(deployment, BOB) == Used(1, SIZE)
    deployment.publishing.transfer(BOSS, "his", "alice")
    assert used_by(deployment, ALICE) == Used(1, SIZE)
    assert used_by(deployment, BOB) == Used(0, 0)


def test_failed_builds_take_nothing(deployment: Deployment, runner: ScriptedRunner) -> None:
    create(deployment, "one", "3.11", "numpy==1")
    build(deployment, "one")
    edit(deployment, "one", "numpy==2")
    deployment.versions.build(ALICE, "one", pin_installed=True)
    assert ended(deployment, "one").outcome.value == "failed"
    assert used_by(deployment, ALICE) == Used(1, SIZE)


def test_who_has_as_much_as_is_allowed_builds_nothing_more(deployment: Deployment, runner: ScriptedRunner) -> None:
    create(deployment, "one", "3.11", "numpy")
    build(deployment, "one")
    edit(deployment, "one", "scipy")
    build(deployment, "one")
    deployment.policies.set(BOSS, Policy(max_bytes=2 * SIZE))
    before, runs = _state(deployment), len(runner.jobs)
    calls: list[Callable[[], object]] = [
        lambda: deployment.versions.build(ALICE, "one"),
        lambda: deployment.versions.build(ALICE, "one", pin_installed=True),
        lambda: deployment.versions.revert(ALICE, "one", 1),
    ]
    for refused in calls:
        with pytest.raises(QuotaExceeded, match="delete one first") as refusal:
            refused()
        assert refusal.value.more == {"held_bytes": 2 * SIZE, "max_bytes": 2 * SIZE}
        assert _state(deployment) == before
    assert len(runner.jobs) == runs

    # It is the owner's room that counts, whoever builds; an administrator may go beyond it.
    deployment.versions.build(BOSS, "one")
    assert ended(deployment, "one").outcome.value == "succeeded"
    deployment.policies.set(BOSS, Policy(max_bytes=2 * SIZE + 1))
    assert build(deployment, "one").number == 4


def test_a_person_has_so_many_environments(deployment: Deployment) -> None:
    deployment.policies.set(BOSS, Policy(max_environments=2))
    for name in ("one", "two"):
        create(deployment, name, "3.11")
    before = _state(deployment)
    with pytest.raises(QuotaExceeded, match="You have 2 environments, and 2 are allowed"):
        create(deployment, "three", "3.11")
    assert _state(deployment) == before
    for name in ("a", "b", "c"):
        deployment.environments.create(BOSS, name, Draft("An administrator's", "", "3.11", (), ()))
    deployment.environments.delete(ALICE, "one")
    create(deployment, "three", "3.11")
