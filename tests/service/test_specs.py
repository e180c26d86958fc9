"""What people type into the form: all faults at once, bases that may be built on, and what the policy says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.draft import Draft, WantedBase
from jupyter_dataflow_envs.domain.errors import Conflict, DataflowError, InvalidSpec, PolicyViolated
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, edit, ended, query
from tests.service.scripted_runner import ScriptedRunner

BOB = Person("bob")


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with deployment_in(tmp_path / "root", "file:///scripted", runner=ScriptedRunner(waits=False)) as opened:
        create(opened, "below", "3.11", "numpy")
        build(opened, "below")
        yield opened


def _on_base(deployment: Deployment, name: str, base: WantedBase, person: Person = ALICE) -> EnvironmentSpec:
    return deployment.environments.create(person, name, Draft("On a base", "", "", (), (), base)).spec


def _publish(deployment: Deployment, name: str) -> None:
    review, _ = deployment.reviews.submit(ALICE, name, "")
    deployment.reviews.approve(BOSS, review.id, review.digest, "")


def test_all_faults_are_told_at_once(deployment: Deployment) -> None:
    draft = Draft("", "x" * 2001, "3.11", ("numpy", "-r other.txt"), ("Numpy",), WantedBase("none"))
    with pytest.raises(InvalidSpec) as refused:
        deployment.environments.create(ALICE, "too-long", draft)
    fields = {(e.field, e.line) for e in refused.value.errors}
    assert fields == {
        ("short_name", None),
        ("full_name", None),
        ("description", None),
        ("base", None),
        ("python_version", None),
        ("conda_requirements", 2),
        ("pip_requirements", 1),
    }
    assert query(deployment, "SELECT count(*) FROM environments") == [(1,)]
    assert query(deployment, "SELECT count(*) FROM events WHERE kind = 'environment.created'") == [(1,)]


def test_a_base_is_recorded_with_its_version_and_lock(deployment: Deployment) -> None:
    usable = deployment.versions.get(ALICE, "below", 1).version
    for name, wanted in (("one", WantedBase("below")), ("two", WantedBase("BELOW", 1))):
        spec = _on_base(deployment, name, wanted)
        assert spec.python_version == ""
        assert spec.base is not None
        assert (spec.base.short_name, spec.base.version, spec.base.digest) == ("below", 1, usable.digest)
        assert spec.base.environment_id == usable.environment_id


def test_only_the_usable_version_is_a_base(deployment: Deployment) -> None:
    edit(deployment, "below", "scipy")
    build(deployment, "below")
    for version, usable in ((1, 2), (3, 2)):
        with pytest.raises(InvalidSpec, match=f"take version {usable}"):
            _on_base(deployment, "child", WantedBase("below", version))
    _publish(deployment, "below")
    edit(deployment, "below", "pandas")
    build(deployment, "below")
    assert _on_base(deployment, "own", WantedBase("below")).base.version == 3  # type: ignore[union-attr]
    # Others build on what is published; the number of a draft tells them no more than any other.
    assert _on_base(deployment, "his", WantedBase("below"), BOB).base.version == 2  # type: ignore[union-attr]
    refusals = []
    for version in (3, 4):
        with pytest.raises(InvalidSpec) as refused:
            _on_base(deployment, "his2", WantedBase("below", version), BOB)
        refusals.append(refused.value.errors[0].message)
    assert len(set(refusals)) == 1


def test_what_one_may_not_see_is_no_base(deployment: Deployment) -> None:
    """In the same words as what is not there."""
    words = []
    for name in ("below", "nosuch"):
        with pytest.raises(InvalidSpec) as refused:
            _on_base(deployment, "his", WantedBase(name), BOB)
        words.append((refused.value.errors[0].field, refused.value.errors[0].message))
    assert words[0] == words[1]


def test_what_has_no_usable_version_now_is_no_base(deployment: Deployment) -> None:
    create(deployment, "saved", "3.11")
    with pytest.raises(Conflict, match="build it first"):
        _on_base(deployment, "child", WantedBase("saved"))
    _publish(deployment, "below")
    deployment.publishing.deprecate(BOSS, "below", "too old")
    with pytest.raises(Conflict, match="deprecated: too old"):
        _on_base(deployment, "child", WantedBase("below"))
    with pytest.raises(InvalidSpec, match="its own base"):
        deployment.environments.edit(ALICE, "below", Draft(base=WantedBase("below")), None)


def test_what_is_recorded_stays_when_the_base_moves_or_goes(deployment: Deployment) -> None:
    before = _on_base(deployment, "child", WantedBase("below")).base
    edit(deployment, "below", "scipy")
    build(deployment, "below")
    # A form that is sent back as it was shown, and one that says nothing of the base.
    for draft in (Draft(full_name="A", base=WantedBase("below", 1)), Draft(conda_requirements=("pandas",))):
        assert deployment.environments.edit(ALICE, "child", draft, None).spec.base == before
    deployment.environments.delete(BOSS, "below", force=True)
    kept = Draft(full_name="B", base=WantedBase("below", 1))
    assert deployment.environments.edit(ALICE, "child", kept, None).spec.base == before
    assert build(deployment, "child").outcome.value == "succeeded"
    with pytest.raises(InvalidSpec, match="no environment of this name"):
        deployment.environments.edit(ALICE, "child", Draft(base=WantedBase("below")), None)


def test_without_its_base_it_needs_a_python(deployment: Deployment) -> None:
    _on_base(deployment, "child", WantedBase("below"))
    with pytest.raises(InvalidSpec) as refused:
        deployment.environments.edit(ALICE, "child", Draft(base=None), None)
    assert [e.field for e in refused.value.errors] == ["python_version"]
    spec = deployment.environments.edit(ALICE, "child", Draft(base=None, python_version="3.12"), None).spec
    assert (spec.base, spec.python_version) == (None, "3.12")
    spec = deployment.environments.edit(ALICE, "child", Draft(base=WantedBase("below")), None).spec
    assert spec.python_version == "", "the base brings its own"
    with pytest.raises(InvalidSpec, match="leave this out"):
        deployment.environments.edit(ALICE, "child", Draft(python_version="3.12"), None)


def test_a_base_is_no_longer_offered_while_it_is_built(tmp_path: Path) -> None:
    """To those who see that it is; who uses what is published goes on."""
    runner = ScriptedRunner({"numpy": 1})
    with deployment_in(tmp_path / "busy", "file:///scripted", runner=runner) as deployment:
        for _ in range(2):
            if not query(deployment, "SELECT 1 FROM environments"):
                create(deployment, "below", "3.11")
            deployment.versions.build(ALICE, "below")
            if deployment.environments.get(ALICE, "below").published is None:
                _let_go(runner, deployment)
                _publish(deployment, "below")
        with pytest.raises(Conflict, match="build is in progress"):
            _on_base(deployment, "child", WantedBase("below"))
        assert _on_base(deployment, "his", WantedBase("below"), BOB).base is not None
        _let_go(runner, deployment)


def _let_go(runner: ScriptedRunner, deployment: Deployment) -> None:
    runner.wait_busy("below")
    runner.end("below", None)
    assert ended(deployment, "below").outcome.value == "succeeded"


def test_the_policy_is_asked_about_what_changes(deployment: Deployment) -> None:
    denied = (DeniedPackage("NumPy", "", "banned"), DeniedPackage("scipy", "<1", "too old"))
    deployment.policies.set(BOSS, Policy(denied_packages=denied, python_versions=("3.11",)))
    with pytest.raises(PolicyViolated) as refused:
        deployment.environments.create(ALICE, "new", Draft("New", "", "3.12", ("numpy", "scipy"), ()))
    rules = [(v["package"], v["rule"], v["reason"]) for v in refused.value.more["violations"]]
    assert rules == [
        ("python", "python_versions", "this deployment offers Python 3.11"),
        ("NumPy", "denied_packages", "banned"),
    ]
    # What was saved before stays, and can be renamed; it can't be saved anew.
    deployment.environments.edit(ALICE, "below", Draft(full_name="Renamed", conda_requirements=("numpy",)), None)
    with pytest.raises(PolicyViolated, match="banned"):
        deployment.environments.edit(ALICE, "below", Draft(pip_requirements=("rich",)), None)
    # Which Python a base brings is known when it is solved.
    assert _on_base(deployment, "child", WantedBase("below")).base is not None


def test_a_refused_edit_changes_nothing(deployment: Deployment) -> None:
    before = deployment.environments.get(ALICE, "below")
    for draft in (Draft("New", conda_requirements=("numpy", "numpy")), Draft("New", base=WantedBase("nosuch"))):
        with pytest.raises(DataflowError):
            deployment.environments.edit(ALICE, "below", draft, None)
    assert deployment.environments.get(ALICE, "below") == before
