"""Who may do what: the rules written out by hand, against the one table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.environment import Environment, LatestVersion, Usage
from jupyter_dataflow_envs.domain.errors import Conflict, NotAllowed
from jupyter_dataflow_envs.domain.permissions import (
    Action,
    Person,
    Situation,
    actions,
    decide,
    may_see,
    may_see_version,
    require,
)
from jupyter_dataflow_envs.domain.review import ReviewState
from jupyter_dataflow_envs.domain.version import Outcome
from tests.domain.environments import DEPRECATION, environment, publication, review

PEOPLE = {
    "owner": Person("ann"),
    "administrator": Person("root", is_admin=True),
    "owner and administrator": Person("ann", is_admin=True),
    "other": Person("bob"),
}


def _at(outcome: str, number: int = 1, *, published: int | None = None, **more: Any) -> dict[str, Any]:
    """The latest version; which one is published."""
    if published is not None:
        more = {"publication": publication(published), "ever_published": True, **more}
    return {"latest": LatestVersion(number, Outcome(outcome), "digest"), **more}


STATES: dict[str, dict[str, Any]] = {
    "Saved": {},
    "In Progress": _at("building"),
    "In Progress, queued": _at("queued"),
    "In Progress, 1 built": _at("building", 2, latest_success=1),
    "In Progress, 1 published": _at("building", 2, latest_success=1, published=1),
    "In Progress, 2 published": _at("queued", 3, latest_success=2, published=2),
    "Failed": _at("failed"),
    "Failed, 1 built": _at("failed", 2, latest_success=1),
    "Failed, 1 published": _at("failed", 2, latest_success=1, published=1),
    "Failed, 2 published": _at("failed", 3, latest_success=2, published=2),
    "Failed, 1 published, 2 built": _at("failed", 3, latest_success=2, published=1),
    "Draft": _at("succeeded", latest_success=1),
    "Draft, rejected": _at("succeeded", latest_success=1, review=review(1, state=ReviewState.REJECTED)),
    "Draft, 2 built": _at("succeeded", 2, latest_success=2),
    "Draft, 1 published": _at("succeeded", 2, latest_success=2, published=1),
    "Draft, 1 deprecated": _at(
        "succeeded", 2, latest_success=2, published=1, publication=publication(1, deprecated=DEPRECATION)
    ),
    "Draft, was published": _at("succeeded", latest_success=1, ever_published=True),
    "Draft, tried by another": _at("succeeded", latest_success=1, usage=Usage(1, None, others=1)),
    "Draft, another's base": _at("succeeded", latest_success=1, usage=Usage(children=1)),
    "Draft, active for its owner": _at("succeeded", latest_success=1, usage=Usage(1, None, others=0)),
    "Pending Approval": _at("succeeded", latest_success=1, review=review(1)),
    "Pending Approval, 1 published": _at("succeeded", 2, latest_success=2, published=1, review=review(2)),
    "Published": _at("succeeded", latest_success=1, published=1),
    "Published, 2 built": _at("succeeded", 2, latest_success=2, published=2),
    "Published, deprecated": _at(
        "succeeded", latest_success=1, published=1, publication=publication(1, deprecated=DEPRECATION)
    ),
    "Published, used": _at("succeeded", latest_success=1, published=1, usage=Usage(2, None, others=2)),
    "Published, a base": _at("succeeded", latest_success=1, published=1, usage=Usage(children=3)),
}

# y: may; 4: answered 409, not now; 3: answered 403, not you. In the order owner, administrator, owner who is an
# administrator, anyone else. Deactivate stands apart: it goes by whether the person has it active.
RULES = [
    """
                              | edit | preview | build | cancel | revert | submit | withdraw | approve | reject
Saved                         | yyy3 | yyy3    | yyy3  | 4443   | 4443   | 4343   | 4443     | 3443    | 3443
In Progress                   | yyy3 | yyy3    | 4443  | yyy3   | 4443   | 4343   | 4443     | 3443    | 3443
In Progress, queued           | yyy3 | yyy3    | 4443  | yyy3   | 4443   | 4343   | 4443     | 3443    | 3443
In Progress, 1 built          | yyy3 | yyy3    | 4443  | yyy3   | 4443   | 4343   | 4443     | 3443    | 3443
In Progress, 1 published      | yyy3 | yyy3    | 4443  | yyy3   | 4443   | 4343   | 4443     | 3443    | 3443
In Progress, 2 published      | yyy3 | yyy3    | 4443  | yyy3   | 4443   | 4343   | 4443     | 3443    | 3443
Failed                        | yyy3 | yyy3    | yyy3  | 4443   | 4443   | 4343   | 4443     | 3443    | 3443
Failed, 1 built               | yyy3 | yyy3    | yyy3  | 4443   | 4443   | y3y3   | 4443     | 3443    | 3443
Failed, 1 published           | yyy3 | yyy3    | yyy3  | 4443   | 4443   | 4343   | 4443     | 3443    | 3443
Failed, 2 published           | yyy3 | yyy3    | yyy3  | 4443   | yyy3   | 4343   | 4443     | 3443    | 3443
Failed, 1 published, 2 built  | yyy3 | yyy3    | yyy3  | 4443   | yyy3   | y3y3   | 4443     | 3443    | 3443
Draft                         | yyy3 | yyy3    | yyy3  | 4443   | 4443   | y3y3   | 4443     | 3443    | 3443
Draft, rejected               | yyy3 | yyy3    | yyy3  | 4443   | 4443   | y3y3   | 4443     | 3443    | 3443
Draft, 2 built                | yyy3 | yyy3    | yyy3  | 4443   | yyy3   | y3y3   | 4443     | 3443    | 3443
Draft, 1 published            | yyy3 | yyy3    | yyy3  | 4443   | yyy3   | y3y3   | 4443     | 3443    | 3443
Draft, 1 deprecated           | yyy3 | yyy3    | yyy3  | 4443   | yyy3   | y3y3   | 4443     | 3443    | 3443
Draft, was published          | yyy3 | yyy3    | yyy3  | 4443   | 4443   | y3y3   | 4443     | 3443    | 3443
Draft, tried by another       | yyy3 | yyy3    | yyy3  | 4443   | 4443   | y3y3   | 4443     | 3443    | 3443
Draft, another's base         | yyy3 | yyy3    | yyy3  | 4443   | 4443   | y3y3   | 4443     | 3443    | 3443
Draft, active for its owner   | yyy3 | yyy3    | yyy3  | 4443   | 4443   | y3y3   | 4443     | 3443    | 3443
Pending Approval              | 4443 | yyy3    | 4443  | 4443   | 4443   | 4343   | yyy3     | 3y33    | 3yy3
Pending Approval, 1 published | 4443 | yyy3    | 4443  | 4443   | 4443   | 4343   | yyy3     | 3y33    | 3yy3
Published                     | yyy3 | yyy3    | yyy3  | 4443   | 4443   | 4343   | 4443     | 3443    | 3443
Published, 2 built            | yyy3 | yyy3    | yyy3  | 4443   | yyy3   | 4343   | 4443     | 3443    | 3443
Published, deprecated         | yyy3 | yyy3    | yyy3  | 4443   | 4443   | 4343   | 4443     | 3443    | 3443
Published, used               | yyy3 | yyy3    | yyy3  | 4443   | 4443   | 4343   | 4443     | 3443    | 3443
Published, a base             | yyy3 | yyy3    | yyy3  | 4443   | 4443   | 4343   | 4443     | 3443    | 3443
""",
    """
                              | deprecate | undeprecate | unpublish | transfer | delete
Saved                         | 3443      | 3443        | 3443      | 3yy3     | yyy3
In Progress                   | 3443      | 3443        | 3443      | 3yy3     | 4443
In Progress, queued           | 3443      | 3443        | 3443      | 3yy3     | 4443
In Progress, 1 built          | 3443      | 3443        | 3443      | 3yy3     | 4443
In Progress, 1 published      | 3yy3      | 3443        | 3yy3      | 3yy3     | 3443
In Progress, 2 published      | 3yy3      | 3443        | 3yy3      | 3yy3     | 3443
Failed                        | 3443      | 3443        | 3443      | 3yy3     | yyy3
Failed, 1 built               | 3443      | 3443        | 3443      | 3yy3     | yyy3
Failed, 1 published           | 3yy3      | 3443        | 3yy3      | 3yy3     | 3yy3
Failed, 2 published           | 3yy3      | 3443        | 3yy3      | 3yy3     | 3yy3
Failed, 1 published, 2 built  | 3yy3      | 3443        | 3yy3      | 3yy3     | 3yy3
Draft                         | 3443      | 3443        | 3443      | 3yy3     | yyy3
Draft, rejected               | 3443      | 3443        | 3443      | 3yy3     | yyy3
Draft, 2 built                | 3443      | 3443        | 3443      | 3yy3     | yyy3
Draft, 1 published            | 3yy3      | 3443        | 3yy3      | 3yy3     | 3yy3
Draft, 1 deprecated           | 3443      | 3yy3        | 3yy3      | 3yy3     | 3yy3
Draft, was published          | 3443      | 3443        | 3443      | 3yy3     | 3yy3
Draft, tried by another       | 3443      | 3443        | 3443      | 3yy3     | 4443
Draft, another's base         | 3443      | 3443        | 3443      | 3yy3     | 4443
Draft, active for its owner   | 3443      | 3443        | 3443      | 3yy3     | yyy3
Pending Approval              | 3443      | 3443        | 3443      | 3yy3     | 4443
Pending Approval, 1 published | 3yy3      | 3443        | 3yy3      | 3yy3     | 3443
Published                     | 3yy3      | 3443        | 3yy3      | 3yy3     | 3yy3
Published, 2 built            | 3yy3      | 3443        | 3yy3      | 3yy3     | 3yy3
Published, deprecated         | 3443      | 3yy3        | 3yy3      | 3yy3     | 3yy3
Published, used               | 3yy3      | 3443        | 3443      | 3yy3     | 3443
Published, a base             | 3yy3      | 3443        | 3443      | 3yy3     | 3443
""",
    """
                              | activate | try_draft | run  | use_as_base | copy_to_local
Saved                         | 4444     | 3443      | 4444 | 4444        | 4444
In Progress                   | 4444     | 3443      | 4444 | 4444        | 4444
In Progress, queued           | 4444     | 3443      | 4444 | 4444        | 4444
In Progress, 1 built          | 4444     | 3443      | y4y4 | 4444        | y4y4
In Progress, 1 published      | 444y     | 3443      | yyyy | 444y        | yyyy
In Progress, 2 published      | 444y     | 3443      | yyyy | 444y        | yyyy
Failed                        | 4444     | 3443      | 4444 | 4444        | 4444
Failed, 1 built               | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Failed, 1 published           | yyyy     | 3443      | yyyy | yyyy        | yyyy
Failed, 2 published           | yyyy     | 3443      | yyyy | yyyy        | yyyy
Failed, 1 published, 2 built  | yyyy     | 3yy3      | yyyy | yyyy        | yyyy
Draft                         | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Draft, rejected               | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Draft, 2 built                | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Draft, 1 published            | yyyy     | 3yy3      | yyyy | yyyy        | yyyy
Draft, 1 deprecated           | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Draft, was published          | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Draft, tried by another       | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Draft, another's base         | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Draft, active for its owner   | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Pending Approval              | y4y4     | 3yy3      | y4y4 | y4y4        | y4y4
Pending Approval, 1 published | yyyy     | 3yy3      | yyyy | yyyy        | yyyy
Published                     | yyyy     | 3443      | yyyy | yyyy        | yyyy
Published, 2 built            | yyyy     | 3443      | yyyy | yyyy        | yyyy
Published, deprecated         | 4444     | 3443      | 4444 | 4444        | 4444
Published, used               | yyyy     | 3443      | yyyy | yyyy        | yyyy
Published, a base             | yyyy     | 3443      | yyyy | yyyy        | yyyy
""",
]


def _rows(table: str) -> list[tuple[str, str, str, str]]:
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in table.strip("\n").splitlines()]
    return [
        (state, action, who, mark)
        for state, *cells in lines
        for action, cell in zip(header[1:], cells, strict=True)
        for who, mark in zip(PEOPLE, cell, strict=True)
    ]


ROWS = [row for table in RULES for row in _rows(table)]


def test_the_rules_are_complete() -> None:
    told = {(action, state) for state, action, _, _ in ROWS}
    assert told == {(a.value, state) for a in Action if a is not Action.DEACTIVATE for state in STATES}
    assert len(ROWS) == len(told) * len(PEOPLE)
    assert [environment(**facts).status.value for facts in STATES.values()] == [s.partition(",")[0] for s in STATES]


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


@pytest.mark.parametrize("who", PEOPLE)
def test_whoever_uses_what_is_deprecated_keeps_it(who: str) -> None:
    it = environment(**STATES["Published, deprecated"], active=True)
    for action, allowed in ((Action.ACTIVATE, True), (Action.RUN, True), (Action.USE_AS_BASE, False)):
        decision = decide(action, it, PEOPLE[who])
        assert (decision.allowed, decision.forbidden) == (allowed, False)


@pytest.mark.parametrize(
    ("owner", "submitted_by", "person", "allowed"),
    [
        ("ann", "ann", Person("root", is_admin=True), True),
        ("ann", "ann", Person("ann", is_admin=True), False),
        ("ann", "ann", Person("ann", is_admin=True, approves_own=True), True),
        ("ann", "root", Person("root", is_admin=True), False),  # it was theirs when they submitted it
        ("ann", "root", Person("root", is_admin=True, approves_own=True), True),
        ("root", "ann", Person("root", is_admin=True), False),  # it has become theirs
        ("ann", "ann", Person("ann", approves_own=True), False),
    ],
)
def test_nobody_approves_their_own_submission(owner: str, submitted_by: str, person: Person, allowed: bool) -> None:
    it = environment(owner=owner, **_at("succeeded", latest_success=1, review=review(1, submitted_by=submitted_by)))
    decision = decide(Action.APPROVE, it, person)
    assert (decision.allowed, decision.forbidden) == (allowed, not allowed)
    assert decide(Action.REJECT, it, person).allowed == person.is_admin


def test_who_submitted_before_is_no_reason() -> None:
    """A decided review stands against nothing: there is nothing to approve, for them as for others."""
    for person in (PEOPLE["administrator"], PEOPLE["owner and administrator"]):
        assert decide(Action.APPROVE, environment(**STATES["Draft, rejected"]), person).reason == (
            "Nothing waits for approval."
        )


@pytest.mark.parametrize(
    ("state", "action", "who", "reason"),
    [
        ("Published", "edit", "other", "Only its owner or an administrator can edit this environment."),
        ("Published", "submit", "administrator", "Only its owner can submit this environment."),
        ("Draft", "deprecate", "owner", "Only an administrator can deprecate this environment."),
        ("In Progress", "build", "owner", "A build is in progress: wait for it, or cancel it first."),
        ("In Progress", "delete", "owner", "A build is in progress: cancel it first."),
        ("In Progress, 1 published", "activate", "owner", "A build is in progress: wait for it, or cancel it first."),
        ("Pending Approval", "edit", "owner", "It waits for approval: withdraw the submission to edit it."),
        ("Pending Approval", "submit", "owner", "It waits for approval already."),
        (
            "Pending Approval",
            "approve",
            "owner and administrator",
            "You can't approve what you submitted: another administrator decides.",
        ),
        ("Draft", "approve", "administrator", "Nothing waits for approval."),
        ("Draft", "withdraw", "owner", "Nothing waits for approval."),
        ("Published", "submit", "owner", "Its latest successful version is published already."),
        ("Failed", "submit", "owner", "No version has been built successfully yet: build it first."),
        ("Published", "delete", "owner", "It has been published: only an administrator can delete it."),
        ("Published, used", "delete", "administrator", "It is active for 2 other people."),
        ("Draft, tried by another", "delete", "owner", "It is active for 1 other person."),
        ("Draft, another's base", "delete", "owner", "It is the base of 1 environment."),
        ("Published, a base", "unpublish", "administrator", "It is the base of 3 environments."),
        ("Published, deprecated", "activate", "other", "It is deprecated: use mlnew"),
        ("Published, deprecated", "deprecate", "administrator", "It is deprecated already."),
        ("Published", "undeprecate", "administrator", "It is not deprecated."),
        ("Draft", "undeprecate", "administrator", "It is not published."),
        ("Published", "try_draft", "administrator", "Its latest version is the published one: activate that."),
        ("Saved", "activate", "owner", "No version has been built yet: build it first."),
        ("Draft", "activate", "administrator", "It is not published."),
        ("Draft", "cancel", "owner", "No build is in progress."),
        ("Draft", "revert", "owner", "There is no earlier version to go back to."),
    ],
)
def test_the_reason_says_what_to_do(state: str, action: str, who: str, reason: str) -> None:
    assert decide(Action(action), environment(**STATES[state]), PEOPLE[who]).reason == reason


def test_all_uses_are_named() -> None:
    it = environment(**_at("succeeded", latest_success=1, usage=Usage(4, None, others=3, children=1)))
    assert decide(Action.DELETE, it, PEOPLE["owner"]).reason == (
        "It is active for 3 other people and the base of 1 environment."
    )


@pytest.mark.parametrize("state", STATES)
def test_seen_by_its_owner_and_administrators_and_once_published_by_all(state: str) -> None:
    it = environment(**STATES[state])
    shown = any(word in state for word in ("Published", "1 published", "2 published", "1 deprecated"))
    for who, person in PEOPLE.items():
        assert may_see(it, person) == (shown or who != "other")


def test_others_see_the_published_version_alone() -> None:
    it = environment(**STATES["Draft, 1 published"])
    for who, person in PEOPLE.items():
        assert [may_see_version(it, n, person) for n in (1, 2)] == ([True, False] if who == "other" else [True, True])
    for number in (1, 2):
        assert not may_see_version(environment(**STATES["Draft, was published"]), number, PEOPLE["other"])


ENVIRONMENTS = st.builds(environment, owner=st.sampled_from(["ann", "bob"])) | st.builds(
    lambda facts, owner, active: environment(**facts, owner=owner, active=active),
    st.sampled_from(list(STATES.values())),
    st.sampled_from(["ann", "bob"]),
    st.booleans(),
)
PERSONS = st.builds(Person, st.sampled_from(["ann", "bob", "cid"]), st.booleans(), st.booleans())


@given(ENVIRONMENTS, PERSONS)
def test_the_panel_is_told_what_the_service_decides(it: Environment, person: Person) -> None:
    told = actions(Situation.of(it, person))
    assert set(told) == set(Action)
    for action, decision in told.items():
        assert decision == decide(action, it, person)
        assert decision.allowed == (decision.reason is None)
        assert not (decision.allowed and decision.forbidden)


@given(ENVIRONMENTS, PERSONS)
def test_what_is_hidden_from_a_person_decides_nothing_for_them(it: Environment, person: Person) -> None:
    if may_see(it, person):
        assert actions(Situation.of(it.seen_by(person), person)) == actions(Situation.of(it, person))


@given(ENVIRONMENTS, PERSONS)
def test_nobody_loses_by_becoming_an_administrator(it: Environment, person: Person) -> None:
    """What an owner may, an owner who becomes an administrator may too."""
    promoted = replace(person, is_admin=True)
    if it.owner == person.name:
        mine, theirs = actions(Situation.of(it, person)), actions(Situation.of(it, promoted))
        assert not [a for a in Action if mine[a].allowed and not theirs[a].allowed]
