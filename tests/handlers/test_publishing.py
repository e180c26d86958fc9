"""What becomes of published environments: superseded, deprecated, unpublished, given away, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until

Name = Callable[[], str]
Publish = Callable[..., str]
Rows = Callable[[], dict[str, Any]]


def _based(person: Rest, child: str, base: str) -> dict[str, Any]:
    body = {"short_name": child, "full_name": "Child", "base": {"short_name": base}}
    made: dict[str, Any] = person.post("/environments", body).ok(201)
    return made


def test_a_newer_version_takes_the_place_of_the_published_one(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish
) -> None:
    name = publish(conda_requirements=["tiny-000=1.0"], description="one")
    carol.post(f"/environments/{name}/activate", {}).ok()
    alice.succeed(name, conda_requirements=["tiny-000=1.1"], description="two")
    review = alice.submit(name)
    before = carol.show(name)
    assert (before["usable_version"], before["description"]) == (1, "one")
    boss.approve(review)
    after = carol.show(name)
    assert (after["usable_version"], after["published_version"], after["description"]) == (2, 2, "two")
    assert after["conda_requirements"] == ["tiny-000=1.1"]
    assert after["active"], "who has it active is moved to it"
    assert after["etag"] != before["etag"]
    assert [v["number"] for v in carol.get(f"/environments/{name}/versions").ok()["items"]] == [2]
    carol.get(f"/environments/{name}/versions/1").refused(404, "not_found")
    assert [v["number"] for v in alice.get(f"/environments/{name}/versions").ok()["items"]] == [2, 1]
    (approved,) = boss.get(f"/audit?environment={name}&kind=review.approved&limit=1").ok()["items"]
    assert approved["details"]["superseded"] == 1
    carol.post(f"/environments/{name}/deactivate", {}).ok()


def test_the_owner_goes_on_beside_it(alice: Rest, boss: Rest, carol: Rest, publish: Publish) -> None:
    name = publish(conda_requirements=["tiny-001=1.0"])
    alice.succeed(name, conda_requirements=["tiny-001=1.1"])
    for person, usable in ((alice, 2), (boss, 1), (carol, 1)):
        assert person.show(name)["usable_version"] == usable
        assert person.get(f"/environments/{name}/launcher").ok()["version"] == usable
    boss.post(f"/environments/{name}/activate", {"draft": True}).ok()
    assert boss.show(name)["active"]
    boss.post(f"/environments/{name}/deactivate", {}).ok()


def test_a_deprecated_environment_is_for_who_has_it(alice: Rest, boss: Rest, carol: Rest, publish: Publish) -> None:
    name = publish()
    carol.post(f"/environments/{name}/activate", {}).ok()
    answered = boss.post(f"/environments/{name}/deprecate", {"reason": " Python 3.11 goes in May. "}).ok()
    assert answered["deprecated"]["reason"] == "Python 3.11 goes in May."
    for person in (alice, boss, carol):
        assert person.show(name)["deprecated"] == answered["deprecated"]
        assert person.show(name)["status"] == "Published"
    # Who has it keeps it; nobody new gets it.
    carol.post(f"/environments/{name}/activate", {}).ok()
    for person in (alice, boss):
        refusal = person.post(f"/environments/{name}/activate", {}).refused(409, "conflict")
        assert "Python 3.11 goes in May." in refusal["message"]
    carol.post(f"/environments/{name}/deactivate", {}).ok()
    carol.post(f"/environments/{name}/activate", {}).refused(409, "conflict")
    body = {"short_name": "child", "full_name": "Child", "base": {"short_name": name}}
    assert "deprecated" in carol.post("/environments", body).refused(409, "conflict")["message"]

    restored = boss.post(f"/environments/{name}/undeprecate", {}).ok()
    assert restored["deprecated"] is None
    carol.post(f"/environments/{name}/activate", {}).ok()
    carol.post(f"/environments/{name}/deactivate", {}).ok()
    kinds = [e["kind"] for e in boss.get(f"/audit?environment={name}&kind=environment.").ok()["items"]]
    assert kinds.count("environment.deprecated") == kinds.count("environment.undeprecated") == 1


@pytest.mark.parametrize("reason", ["", " \n", "x" * 2001, "bell\u0007", None, 5])
def test_a_deprecation_needs_a_reason_that_can_be_read(
    boss: Rest, publish: Publish, rows: Rows, reason: object
) -> None:
    name = publish()
    before = rows()
    refusal = boss.post(f"/environments/{name}/deprecate", {"reason": reason}).refused(422, "invalid")
    assert [e["field"] for e in refusal["errors"]] == ["reason"]
    boss.post(f"/environments/{name}/deprecate", {}).refused(422)
    assert rows() == before


def test_the_owner_of_a_deprecated_environment_publishes_a_better_one(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish
) -> None:
    name = publish()
    boss.post(f"/environments/{name}/deprecate", {"reason": "Broken."}).ok()
    alice.succeed(name, conda_requirements=["tiny-002"])
    alice.post(f"/environments/{name}/activate", {}).ok()  # the next version is not what is deprecated
    alice.post(f"/environments/{name}/deactivate", {}).ok()
    carol.post(f"/environments/{name}/activate", {}).refused(409)
    boss.approve(alice.submit(name))
    assert carol.show(name)["deprecated"] is None
    carol.post(f"/environments/{name}/activate", {}).ok()
    carol.post(f"/environments/{name}/deactivate", {}).ok()


def test_what_others_use_is_not_unpublished(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish, fresh_name: Name, rows: Rows
) -> None:
    name, child = publish(), fresh_name()
    carol.post(f"/environments/{name}/activate", {}).ok()
    _based(carol, child, name)
    before = rows()
    refusal = boss.post(f"/environments/{name}/unpublish", {"reason": "tidy"}).refused(409, "conflict")
    assert (refusal["active_people"], refusal["base_of"]) == (["carol"], [child])
    assert "carol" in refusal["message"]
    assert child in refusal["message"]
    offered = boss.show(name)["actions"]["unpublish"]
    assert (offered["allowed"], offered["reason"]) == (
        False,
        "It is active for 1 other person and the base of 1 environment.",
    )
    assert rows() == before

    carol.post(f"/environments/{name}/deactivate", {}).ok()
    refusal = boss.post(f"/environments/{name}/unpublish", {}).refused(409, "conflict")
    assert (refusal["active_people"], refusal["base_of"]) == ([], [child])
    carol.delete(f"/environments/{child}").ok(204)
    # That its owner has it active stands against nothing.
    alice.post(f"/environments/{name}/activate", {}).ok()
    shown = boss.post(f"/environments/{name}/unpublish", {"reason": "tidy"}).ok()
    assert (shown["status"], shown["published_version"]) == ("Draft", None)
    carol.get(f"/environments/{name}").refused(404, "not_found")
    assert carol.get(f"/environments?q={name}").ok()["items"] == []
    assert alice.show(name)["active"]
    assert alice.show(name)["actions"]["submit"]["allowed"]
    alice.post(f"/environments/{name}/deactivate", {}).ok()
    (event,) = boss.get(f"/audit?environment={name}&kind=environment.unpublished").ok()["items"]
    assert (event["actor"], event["version"], event["details"]["reason"]) == ("boss", 1, "tidy")


def test_a_published_environment_changes_hands(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish, fresh_name: Name
) -> None:
    name = publish()
    alice.succeed(name, conda_requirements=["tiny-003"])
    assert boss.post(f"/environments/{name}/transfer", {"owner": " carol "}).ok()["owner"] == "carol"
    assert carol.show(name)["usable_version"] == 2
    assert carol.show(name)["actions"]["edit"]["allowed"]
    carol.patch(f"/environments/{name}", {"description": "mine now"}).ok()
    before = alice.show(name)
    assert (before["owner"], before["usable_version"], before["description"]) == ("carol", 1, "")
    assert not before["actions"]["edit"]["allowed"]
    alice.patch(f"/environments/{name}", {"description": "still mine"}).refused(403, "not_allowed")
    alice.get(f"/environments/{name}/versions/2").refused(404)
    assert name in [e["short_name"] for e in carol.get("/environments?mine&limit=1000").ok()["items"]]
    assert name not in [e["short_name"] for e in alice.get("/environments?mine&limit=1000").ok()["items"]]
    kinds = {e["kind"]: e for e in boss.get(f"/audit?environment={name}&limit=2&kind=environment.").ok()["items"]}
    assert {"environment.received", "environment.edited"} == set(kinds)
    assert boss.post(f"/environments/{name}/transfer", {"owner": "carol"}).refused(409)["message"]


def test_the_old_owner_of_a_private_environment_no_longer_knows_it(
    alice: Rest, boss: Rest, carol: Rest, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor)
    boss.post(f"/environments/{name}/transfer", {"owner": "carol"}).ok()
    alice.get(f"/environments/{name}").refused(404, "not_found")
    alice.delete(f"/environments/{name}").refused(404, "not_found")
    carol.delete(f"/environments/{name}").ok(204)


@pytest.mark.parametrize("owner", ["", "  ", "x" * 256, "a\nb", None, 5, ["carol"]])
def test_it_is_given_to_somebody_who_has_a_name(boss: Rest, built: str, rows: Rows, owner: object) -> None:
    before = rows()
    refusal = boss.post(f"/environments/{built}/transfer", {"owner": owner}).refused(422, "invalid")
    assert [e["field"] for e in refusal["errors"]] == ["owner"]
    boss.post(f"/environments/{built}/transfer", {}).refused(422)
    assert rows() == before


def test_a_submission_survives_a_change_of_hands(
    alice: Rest, boss: Rest, carol: Rest, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    alice.make(name, python_version=minor)
    review = alice.submit(name)
    boss.post(f"/environments/{name}/transfer", {"owner": "carol"}).ok()
    assert carol.get(f"/reviews/{review['id']}").ok()["review"] == review
    alice.get(f"/reviews/{review['id']}").refused(404, "not_found")
    assert alice.get(f"/reviews?environment={name}").ok()["items"] == []
    assert carol.post(f"/environments/{name}/withdraw", {}).ok()["decided_by"] == "carol"


def test_what_was_published_once_is_an_administrators_to_delete(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish
) -> None:
    name = publish()
    for step in ("published", "unpublished"):
        refusal = alice.delete(f"/environments/{name}").refused(403, "not_allowed")
        assert "only an administrator can delete it" in refusal["message"]
        alice.delete(f"/environments/{name}?force=true").refused(403, "not_allowed")
        if step == "published":
            carol.delete(f"/environments/{name}").refused(403, "not_allowed")
            boss.post(f"/environments/{name}/unpublish", {}).ok()
    boss.delete(f"/environments/{name}").ok(204)
    alice.get(f"/environments/{name}").refused(404)


def test_what_is_used_is_deleted_by_force_alone(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish, fresh_name: Name, server: LiveServer, rows: Rows
) -> None:
    name, child = publish(), fresh_name()
    carol.post(f"/environments/{name}/activate", {}).ok()
    _based(carol, child, name)
    kernelspec = server.data_dir / "kernels" / f"dataflow-{name}" / "kernel.json"
    assert kernelspec.exists()
    before = rows()
    refusal = boss.delete(f"/environments/{name}").refused(409, "conflict")
    assert (refusal["active_people"], refusal["base_of"], refusal["running_kernels"]) == (["carol"], [child], [])
    assert "Force it" in refusal["message"]
    carol.delete(f"/environments/{name}?force=true").refused(403, "not_allowed")
    assert rows() == before
    boss.delete(f"/environments/{name}?force=true").ok(204)
    carol.get(f"/environments/{name}").refused(404)
    wait_until(lambda: not kernelspec.exists(), "the kernelspec to go", 10)
    assert carol.show(child)["base"] == {"short_name": name, "version": 1}
    deleted = boss.get(f"/audit?environment={name}&kind=environment.deleted").ok()["items"]
    assert [(e["actor"], e["details"]["forced"]) for e in deleted] == [("boss", True)]
    carol.delete(f"/environments/{child}").ok(204)


def test_the_owner_hears_who_is_in_the_way_as_far_as_they_may(
    alice: Rest, boss: Rest, carol: Rest, fresh_name: Name, minor: str
) -> None:
    """A draft is the base of its owner's own: others can't have built on it."""
    name, child = fresh_name(), fresh_name()
    alice.make(name, python_version=minor)
    _based(alice, child, name)
    boss.post(f"/environments/{child}/transfer", {"owner": "carol"}).ok()
    refusal = alice.delete(f"/environments/{name}").refused(409, "conflict")
    assert refusal["base_of"] == []
    assert "1 environment of someone else" in refusal["message"]
    assert child not in refusal["message"]
    assert "Ask an administrator" in refusal["message"]
    alice.delete(f"/environments/{name}?force=true").refused(409, "conflict")
    boss.delete(f"/environments/{child}").ok(204)
    alice.delete(f"/environments/{name}").ok(204)


def test_what_waits_for_approval_or_is_built_is_deleted_by_force_alone(
    alice: Rest, boss: Rest, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    alice.make(name, python_version=minor)
    review = alice.submit(name)
    boss.delete(f"/environments/{name}").refused(409, "conflict")
    boss.delete(f"/environments/{name}?force=true").ok(204)
    boss.get(f"/reviews/{review['id']}").refused(404, "not_found")
    boss.decide(review, "approve").refused(404, "not_found")
    alice.create(name, python_version=minor)
    assert alice.show(name)["review"] is None
    alice.delete(f"/environments/{name}").ok(204)
