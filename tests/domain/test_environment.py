"""The status, which is derived; and what follows from the facts of an environment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.environment import LatestVersion, Status, derive_status
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.domain.version import Outcome
from tests.domain.environments import environment

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
    assert environment(latest=version, published=published, review_open=review_open).status.value == status


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
    it = environment(owner="ann", latest_success=3, published=2)
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


LINES = st.lists(st.sampled_from(["pandas", "pandas=2", "rich", ""]), max_size=3).map(tuple)
SPECS = st.builds(EnvironmentSpec, st.sampled_from(["3.11", "3.12"]), LINES, LINES)


@given(SPECS, SPECS)
def test_digests_of_specs_are_equal_just_when_the_specs_are(a: EnvironmentSpec, b: EnvironmentSpec) -> None:
    assert (a.digest == b.digest) == (a == b)
    assert EnvironmentSpec.from_json(a.to_json()) == a
