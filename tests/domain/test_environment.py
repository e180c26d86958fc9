"""The status, which is derived; and what follows from the facts of an environment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.environment import Environment, LatestVersion, Status, Usage, derive_status
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.review import ReviewState
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.domain.version import Outcome
from tests.domain.environments import DEPRECATION, MOMENT, environment, publication, review

# latest version (number and outcome), published version, review open → status
TABLE = [
    (None, None, False, "Saved"),
    ((1, "queued"), None, False, "In Progress"),
    ((1, "building"), None, False, "In Progress"),
    ((1, "failed"), None, False, "Failed"),
    ((1, "succeeded"), None, False, "Draft"),
    ((1, "succeeded"), None, True, "Pending Approval"),
    ((1, "succeeded"), 1, False, "Published"),
    ((2, "queued"), 1, False, "In Progress"),
    ((2, "building"), 1, False, "In Progress"),
    ((2, "failed"), 1, False, "Failed"),
    ((2, "succeeded"), 1, False, "Draft"),
    ((2, "succeeded"), 1, True, "Pending Approval"),
    ((3, "succeeded"), 3, False, "Published"),
]


@pytest.mark.parametrize(("latest", "published", "review_open", "status"), TABLE)
def test_status(latest: tuple[int, str] | None, published: int | None, review_open: bool, status: str) -> None:
    version = LatestVersion(latest[0], Outcome(latest[1]), "digest") if latest else None
    assert derive_status(version, published, review_open=review_open).value == status
    shown = publication(published) if published else None
    last = review(1, state=ReviewState.PENDING if review_open else ReviewState.REJECTED)
    assert environment(latest=version, publication=shown, review=last).status.value == status
    if not review_open:
        assert environment(latest=version, publication=shown).status.value == status


def test_there_are_six() -> None:
    assert {s.value for s in Status} == {row[3] for row in TABLE}


LATEST = st.none() | st.builds(
    LatestVersion, st.integers(1, 4), st.sampled_from(Outcome), st.just("digest"), reason=st.none() | st.just("because")
)


@given(LATEST, st.none() | st.integers(1, 4), st.booleans())
def test_each_status_means_one_thing(latest: LatestVersion | None, published: int | None, review_open: bool) -> None:
    status = derive_status(latest, published, review_open=review_open)
    assert (status is Status.SAVED) == (latest is None)
    if latest is None:
        return
    assert (status is Status.IN_PROGRESS) == (latest.outcome in (Outcome.QUEUED, Outcome.BUILDING))
    assert (status is Status.FAILED) == (latest.outcome is Outcome.FAILED)
    if latest.outcome is Outcome.SUCCEEDED:
        assert (status is Status.PENDING_APPROVAL) == review_open
        if not review_open:
            assert (status is Status.PUBLISHED) == (latest.number == published)


def test_the_usable_version_is_the_owners_latest_success_and_for_others_the_published_one() -> None:
    it = environment(owner="ann", latest_success=3, publication=publication(2))
    assert (it.usable_by("ann"), it.usable_by("bob")) == (3, 2)
    assert environment(owner="ann", latest_success=1).usable_by("bob") is None
    assert environment(owner="ann").usable_by("ann") is None


def test_modified_when_what_is_saved_is_not_what_was_built() -> None:
    spec = EnvironmentSpec("3.11", ("pandas",))
    built = LatestVersion(1, Outcome.SUCCEEDED, spec.digest)
    assert not environment(spec=spec, latest=None).modified
    assert not environment(spec=spec, latest=built).modified
    assert environment(spec=replace(spec, conda_requirements=("pandas=2",)), latest=built).modified


def test_the_etag_changes_with_each_edit_and_differs_between_environments() -> None:
    tags = {environment(id=name * 32, revision=n).etag for name in "ab" for n in range(1, 4)}
    assert len(tags) == 6


# --- what others see -------------------------------------------------------------------------------------------------

ANN, BOB, ADMIN = Person("ann"), Person("bob"), Person("root", is_admin=True)
PUBLISHED = publication(1)

# What the owner may have done since version 1 was published.
SINCE = {
    "nothing": {"latest": LatestVersion(1, Outcome.SUCCEEDED, "digest"), "latest_success": 1},
    "2 queued": {"latest": LatestVersion(2, Outcome.QUEUED, "digest", "queued", queue_position=3), "latest_success": 1},
    "2 building": {"latest": LatestVersion(2, Outcome.BUILDING, "digest", "linking"), "latest_success": 1},
    "2 failed": {"latest": LatestVersion(2, Outcome.FAILED, "digest", reason="it broke"), "latest_success": 1},
    "2 built": {"latest": LatestVersion(2, Outcome.SUCCEEDED, "digest"), "latest_success": 2},
    "2 submitted": {
        "latest": LatestVersion(2, Outcome.SUCCEEDED, "digest"),
        "latest_success": 2,
        "review": review(2),
    },
    "2 rejected": {
        "latest": LatestVersion(2, Outcome.SUCCEEDED, "digest"),
        "latest_success": 2,
        "review": review(2, state=ReviewState.REJECTED, decided_by="root", comment="too big"),
    },
    "edited": {
        "latest": LatestVersion(1, Outcome.SUCCEEDED, "digest"),
        "latest_success": 1,
        "full_name": "Secret plans",
        "description": "secret",
        "spec": EnvironmentSpec("3.13", ("secret",)),
        "revision": 9,
        "updated_at": MOMENT.replace(year=2027),
    },
}


@pytest.mark.parametrize("done", SINCE)
def test_others_see_what_was_published_whatever_its_owner_does(done: str) -> None:
    it = environment(publication=PUBLISHED, ever_published=True, **SINCE[done])
    seen = it.seen_by(BOB)
    assert (seen.full_name, seen.description, seen.spec, seen.updated_at) == (
        "Machine learning, as published",
        "as published",
        EnvironmentSpec("3.10", ("numpy",)),
        PUBLISHED.at,
    )
    assert (seen.status, seen.modified, seen.review, seen.latest_success) == (Status.PUBLISHED, False, None, 1)
    assert seen.latest == LatestVersion(1, Outcome.SUCCEEDED, PUBLISHED.spec.digest)
    assert (seen.usable_by("bob"), seen.published) == (1, 1)
    nothing_done = environment(publication=PUBLISHED, ever_published=True, **SINCE["nothing"])
    assert seen == nothing_done.seen_by(BOB)
    assert (seen.etag, seen.modified) == (nothing_done.seen_by(BOB).etag, nothing_done.seen_by(BOB).modified)


@pytest.mark.parametrize("done", SINCE)
def test_its_owner_and_administrators_see_it_as_it_is(done: str) -> None:
    it = environment(publication=PUBLISHED, ever_published=True, **SINCE[done])
    assert it.seen_by(ANN) is it
    assert it.seen_by(ADMIN) is it


def test_others_see_the_next_publication_and_the_deprecation() -> None:
    def seen(**changed: Any) -> Environment:
        return environment(publication=publication(**{"version": 1, **changed}), **SINCE["2 built"]).seen_by(BOB)

    assert seen(version=2).published == 2
    assert seen(version=2).etag != seen().etag
    assert seen(deprecated=DEPRECATION).deprecated == DEPRECATION
    assert seen().deprecated is None


def test_usage_is_told_to_everybody() -> None:
    it = environment(publication=PUBLISHED, usage=Usage(3, MOMENT, 2, 1), active=True, **SINCE["2 built"])
    assert (it.seen_by(BOB).usage, it.seen_by(BOB).active) == (it.usage, True)
