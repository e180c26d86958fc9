"""What an import is read for: this machine, the policy's Pythons, the deployment's grammar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.service.imports import this_platform
from tests.service.deployments import ALICE, BOSS, deployment_in

TEXT = "dependencies:\n  - python>=3.9,<3.12\n  - numpy>=1.20,<2\n"


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """Of a channel that is not there."""
    with deployment_in(tmp_path / "root", "file:///nowhere") as opened:
        yield opened


def test_the_platform_is_the_one_that_the_engine_builds_for() -> None:
    from rattler import Subdir

    assert this_platform() == str(Subdir.current())


def test_a_channel_that_does_not_answer_fails_no_import(deployment: Deployment) -> None:
    found = deployment.imports.read(ALICE, TEXT, None)
    assert found.python_version is None
    assert found.conda_requirements == ("numpy>=1.20",)
    assert [n.text for n in found.left_out] == ["python>=3.9,<3.12"]


def test_the_policy_says_which_pythons_are_offered(deployment: Deployment) -> None:
    deployment.policies.set(BOSS, replace(deployment.policies.get(), python_versions=("3.10", "3.11", "3.13")))
    assert deployment.imports.read(ALICE, TEXT, None).python_version == "3.11"


def test_an_extended_grammar_keeps_what_it_can(tmp_path: Path) -> None:
    with deployment_in(tmp_path / "root", "file:///nowhere", extended_requirements=True) as deployment:
        assert deployment.imports.read(ALICE, TEXT, None).conda_requirements == ("numpy>=1.20,<2",)
