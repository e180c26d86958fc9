"""The states of a review, as the rules have them."""

from __future__ import annotations

import pytest

from jupyter_dataflow_envs.domain.review import REVIEW_TRANSITIONS, ReviewState
from tests.domain.environments import review

DRAWN = {("pending", "approved"), ("pending", "rejected"), ("pending", "withdrawn")}


def test_a_review_is_decided_once() -> None:
    assert {(before.value, after.value) for before, many in REVIEW_TRANSITIONS.items() for after in many} == DRAWN
    assert set(REVIEW_TRANSITIONS) == set(ReviewState)


@pytest.mark.parametrize("state", ReviewState)
def test_it_is_open_until_then(state: ReviewState) -> None:
    assert review(1, state=state).open == (state.value == "pending") == bool(REVIEW_TRANSITIONS[state])
