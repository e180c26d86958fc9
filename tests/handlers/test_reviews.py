"""Publishing as people see it: submitted, looked at, decided once, and shown to everybody as it was then."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.handlers.rest import EMPTY_POLICY, Answer, Rest
from tests.live import LiveServer, live_server, rows_in
from tests.service.warm import warm

Name = Callable[[], str]
Publish = Callable[..., str]
Rows = Callable[[], dict[str, Any]]


@pytest.fixture
def draft(alice: Rest, fresh_name: Name, minor: str) -> str:
    """An environment of alice's whose version 1 is built."""
    name = fresh_name()
    alice.make(name, python_version=minor)
    return name


def _id(server: LiveServer, name: str) -> str:
    (found,) = rows_in(server.database_url, "SELECT id FROM environments WHERE short_name = :name", name=name)
    return str(found["id"])


def _events(person: Rest, name: str) -> list[dict[str, Any]]:
    """Oldest first."""
    found: list[dict[str, Any]] = person.get(f"/audit?environment={name}&limit=1000").ok()["items"]
    return found[::-1]


def test_a_submission_is_a_review_of_a_version_and_its_lock(alice: Rest, boss: Rest, draft: str) -> None:
    review = alice.submit(draft, "  please,\nsoon ")
    digest = alice.get(f"/environments/{draft}/versions/1").ok()["digest"]
    assert (review["short_name"], review["version"], review["digest"]) == (draft, 1, digest)
    assert (review["state"], review["note"], review["submitted_by"]) == ("pending", "please,\nsoon", "alice")
    assert (review["decided_by"], review["decided_at"], review["comment"]) == (None, None, None)
    for person in (alice, boss):
        shown = person.show(draft)
        assert (shown["status"], shown["review"]) == ("Pending Approval", review)
    assert review in boss.get("/reviews?state=pending").ok()["items"]
    last = _events(alice, draft)[-1]
    assert (last["kind"], last["actor"], last["version"]) == ("review.submitted", "alice", 1)
    assert last["details"]["digest"] == digest


@pytest.mark.parametrize("comment", ["x" * 2001, "bell\u0007", 5, None])
def test_a_note_that_can_not_be_read_opens_no_review(alice: Rest, draft: str, rows: Rows, comment: object) -> None:
    before = rows()
    refusal = alice.post(f"/environments/{draft}/submit", {"comment": comment}).refused(422, "invalid")
    assert refusal["errors"][0]["field"] == "comment"
    assert rows() == before


def test_a_submission_drops_failed_versions_with_their_logs(alice: Rest, draft: str, server: LiveServer) -> None:
    alice.fail(draft)
    alice.build(draft)
    logs = server.root / "logs" / _id(server, draft)
    assert {p.name for p in logs.iterdir()} == {"1.1.log", "2.1.log", "2.2.log"}

    alice.submit(draft)
    assert [v["number"] for v in alice.get(f"/environments/{draft}/versions").ok()["items"]] == [1]
    alice.get(f"/environments/{draft}/versions/2").refused(404, "not_found")
    alice.get(f"/environments/{draft}/versions/2/log").refused(404, "not_found")
    assert {p.name for p in logs.iterdir()} == {"1.1.log"}
    shown = alice.show(draft)
    assert (shown["status"], shown["latest_version"], shown["failure"]) == ("Pending Approval", 1, None)
    assert shown["conda_requirements"] == ["no-such-package"], "what is saved is not the version's"
    dropped = [e for e in _events(alice, draft) if e["kind"] == "version.deleted"]
    assert [(e["version"], e["details"]["attempts"]) for e in dropped] == [(2, 2)]

    # The number is used again, and its log begins anew.
    alice.post(f"/environments/{draft}/withdraw", {}).ok()
    alice.patch(f"/environments/{draft}", {"conda_requirements": ["tiny-013"]}).ok()
    again = alice.build(draft)
    assert (again["number"], again["attempt"], again["outcome"]) == (2, 1, "succeeded")
    log = alice.get(f"/environments/{draft}/versions/2/log").text
    assert log.startswith(f"Building {draft} version 2, attempt 1, ")
    assert "no-such-package" not in log
    alice.get(f"/environments/{draft}/versions/2/log?attempt=2").refused(404)


def test_a_withdrawn_submission_is_a_draft_again(alice: Rest, boss: Rest, draft: str) -> None:
    review = alice.submit(draft)
    withdrawn = alice.post(f"/environments/{draft}/withdraw", {"comment": "not yet"}).ok()
    assert (withdrawn["state"], withdrawn["decided_by"], withdrawn["comment"]) == ("withdrawn", "alice", "not yet")
    assert alice.show(draft)["status"] == "Draft"
    refusal = boss.decide(review, "approve").refused(409, "conflict")
    assert "alice withdrew it at " in refusal["message"]
    assert (refusal["decision"], refusal["decided_by"]) == ("withdrawn", "alice")
    second = alice.submit(draft)
    assert second["id"] != review["id"]
    listed = alice.get(f"/reviews?environment={draft}").ok()["items"]
    assert [(r["id"], r["state"]) for r in listed] == [(second["id"], "pending"), (review["id"], "withdrawn")]


def test_while_it_waits_the_owner_may_use_it_but_not_change_it(alice: Rest, draft: str) -> None:
    alice.submit(draft)
    for refused in (
        alice.patch(f"/environments/{draft}", {"full_name": "Other"}),
        alice.post(f"/environments/{draft}/build", {}),
        alice.post(f"/environments/{draft}/revert", {"version": 1}),
        alice.delete(f"/environments/{draft}"),
        alice.post(f"/environments/{draft}/submit", {}),
    ):
        assert "waits for approval" in refused.refused(409, "conflict")["message"]
    alice.post(f"/environments/{draft}/activate", {}).ok()
    alice.post(f"/environments/{draft}/deactivate", {}).ok()


@pytest.mark.parametrize("comment", ["", "  \n "])
def test_a_rejection_needs_a_comment(alice: Rest, boss: Rest, draft: str, rows: Rows, comment: str) -> None:
    review = alice.submit(draft)
    before = rows()
    refusal = boss.decide(review, "reject", comment).refused(422, "invalid")
    assert [e["field"] for e in refusal["errors"]] == ["comment"]
    assert rows() == before


def test_the_owner_sees_why_it_was_rejected_and_submits_again(alice: Rest, grace: Rest, draft: str) -> None:
    rejected = grace.decide(alice.submit(draft), "reject", "Which data does it read?").ok()
    shown = alice.show(draft)
    assert (shown["status"], shown["published_version"]) == ("Draft", None)
    assert shown["review"] == rejected
    assert (rejected["state"], rejected["decided_by"]) == ("rejected", "grace")
    assert rejected["comment"] == "Which data does it read?"
    alice.patch(f"/environments/{draft}", {"description": "It reads none."}).ok()
    assert grace.approve(alice.submit(draft, "Said now."))["state"] == "approved"
    kinds = [e["kind"] for e in _events(alice, draft) if e["kind"].startswith("review.")]
    assert kinds == ["review.submitted", "review.rejected", "review.submitted", "review.approved"]


def test_an_approval_shows_it_to_everybody(alice: Rest, grace: Rest, carol: Rest, draft: str) -> None:
    review = alice.submit(draft)
    carol.get(f"/environments/{draft}").refused(404)
    decided = grace.decide(review, "approve", "Well done.").ok()
    assert (decided["state"], decided["decided_by"], decided["comment"]) == ("approved", "grace", "Well done.")
    shown = carol.show(draft)
    assert (shown["status"], shown["published_version"], shown["usable_version"]) == ("Published", 1, 1)
    assert shown["review"] is None, "what was said about it is its owner's and the administrators'"
    assert shown["actions"]["activate"]["allowed"]
    own = alice.show(draft)
    assert (own["status"], own["review"]) == ("Published", decided)
    last = _events(grace, draft)[-1]
    assert (last["kind"], last["actor"], last["version"]) == ("review.approved", "grace", 1)


def test_a_decision_names_the_lock_that_was_looked_at(alice: Rest, boss: Rest, draft: str, rows: Rows) -> None:
    review = alice.submit(draft)
    before = rows()
    for decision in ("approve", "reject"):
        refusal = boss.decide({**review, "digest": "0" * 64}, decision, "x").refused(409, "conflict")
        assert refusal["digest"] == review["digest"]
        assert "look at it again" in refusal["message"]
        path = f"/reviews/{review['id']}/{decision}"
        for body in ({}, {"digest": ""}, {"digest": None}, {"digest": 5}, {"digest": "x" * 65}):
            assert boss.post(path, body).refused(422)["errors"][0]["field"] == "digest"
        boss.post(path, {"digest": review["digest"], "comment": "x" * 2001}).refused(422)
    assert rows() == before


def test_who_repeats_a_decision_is_answered_as_the_first_time(
    alice: Rest, boss: Rest, grace: Rest, fresh_name: Name, minor: str, rows: Rows
) -> None:
    for decision, other, said in (("approve", "reject", "approved"), ("reject", "approve", "rejected")):
        name = fresh_name()
        alice.make(name, python_version=minor)
        review = alice.submit(name)
        first = boss.decide(review, decision, "because").ok()
        before = rows()
        assert boss.decide(review, decision, "said otherwise").ok() == first
        for answer in (
            boss.decide(review, other, "x"),
            grace.decide(review, decision, "x"),
            grace.decide(review, other),
        ):
            refusal = answer.refused(409, "conflict")
            assert (refusal["decision"], refusal["decided_by"]) == (said, "boss")
            assert refusal["decided_at"] == first["decided_at"]
            assert f"boss {said} it at " in refusal["message"]
        assert rows() == before


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_only_administrators_decide(alice: Rest, carol: Rest, draft: str, rows: Rows, decision: str) -> None:
    review = alice.submit(draft)
    before = rows()
    assert "Only an administrator" in alice.decide(review, decision, "x").refused(403, "not_allowed")["message"]
    hidden = carol.decide(review, decision, "x")
    assert hidden.text == carol.decide({**review, "id": "f" * 32}, decision, "x").text
    hidden.refused(404, "not_found")
    assert rows() == before


def test_nobody_approves_what_they_submitted(boss: Rest, grace: Rest, fresh_name: Name, minor: str, rows: Rows) -> None:
    name = fresh_name()
    boss.make(name, python_version=minor)
    review = boss.submit(name)
    before = rows()
    assert not boss.show(name)["actions"]["approve"]["allowed"]
    assert grace.show(name)["actions"]["approve"]["allowed"]
    refusal = boss.decide(review, "approve").refused(403, "not_allowed")
    assert refusal["message"] == boss.show(name)["actions"]["approve"]["reason"]
    assert "another administrator decides" in refusal["message"]
    assert rows() == before
    assert grace.approve(review)["decided_by"] == "grace"


def test_giving_it_away_is_no_way_round_that(
    boss: Rest, grace: Rest, alice: Rest, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    boss.make(name, python_version=minor)
    review = boss.submit(name)
    boss.post(f"/environments/{name}/transfer", {"owner": "alice"}).ok()
    boss.decide(review, "approve").refused(403, "not_allowed")
    # Nor for who owns it now.
    boss.post(f"/environments/{name}/transfer", {"owner": "grace"}).ok()
    grace.decide(review, "approve").refused(403, "not_allowed")
    boss.post(f"/environments/{name}/transfer", {"owner": "alice"}).ok()
    assert grace.approve(review)["state"] == "approved"


def test_where_one_is_alone_one_approves_ones_own(channel: Path, tmp_path: Path, minor: str) -> None:
    with live_server(warm(tmp_path / "root", channel), channel.as_uri()) as server:
        me = Rest(server.url, server.token)
        me.make("solo", python_version=minor)
        review = me.submit("solo")
        assert me.show("solo")["actions"]["approve"]["allowed"]
        assert me.approve(review)["decided_by"] == getpass.getuser()
        assert me.show("solo")["status"] == "Published"


def test_a_review_is_for_administrators_and_the_owner(
    alice: Rest, boss: Rest, grace: Rest, carol: Rest, nobody: Rest, draft: str
) -> None:
    review = alice.submit(draft)
    for person in (alice, boss, grace):
        assert person.get(f"/reviews/{review['id']}").ok()["review"] == review
        assert review in person.get("/reviews").ok()["items"]
    for path in (f"/reviews/{review['id']}", "/reviews"):
        nobody.get(path).refused(403, "not_logged_in")
    for _ in range(2):  # before it is published, and after
        hidden, absent = carol.get(f"/reviews/{review['id']}"), carol.get(f"/reviews/{'f' * 32}")
        assert (hidden.status, hidden.text) == (404, absent.text)
        assert carol.get("/reviews").ok()["items"] == []
        assert carol.get(f"/reviews?environment={draft}").ok()["items"] == []
        boss.approve(review)


@pytest.mark.parametrize("review", ["0", "..%2f..", "%00", "x" * 3000, "'%20OR%20'1'='1"])
def test_a_review_that_is_not_there(boss: Rest, review: str) -> None:
    boss.get(f"/reviews/{review}").refused(404, "not_found")
    boss.post(f"/reviews/{review}/approve", {"digest": "0"}).refused(404, "not_found")


@pytest.mark.parametrize("state", ["", "open", "PENDING", "%00", "pending,approved"])
def test_reviews_are_asked_for_by_states_that_there_are(boss: Rest, state: str) -> None:
    assert "pending, approved" in boss.get(f"/reviews?state={state}").refused(400, "malformed")["message"]


def test_the_page_shows_what_would_change_for_everybody(
    alice: Rest, boss: Rest, publish: Publish, fresh_name: Name
) -> None:
    twin = publish(full_name="The twin", conda_requirements=["tiny-014=1.4", "tiny-015=1.5"])
    name = publish(conda_requirements=["tiny-014=1.3", "tiny-016=1.6"])
    first = boss.get(f"/reviews?environment={name}").ok()["items"][0]
    assert boss.get(f"/reviews/{first['id']}").ok()["review"]["state"] == "approved"

    alice.succeed(name, conda_requirements=["tiny-014=1.4", "tiny-015=1.5"], description="Like the twin.")
    review = alice.submit(name, "now as the twin has it")
    page = boss.get(f"/reviews/{review['id']}").ok()
    assert page["review"] == review
    assert page["environment"] == boss.show(name)
    assert page["environment"]["description"] == "Like the twin."
    assert (page["reviewed"]["number"], page["reviewed"]["digest"]) == (2, review["digest"])
    assert [p["name"] for p in page["changes"]["added"]] == ["tiny-015"]
    assert [p["name"] for p in page["changes"]["removed"]] == ["tiny-016"]
    changed = [(c["name"], c["left"], c["right"], c["direction"]) for c in page["changes"]["changed"]]
    assert changed == [("tiny-014", "1.3", "1.4", "up")]
    assert "python" in {p["name"] for p in page["changes"]["unchanged"]}
    best = page["look_alikes"][0]
    assert best == {"short_name": twin, "full_name": "The twin", "version": 1, "share": 1.0}
    shares = [a["share"] for a in page["look_alikes"]]
    assert shares == sorted(shares, reverse=True)
    assert name not in {a["short_name"] for a in page["look_alikes"]}
    assert page["violations"] == []


def test_the_share_is_of_the_packages_of_both(alice: Rest, boss: Rest, publish: Publish, fresh_name: Name) -> None:
    name = publish(conda_requirements=["tiny-017=1.7"])
    other = fresh_name()
    minor = alice.show(name)["python_version"]
    alice.make(other, python_version=minor, conda_requirements=["tiny-017=1.6", "tiny-018=1.8"])
    page = boss.get(f"/reviews/{alice.submit(other)['id']}").ok()
    assert page["changes"] is None, "none is published to compare it with"
    mine, theirs = (
        {(p["manager"], p["name"], p["version"]) for p in alice.get(f"/environments/{n}/versions/1").ok()["packages"]}
        for n in (other, name)
    )
    shares = {a["short_name"]: a["share"] for a in page["look_alikes"]}
    expected = len(mine & theirs) / len(mine | theirs)
    assert max(shares.values()) >= expected
    if name in shares:
        assert shares[name] == pytest.approx(expected)
    assert 0 < expected < 1


def test_broken_requirements_are_shown(alice: Rest, boss: Rest, fresh_name: Name, minor: str) -> None:
    name = fresh_name()
    alice.make(name, python_version=minor)
    page = boss.get(f"/reviews/{alice.submit(name)['id']}").ok()
    assert page["reviewed"]["warnings"] == alice.get(f"/environments/{name}/versions/1").ok()["warnings"]


def test_what_the_policy_forbids_meanwhile_is_shown_and_not_approved(
    alice: Rest, policy: Rest, draft: str, rows: Rows
) -> None:
    review = alice.submit(draft)
    denied = [{"name": "tornado", "specifier": "", "reason": "recalled"}]
    policy.put("/policy", {**EMPTY_POLICY, "denied_packages": denied}).ok()
    page = policy.get(f"/reviews/{review['id']}").ok()
    (violation,) = page["violations"]
    assert (violation["package"], violation["rule"], violation["reason"]) == ("tornado", "denied_packages", "recalled")
    assert violation["version"] in {
        p["version"] for p in alice.get(f"/environments/{draft}/versions/1").ok()["packages"] if p["name"] == "tornado"
    }
    before = rows()
    refusal = policy.decide(review, "approve").refused(422, "policy_violated")
    assert refusal["violations"] == [violation]
    assert "recalled" in refusal["message"]
    assert rows() == before
    policy.decide(review, "reject", "See the policy.").ok()


def test_of_fifty_decisions_at_once_the_first_stands(alice: Rest, stewards: list[Rest], draft: str, rows: Rows) -> None:
    review = alice.submit(draft)
    begin = Barrier(len(stewards))

    def decide(number: int) -> Answer:
        begin.wait()
        return stewards[number].decide(review, ("approve", "reject")[number % 2], f"by {number}")

    with ThreadPoolExecutor(len(stewards)) as pool:
        answers = list(pool.map(decide, range(len(stewards))))
    assert Counter(a.status for a in answers) == {200: 1, 409: 49}
    (first,) = (a.json for a in answers if a.status == 200)
    winner = answers.index(next(a for a in answers if a.status == 200))
    assert first["decided_by"] == f"admin{winner + 1:02d}"
    for refusal in (a.json for a in answers if a.status == 409):
        assert refusal["code"] == "conflict"
        assert refusal["decided_by"] == first["decided_by"]
        assert refusal["decided_at"] == first["decided_at"]
        assert refusal["decision"] == first["state"]
        assert first["decided_by"] in refusal["message"]
    shown = alice.show(draft)
    assert shown["review"] == first
    assert shown["status"] == ("Published" if first["state"] == "approved" else "Draft")
    decided = [e for e in _events(alice, draft) if e["kind"] in ("review.approved", "review.rejected")]
    assert [(e["actor"], e["kind"]) for e in decided] == [(first["decided_by"], f"review.{first['state']}")]


def test_what_others_see_never_flickers(alice: Rest, boss: Rest, carol: Rest, publish: Publish, minor: str) -> None:
    name = publish(
        full_name="As published",
        description="As it was",
        conda_requirements=["tiny-019=1.9"],
        pip_requirements=["tinywheel-01"],
    )
    paths = [
        f"/environments/{name}",
        f"/environments?q={name}",
        "/environments?status=Published&sort=full_name&limit=1000",
        "/environments?sort=updated&limit=1000",
        f"/environments/{name}/versions",
        f"/environments/{name}/versions/1",
        f"/environments/{name}/versions/1/log",
        f"/environments/{name}/versions/1/export/conda-lock.yml",
        f"/environments/{name}/versions/1/export/environment.yml",
        f"/environments/{name}/versions/1/export/requested.yml",
        f"/compare?left={name}&right={name}@1",
        "/reviews",
    ]

    def seen() -> list[bytes]:
        return [carol.get(path).body for path in paths]

    first = seen()
    seen_whole = carol.get(f"/environments/{name}")

    def unchanged(after: str) -> None:
        for path, before, now in zip(paths, first, seen(), strict=True):
            assert now == before, (after, path)
        assert carol.get(f"/environments/{name}").headers["etag"] == seen_whole.headers["etag"], after
        carol.get(f"/environments/{name}/versions/2").refused(404, "not_found")
        for q in ("Renamed", "tiny-018"):
            assert carol.get(f"/environments?q={q}").ok()["items"] == [], after

    steps: list[tuple[str, Callable[[], Any]]] = [
        ("rename", lambda: alice.patch(f"/environments/{name}", {"full_name": "Renamed", "description": "New"}).ok()),
        ("edit", lambda: alice.patch(f"/environments/{name}", {"conda_requirements": ["tiny-018"]}).ok()),
        ("queue", lambda: alice.post(f"/environments/{name}/build", {}).ok(202)),
        ("build", lambda: alice.wait(name)),
        ("fail", lambda: alice.fail(name)),
        ("build again", lambda: alice.succeed(name, conda_requirements=["tiny-018"], python_version=minor)),
        ("submit", lambda: alice.submit(name, "secret note")),
        ("withdraw", lambda: alice.post(f"/environments/{name}/withdraw", {}).ok()),
        ("submit again", lambda: alice.submit(name)),
        ("reject", lambda: boss.decide(alice.show(name)["review"], "reject", "no").ok()),
        ("revert", lambda: alice.post(f"/environments/{name}/revert", {"version": 1}).ok(202)),
        ("reverted", lambda: alice.wait(name)),
        ("submit at last", lambda: alice.submit(name)),
    ]
    for step, act in steps:
        act()
        unchanged(step)
    boss.approve(alice.show(name)["review"])
    now = carol.show(name)
    assert (now["full_name"], now["status"]) == ("Renamed", "Published")
    assert now["published_version"] == now["usable_version"] == alice.show(name)["latest_version"]
