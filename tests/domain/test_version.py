"""The table of transitions, as docs/architecture.md draws it."""

from __future__ import annotations

import pytest

from jupyter_dataflow_envs.domain.version import TRANSITIONS, Outcome, Step

DRAWN = {
    ("queued", "building"),  # claimed
    ("queued", "failed"),  # cancelled
    ("building", "queued"),  # handed back
    ("building", "succeeded"),
    ("building", "failed"),
}


def test_transitions_are_those_of_the_picture() -> None:
    assert {(before.value, after.value) for before, many in TRANSITIONS.items() for after in many} == DRAWN
    assert set(TRANSITIONS) == set(Outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_what_is_active_can_still_change_and_what_is_not_is_final(outcome: Outcome) -> None:
    assert outcome.active == bool(TRANSITIONS[outcome])


def test_every_step_belongs_to_a_phase_of_the_rules() -> None:
    assert [step.phase for step in Step] == [
        "solving",
        "downloading",
        "linking",
        "pip",
        "verifying",
        "verifying",
        "verifying",
    ]
