"""Bases, versions, publishing and policy through the client, by three people of one server."""

from __future__ import annotations

import pytest

from jupyter_dataflow_envs.client import Conflict, InvalidSpec, NotAllowed, NotFound, PolicyViolated, Unsolvable
from tests.client.people import People


def test_a_base_is_named_moved_and_taken_away(people: People, shelf: str) -> None:
    carol, name = people.carol, people.fresh_name()
    made = carol.create(name, full_name="Child", base=shelf, conda_requirements=["tiny-003=1.0"])
    assert (made["base"], made["python_version"]) == ({"short_name": shelf, "version": 1}, None)
    packages = {p["name"]: p["origin"] for p in carol.preview(name)["packages"]}
    assert (packages["tiny-000"], packages["tiny-003"]) == ("base", "requested")
    alone = carol.preview(name, without_base=True, python_version=people.python)
    assert "tiny-000" not in {p["name"] for p in alone["packages"]}

    assert carol.edit(name, full_name="Still a child")["base"] == made["base"]
    freed = carol.edit(name, without_base=True, python_version=people.python)
    assert (freed["base"], freed["python_version"]) == (None, people.python)
    based = {p["name"]: p["origin"] for p in carol.preview(name, base=(shelf, 1))["packages"]}
    assert based["tiny-001"] == "base"
    assert carol.edit(name, base=(shelf, 1))["base"] == made["base"]
    with pytest.raises(Unsolvable, match=f"the base environment {shelf} version 1"):
        carol.preview(name, conda_requirements=["tiny-000==1.1"])
    carol.delete(name)


def test_a_base_that_is_none(people: People, shelf: str) -> None:
    alice, name = people.alice, people.fresh_name()
    for wanted, field in (
        ({"base": "absnt"}, "base"),
        ({"base": (shelf, 7)}, "base"),
        ({"base": shelf, "python_version": people.python}, "python_version"),
        ({}, "python_version"),
    ):
        with pytest.raises(InvalidSpec) as refusal:
            alice.create(name, full_name="x", **wanted)  # type: ignore[arg-type]
        assert [fault.field for fault in refusal.value.errors] == [field]
    with pytest.raises(ValueError, match="Either"):
        alice.edit(shelf, base="other", without_base=True)


def test_going_back(people: People) -> None:
    alice, name = people.alice, people.built(conda_requirements=["tiny-000=1.0"])
    people.succeed(name, conda_requirements=["tiny-000=1.1"])
    first = alice.version(name, 1)
    queued = alice.revert(name, 1)
    assert (queued["number"], queued["reverted_from"]) == (3, 1)
    third = alice.wait(name, 60)
    assert (third["outcome"], third["digest"], third["packages"]) == ("succeeded", first["digest"], first["packages"])
    assert alice.environment(name)["conda_requirements"] == ["tiny-000=1.0"]
    with pytest.raises(Conflict):
        alice.revert(name, 3)
    with pytest.raises(NotFound):
        alice.revert(name, 9)


def test_comparing_and_what_is_newer(people: People, shelf: str) -> None:
    compared = people.alice.compare(f"{shelf}@1", shelf)
    assert (compared["left"]["version"], compared["right"]["version"]) == (1, 2)
    assert [(c["name"], c["left"], c["right"], c["direction"]) for c in compared["changed"]] == [
        ("tiny-000", "1.0", "1.1", "up")
    ]
    assert [p["name"] for p in compared["added"]] == ["tiny-002"]
    assert [p["name"] for p in compared["removed"]] == ["tiny-001"]
    with pytest.raises(NotFound):
        people.carol.compare(f"{shelf}@1", f"{shelf}@2")
    assert {p["name"]: (p["version"], p["newest"]) for p in people.alice.newer(shelf)}["tiny-000"] == ("1.1", "1.9")
    assert {p["name"]: p["version"] for p in people.alice.newer(shelf, 1)}["tiny-000"] == "1.0"
    assert {p["name"]: p["version"] for p in people.carol.newer(shelf)}["tiny-000"] == "1.0"


def test_a_decision_is_made_once(people: People) -> None:
    alice, boss, grace = people.alice, people.boss, people.grace
    name = people.built(conda_requirements=["tiny-000=1.0"])
    review = alice.submit(name, "please")
    assert (review["state"], review["version"], review["note"]) == ("pending", 1, "please")
    assert review in boss.reviews("pending")
    assert boss.reviews(environment=name) == alice.reviews(environment=name) == [review]
    page = boss.review(review["id"])
    assert (page["review"], page["changes"], page["reviewed"]["number"]) == (review, None, 1)
    with pytest.raises(NotFound):
        people.carol.review(review["id"])
    with pytest.raises(NotAllowed):
        alice.approve(review)
    with pytest.raises(Conflict) as other:
        boss.approve(review, "0" * 64)
    assert other.value.more["digest"] == review["digest"]

    decided = boss.approve(page, comment="fine")
    assert (decided["state"], decided["decided_by"], decided["comment"]) == ("approved", "boss", "fine")
    assert boss.approve(review["id"]) == decided
    for late in (lambda: grace.reject(review, "no"), lambda: grace.approve(review["id"])):
        with pytest.raises(Conflict, match="boss approved it") as refusal:
            late()
        told = refusal.value.more
        assert (told["decision"], told["decided_by"]) == ("approved", "boss")
        assert told["decided_at"] == decided["decided_at"]
    assert people.carol.environment(name)["status"] == "Published"


def test_rejected_and_withdrawn(people: People) -> None:
    alice, boss = people.alice, people.boss
    name = people.built(conda_requirements=["tiny-000=1.0"])
    review = alice.submit(name)
    with pytest.raises(InvalidSpec, match="comment"):
        boss.reject(review, " ")
    assert boss.reject(review["id"], "Too old.")["state"] == "rejected"
    seen = alice.environment(name)
    assert seen["review"] is not None
    assert (seen["status"], seen["review"]["comment"]) == ("Draft", "Too old.")
    alice.submit(name)
    assert alice.withdraw(name, "not yet")["state"] == "withdrawn"
    with pytest.raises(Conflict):
        alice.withdraw(name)
    assert [r["state"] for r in boss.reviews(environment=name)] == ["withdrawn", "rejected"]


def test_what_becomes_of_published_environments(people: People) -> None:
    alice, boss, carol = people.alice, people.boss, people.carol
    name = people.published(conda_requirements=["tiny-000=1.0"])
    carol.activate(name)
    deprecated = boss.deprecate(name, "Take the new one.")["deprecated"]
    assert deprecated is not None
    assert deprecated["reason"] == "Take the new one."
    with pytest.raises(InvalidSpec, match="reason"):
        boss.deprecate(people.published(conda_requirements=["tiny-000=1.0"]), "")
    assert boss.undeprecate(name)["deprecated"] is None
    with pytest.raises(Conflict, match="carol") as used:
        boss.unpublish(name)
    assert used.value.more["active_people"] == ["carol"]
    carol.deactivate(name)
    assert boss.unpublish(name, "tidy")["published_version"] is None
    assert boss.transfer(name, "carol")["owner"] == "carol"
    with pytest.raises(NotFound):
        alice.environment(name)
    for refused in (lambda: carol.transfer(name, "alice"), lambda: carol.deprecate(name, "x")):
        with pytest.raises(NotAllowed):
            refused()


def test_a_policy_tells_what_violates_it(people: People, shelf: str) -> None:
    boss, before = people.boss, people.boss.policy()
    denied = {"name": "tiny-001", "specifier": "<1.3", "reason": "Too old."}
    altogether = {"name": "tiny-004", "specifier": "", "reason": "Never."}
    try:
        changed = boss.set_policy({**before, "denied_packages": [denied, altogether]})  # type: ignore[list-item]
        (found,) = [v for v in changed["violating"] if v["short_name"] == shelf]
        assert (found["version"], found["owner"]) == (1, "alice")
        assert found["violations"] == [
            {"package": "tiny-001", "version": "1.2", "rule": "denied_packages", "reason": "Too old."}
        ]
        assert found in boss.policy_violating()
        assert boss.set_policy(changed) == changed
        with pytest.raises(PolicyViolated) as refusal:
            people.saved(conda_requirements=["tiny-004"])
        assert [v["reason"] for v in refusal.value.more["violations"]] == ["Never."]
    finally:
        assert boss.set_policy(before) == {**before, "violating": []}
    with pytest.raises(NotAllowed):
        people.alice.policy_violating()
