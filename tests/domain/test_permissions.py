"""Who may do what: the rules written out by hand, against the one table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.environment import Environment, LatestVersion
from jupyter_dataflow_envs.domain.errors import Conflict, NotAllowed
from jupyter_dataflow_envs.domain.permissions import Action, Person, actions, decide, may_see, require
from jupyter_dataflow_envs.domain.version import Outcome
from tests.domain.environments import environment

PEOPLE = {"owner": Person("ann"), "admin": Person("root", is_admin=True), "other": Person("bob")}


def _at(outcome: str, **more: Any) -> dict[str, Any]:
    return {"latest": LatestVersion(more.pop("number", 1), Outcome(outcome), "digest"), **more}


STATES: dict[str, dict[str, Any]] = {
    "Saved": {},
    "In Progress": _at("building"),
    "In Progress, queued": _at("queued"),
    "In Progress, 1 built": _at("building", number=2, latest_success=1),
    "In Progress, 1 published": _at("building", number=2, latest_success=1, published=1),
    "Failed": _at("failed"),
    "Failed, 1 built": _at("failed", number=2, latest_success=1),
    "Failed, 1 published": _at("failed", number=2, latest_success=1, published=1),
    "Draft": _at("succeeded", latest_success=1),
    "Draft, 1 published": _at("succeeded", number=2, latest_success=2, published=1),
    "Pending Approval": _at("succeeded", latest_success=1, review_open=True),
    "Pending Approval, 1 published": _at("succeeded", number=2, latest_success=2, published=1, review_open=True),
    "Published": _at("succeeded", latest_success=1, published=1),
}

# y: may; 4: answered 409, not now; 3: answered 403, not you. In the order owner, administrator, anyone else.
# Deactivate stands apart: it goes by whether the person has it active.
RULES = """
                              | edit | preview | build | cancel | activate | delete
Saved                         | yy3  | yy3     | yy3   | 443    | 444      | yy3
In Progress                   | yy3  | yy3     | 443   | yy3    | 444      | 443
In Progress, queued           | yy3  | yy3     | 443   | yy3    | 444      | 443
In Progress, 1 built          | yy3  | yy3     | 443   | yy3    | 444      | 443
In Progress, 1 published      | yy3  | yy3     | 443   | yy3    | 44y      | 343
Failed                        | yy3  | yy3     | yy3   | 443    | 444      | yy3
Failed, 1 built               | yy3  | yy3     | yy3   | 443    | y44      | yy3
Failed, 1 published           | yy3  | yy3     | yy3   | 443    | yyy      | 3y3
Draft                         | yy3  | yy3     | yy3   | 443    | y44      | yy3
Draft, 1 published            | yy3  | yy3     | yy3   | 443    | yyy      | 3y3
Pending Approval              | 443  | yy3     | 443   | 443    | y44      | 443
Pending Approval, 1 published | 443  | yy3     | 443   | 443    | yyy      | 343
Published                     | yy3  | yy3     | yy3   | 443    | yyy      | 3y3
"""


def _rows() -> list[tuple[str, str, str, str]]:
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in RULES.strip("\n").splitlines()]
    return [
        (state, action, who, mark)
        for state, *cells in lines
        for action, cell in zip(header[1:], cells, strict=True)
        for who, mark in zip(PEOPLE, cell, strict=True)
    ]


ROWS = _rows()


def test_the_rules_are_complete() -> None:
    assert {state for state, _, _, _ in ROWS} == set(STATES)
    assert {action for _, action, _, _ in ROWS} | {"deactivate"} == {a.value for a in Action}
    assert {environment(**facts).status.value for facts in STATES.values()} == {s.partition(",")[0] for s in STATES}


@pytest.mark.parametrize(("state", "action", "who", "mark"), ROWS, ids=[" - ".join(row[:3]) for row in ROWS])
def test_rule(state: str, action: str, who: str, mark: str) -> None:
    it, person = environment(**STATES[state]), PEOPLE[who]
    decision = decide(Action(action), it, person)
    assert decision.allowed == (mark == "y")
    if mark == "y":
        assert (decision.reason, decision.forbidden) == (None, False)
        require(Action(action), it, person)
        return
    assert decision.forbidden == (mark == "3")
    with pytest.raises(NotAllowed if mark == "3" else Conflict) as caught:
        require(Action(action), it, person)
    assert caught.value.message == decision.reason


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", PEOPLE)
def test_whoever_has_it_active_may_always_deactivate_it(state: str, who: str) -> None:
    assert decide(Action.DEACTIVATE, environment(**STATES[state], active=True), PEOPLE[who]).allowed
    refused = decide(Action.DEACTIVATE, environment(**STATES[state]), PEOPLE[who])
    assert (refused.allowed, refused.reason, refused.forbidden) == (False, "It is not active.", False)


@pytest.mark.parametrize(
    ("state", "action", "who", "reason"),
    [
        ("Published", "edit", "other", "Only its owner or an administrator can edit this environment."),
        ("In Progress", "build", "owner", "A build is in progress: wait for it, or cancel it first."),
        ("In Progress", "delete", "owner", "A build is in progress: cancel it first."),
        ("Pending Approval", "edit", "owner", "It waits for approval: withdraw the submission to edit it."),
        ("Published", "delete", "owner", "It has been published: only an administrator can delete it."),
        ("Saved", "activate", "owner", "No version has been built yet: build it first."),
        ("Draft", "activate", "admin", "It is not published."),
        ("Draft", "cancel", "owner", "No build is in progress."),
    ],
)
def test_the_reason_says_what_to_do(state: str, action: str, who: str, reason: str) -> None:
    assert decide(Action(action), environment(**STATES[state]), PEOPLE[who]).reason == reason


@pytest.mark.parametrize("state", STATES)
def test_seen_by_its_owner_and_administrators_and_once_published_by_all(state: str) -> None:
    it = environment(**STATES[state])
    assert may_see(it, PEOPLE["owner"])
    assert may_see(it, PEOPLE["admin"])
    assert may_see(it, PEOPLE["other"]) == ("ublished" in state)


ENVIRONMENTS = st.builds(environment, owner=st.sampled_from(["ann", "bob"])) | st.builds(
    lambda facts, owner, active: environment(**facts, owner=owner, active=active),
    st.sampled_from(list(STATES.values())),
    st.sampled_from(["ann", "bob"]),
    st.booleans(),
)
PERSONS = st.builds(Person, st.sampled_from(["ann", "bob", "cid"]), st.booleans())


@given(ENVIRONMENTS, PERSONS)
def test_the_panel_is_told_what_the_service_decides(it: Environment, person: Person) -> None:
    told = actions(it, person)
    assert set(told) == set(Action)
    for action, decision in told.items():
        assert decision == decide(action, it, person)
        assert decision.allowed == (decision.reason is None)
        assert not (decision.allowed and decision.forbidden)
