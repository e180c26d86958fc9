"""Submissions and decisions, seen from within: what is deleted, what is kept, and what a decision is bound to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.domain.errors import Conflict, NotFound, PolicyViolated
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy
from jupyter_dataflow_envs.domain.review import Review, ReviewState
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, details_of, edit, ended, log_of, query
from tests.service.scripted_runner import ScriptedRunner

BOB = Person("bob")


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """With `one`, a draft of Alice's."""
    runner = ScriptedRunner({"numpy": 1}, waits=False)
    with deployment_in(tmp_path / "root", "file:///scripted", runner=runner) as opened:
        create(opened, "one", "3.11", "numpy==1")
        build(opened, "one")
        yield opened


def _submit(deployment: Deployment, name: str) -> Review:
    return deployment.reviews.submit(ALICE, name, "")[0]


def _publish(deployment: Deployment, name: str) -> Review:
    review = _submit(deployment, name)
    return deployment.reviews.approve(BOSS, review.id, review.digest, "")[0]


def _fail(deployment: Deployment, name: str) -> None:
    """A build that keeps what is installed, of what does not go with it."""
    edit(deployment, name, "numpy==99")
    deployment.versions.build(ALICE, name, pin_installed=True)
    assert ended(deployment, name).outcome.value == "failed"


def test_a_submission_deletes_failed_versions_for_good(deployment: Deployment) -> None:
    """Log and all; their number is free, and whoever takes it begins with a log and attempts of their own."""
    for _ in range(2):
        _fail(deployment, "one")
    folder = deployment.root.logs / deployment.environments.get(ALICE, "one").id
    assert {f.name for f in folder.iterdir()} == {"1.1.log", "2.1.log", "2.2.log"}
    review = _submit(deployment, "one")
    assert (review.version, review.digest) == (1, deployment.versions.get(ALICE, "one", 1).version.digest)
    assert {f.name for f in folder.iterdir()} == {"1.1.log"}
    assert [v.number for v in deployment.versions.list(ALICE, "one")] == [1]
    with pytest.raises(NotFound):
        deployment.versions.get(ALICE, "one", 2)
    assert query(deployment, "SELECT DISTINCT number FROM attempts") == [(1,)]
    (deleted,) = query(deployment, "SELECT version, details FROM events WHERE kind = 'version.deleted'")
    assert (deleted.version, details_of(deleted)["attempts"]) == (2, 2)

    deployment.reviews.withdraw(ALICE, "one", "")
    edit(deployment, "one", "numpy==2")
    second = build(deployment, "one")
    assert (second.number, second.attempt) == (2, 1)
    log = log_of(deployment, "one", 2)
    assert log.count("Building one version 2") == 1
    assert "Failed" not in log


def test_what_is_published_is_what_was_submitted(deployment: Deployment) -> None:
    """By its lock and requirements; its name is that of the moment of the approval."""
    first = _publish(deployment, "one")
    deployment.environments.edit(ALICE, "one", Draft("Another name", "Other words"), None)
    shown = deployment.environments.get(BOB, "one")
    assert (shown.full_name, shown.description, shown.published) == ("Full name", "", 1)
    edit(deployment, "one", "numpy==2")
    build(deployment, "one")
    assert deployment.environments.get(BOB, "one") == shown
    second = _publish(deployment, "one")
    assert second.digest != first.digest
    shown = deployment.environments.get(BOB, "one")
    assert (shown.full_name, shown.description, shown.published) == ("Another name", "Other words", 2)
    assert shown.spec.conda_requirements == ("numpy==2",)
    packages = {p.package.name: p.package.version for p in deployment.versions.get(BOB, "one", 2).packages}
    assert packages["numpy"] == "2"
    assert deployment.versions.get(BOB, "one", 2).version.digest == second.digest
    with pytest.raises(NotFound):
        deployment.versions.get(BOB, "one", 1)


def test_the_policy_is_asked_again_on_approval(deployment: Deployment) -> None:
    review = _submit(deployment, "one")
    deployment.policies.set(BOSS, Policy(denied_packages=(DeniedPackage("numpy", "<2", "too old"),)))
    page = deployment.reviews.get(BOSS, review.id)
    assert [(v.package, v.version, v.rule, v.reason) for v in page.violations] == [
        ("numpy", "1", "denied_packages", "too old")
    ]
    with pytest.raises(PolicyViolated, match="numpy 1: too old"):
        deployment.reviews.approve(BOSS, review.id, review.digest, "")
    assert deployment.reviews.get(BOSS, review.id).review == review, "a refusal decides nothing"
    assert deployment.reviews.reject(BOSS, review.id, review.digest, "numpy 1")[0].state is ReviewState.REJECTED


def test_the_page_shows_what_would_change_and_what_is_like_it(deployment: Deployment) -> None:
    _publish(deployment, "one")
    for name, conda in {"same": "numpy==1", "near": "numpy==3", "far": "pandas", "draft": "numpy==2"}.items():
        create(deployment, name, "3.11", conda)
        build(deployment, name)
        if name != "draft":
            _publish(deployment, name)
    edit(deployment, "one", "numpy==2", "scipy")
    build(deployment, "one")
    page = deployment.reviews.get(ALICE, _submit(deployment, "one").id)
    assert page.changes is not None
    assert [p.name for p in page.changes.added] == ["scipy"]
    assert [(c.left.version, c.right.version, c.direction) for c in page.changes.changed] == [("1", "2", "up")]
    assert not page.changes.removed
    # Of {python, ipykernel, pip, numpy 2, scipy}, each shares three of the six or seven packages of both.
    assert [(a.short_name, round(a.share, 3)) for a in page.look_alikes] == [
        ("far", 0.5),
        ("near", 0.5),
        ("same", 0.5),
    ]
    assert {p.package.name: p.origin for p in page.packages} == {
        "python": "requested",
        "numpy": "requested",
        "scipy": "requested",
        "ipykernel": "added",
        "pip": "added",
    }


def test_of_decisions_at_the_same_time_the_first_stands(deployment: Deployment) -> None:
    review = _submit(deployment, "one")
    people = [Person(f"admin{n}", is_admin=True) for n in range(12)]
    answers: dict[str, str] = {}
    together = threading.Barrier(len(people))

    def decide(person: Person, number: int) -> None:
        act = deployment.reviews.reject if number % 2 else deployment.reviews.approve
        together.wait()
        try:
            answers[person.name] = act(person, review.id, review.digest, "because")[0].state.value
        except Conflict as error:
            answers[person.name] = f"{error.more['decision']} by {error.more['decided_by']}"

    threads = [threading.Thread(target=decide, args=(p, n)) for n, p in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(people)
    (winner,) = [name for name, answer in answers.items() if " by " not in answer]
    assert {a for n, a in answers.items() if n != winner} == {f"{answers[winner]} by {winner}"}
    kinds = query(deployment, "SELECT kind, actor FROM events WHERE kind IN ('review.approved', 'review.rejected')")
    assert [tuple(k) for k in kinds] == [(f"review.{answers[winner]}", winner)]
    published = deployment.environments.get(ALICE, "one").published
    assert published == (1 if answers[winner] == "approved" else None)


def test_reviews_follow_their_environment(deployment: Deployment) -> None:
    """To its new owner, who did not submit it, and away with it."""
    review = _submit(deployment, "one")
    assert deployment.reviews.list(BOB) == []
    deployment.publishing.transfer(BOSS, "one", "bob")
    for person in (BOB, BOSS):
        assert [(r.id, name) for r, name in deployment.reviews.list(person)] == [(review.id, "one")]
    assert deployment.reviews.get(BOB, review.id).review == review
    with pytest.raises(NotFound):
        deployment.reviews.get(ALICE, review.id)
    assert deployment.reviews.withdraw(BOB, "one", "not mine")[0].decided_by == "bob"
    assert deployment.reviews.list(BOSS, state=ReviewState.PENDING) == []
    deployment.environments.delete(BOB, "one")
    assert deployment.reviews.list(BOSS) == []
    with pytest.raises(NotFound):
        deployment.reviews.get(BOSS, review.id)
