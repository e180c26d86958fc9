"""Many at once: one wins, the others are told, nothing is lost."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.handlers.rest import Answer, Rest

Name = Callable[[], str]


def _at_once(calls: list[Callable[[], Answer]], threads: int = 20) -> list[Answer]:
    """Their answers in order; all threads begin together."""
    begin = threading.Barrier(min(threads, len(calls)))

    def run(number: int) -> Answer:
        if number < begin.parties:
            begin.wait()
        return calls[number]()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(len(calls))))


def test_twenty_creations_of_one_short_name(alice: Rest, boss: Rest, carol: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    body = {"short_name": name, "full_name": "x", "python_version": "3.11"}
    people = [alice, boss, carol, alice]
    answers = _at_once([lambda p=people[n % 4]: p.post("/environments", body) for n in range(20)])  # type: ignore[misc]
    assert Counter(a.status for a in answers) == {201: 1, 409: 19}
    assert {a.json["code"] for a in answers if a.status == 409} == {"short_name_taken"}
    assert [e["short_name"] for e in boss.get(f"/environments?q={name}").ok()["items"]] == [name]


def test_twenty_builds_of_one_environment(alice: Rest, boss: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    alice.create(name, conda_requirements=["no-such-package"])
    answers = _at_once(
        [lambda p=(alice, boss)[n % 2]: p.post(f"/environments/{name}/build", {}) for n in range(20)]  # type: ignore[misc]
    )
    started = [a for a in answers if a.status == 202]
    assert started
    assert {a.status for a in answers} <= {202, 409}
    alice.wait(name)
    # One may have failed before the last asked, and was then built again: never two at the same time.
    attempts = alice.get(f"/environments/{name}/versions/1").ok()["attempts"]
    assert len(attempts) == len(started)
    ordered = sorted(attempts, key=lambda a: a["attempt"])
    for before, after in itertools.pairwise(ordered):
        assert before["finished_at"] <= after["started_at"]


def test_two_hundred_edits_lose_no_update(alice: Rest, boss: Rest, fresh_name: Name) -> None:
    """Each edit that was answered 200 is one revision, and the last one is what is stored."""
    name = fresh_name()
    alice.create(name)
    won: list[dict[str, Any]] = []
    lost: list[int] = []

    def edit(number: int) -> Answer:
        person = (alice, boss)[number % 2]
        seen = person.get(f"/environments/{name}").ok()
        body = {"description": f"{seen['description']} {number}".strip()}
        answer = person.patch(f"/environments/{name}", body, headers={"If-Match": seen["etag"]})
        (won.append(answer.json) if answer.status == 200 else lost.append(answer.status))  # type: ignore[func-returns-value]
        return answer

    _at_once([lambda n=n: edit(n) for n in range(200)])  # type: ignore[misc]
    assert set(lost) <= {412}
    final = alice.get(f"/environments/{name}").ok()
    assert int(final["etag"].rpartition("-")[2]) == 1 + len(won)
    # Every edit that was confirmed is still there: none overwrote another's.
    assert len(final["description"].split()) == len(won)
    assert len({e["etag"] for e in won}) == len(won)


@dataclass
class Crowd:
    """Several people who do whatever comes to their minds with a few environments; what was granted is counted."""

    people: list[Rest]
    boss: Rest
    names: list[str]
    minor: str
    chosen: random.Random
    granted: list[tuple[str, str]] = field(default_factory=list)
    """(kind of event, short name) of every change that was answered with success, but for decisions."""
    decided: set[tuple[str, str, str]] = field(default_factory=set)
    """(kind of event, short name, review): who repeats a decision is answered again."""

    def act(self, number: int) -> Answer:
        """One operation of one person; the order of choices is the same in every run, that of the answers is not."""
        name, what = self.chosen.choice(self.names), self.chosen.choice(list(DEEDS))
        person = self.people[number % len(self.people)]
        path = f"/environments/{name}"
        match what:
            case "create":
                body = {"short_name": name, "full_name": f"x{number}", "python_version": self.minor}
                answer = person.post("/environments", {**body, "conda_requirements": ["no-such-package"]})
            case "edit":
                answer = person.patch(path, {"full_name": f"y{number}"})
            case "delete":
                answer = person.delete(path)
            case "approve" | "reject":
                return self._decide(person, name, what)
            case "revert":
                answer = person.post(f"{path}/revert", {"version": 1})
            case "deprecate":
                answer = person.post(f"{path}/deprecate", {"reason": f"z{number}"})
            case "read":
                return person.get(self.chosen.choice((path, f"{path}/versions", "/environments?limit=2", "/reviews")))
            case _:
                answer = person.post(f"{path}/{what}", {})
        kind = DEEDS[what]
        if kind is not None and answer.status < 300:
            self.granted.append((kind, name))
        return answer

    def _decide(self, person: Rest, name: str, decision: str) -> Answer:
        seen = self.boss.get(f"/environments/{name}")
        review = seen.json["review"] if seen.status == 200 else None
        if review is None:
            return seen
        answer = person.decide(review, decision, "because")
        # One that was decided before the crowd came is answered again, too, to who decided it.
        if answer.status == 200 and review["state"] == "pending":
            self.decided.add((str(DEEDS[decision]), name, review["id"]))
        return answer

    def changes(self, name: str) -> Counter[str]:
        """How many events of each kind there must be."""
        once = [(kind, of) for kind, of, _ in self.decided]
        return Counter(kind for kind, of in (*self.granted, *once) if of == name)


DEEDS: dict[str, str | None] = {
    # the kind of event that tells of it; those of activations are left out, as a second one of a person's is none
    "create": "environment.created",
    "edit": "environment.edited",
    "delete": "environment.deleted",
    "build": "build.queued",
    "cancel": "build.cancel_requested",
    "revert": "build.queued",
    "submit": "review.submitted",
    "withdraw": "review.withdrawn",
    "approve": "review.approved",
    "reject": "review.rejected",
    "deprecate": "environment.deprecated",
    "undeprecate": "environment.undeprecated",
    "activate": None,
    "deactivate": None,
    "read": None,
}


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_two_hundred_mixed_operations(
    alice: Rest, boss: Rest, carol: Rest, grace: Rest, fresh_name: Name, minor: str, seed: int
) -> None:
    names = [fresh_name() for _ in range(5)]
    for name in names[:4]:
        alice.make(name, python_version=minor)
    alice.succeed(names[0])
    boss.approve(alice.submit(names[0]))
    alice.succeed(names[1])
    alice.submit(names[2])
    before = {name: _trail(boss, name) for name in names}
    crowd = Crowd([alice, boss, alice, grace, carol], boss, names, minor, random.Random(seed))

    answers = _at_once([lambda n=n: crowd.act(n) for n in range(200)])  # type: ignore[misc]
    # `rest.check` has held every answer against the models; a 500 would have failed there.
    assert {a.status for a in answers} <= {200, 201, 202, 204, 403, 404, 409}
    assert len({*crowd.granted, *crowd.decided}) >= 8, "hardly anything was granted"

    for name in names:
        environment = boss.get(f"/environments/{name}")
        if environment.status == 200 and environment.json["status"] == "In Progress":
            boss.wait(name)
    for name in names:
        told = _trail(boss, name)[len(before[name]) :]
        kinds = Counter(e["kind"] for e in told)
        granted = crowd.changes(name)
        for kind in DEEDS.values():
            assert kind is None or kinds[kind] == granted[kind], (name, kind, kinds, granted)
        _adds_up(boss, name, [*before[name], *told])


def _trail(boss: Rest, name: str) -> list[dict[str, Any]]:
    """Oldest first."""
    found: list[dict[str, Any]] = boss.get(f"/audit?environment={name}&limit=1000").ok()["items"]
    return found[::-1]


def _adds_up(boss: Rest, name: str, told: list[dict[str, Any]]) -> None:
    """The environment is what its events since its creation say."""
    answer = boss.get(f"/environments/{name}")
    if answer.status == 404:
        assert not told or told[-1]["kind"] == "environment.deleted"
        return
    environment = answer.ok()
    born = max(n for n, e in enumerate(told) if e["kind"] == "environment.created")
    mine = told[born:]
    kinds = Counter(e["kind"] for e in mine)
    assert int(environment["etag"].rpartition("-")[2]) == 1 + kinds["environment.edited"]
    assert kinds["build.queued"] == kinds["build.succeeded"] + kinds["build.failed"]
    versions = boss.get(f"/environments/{name}/versions").ok()["items"]
    assert [v["number"] for v in versions] == list(range(len(versions), 0, -1))
    succeeded = [e["version"] for e in mine if e["kind"] == "build.succeeded"]
    assert succeeded == sorted(set(succeeded)), "a successful version's number is used once"
    assert sorted(v["number"] for v in versions if v["outcome"] == "succeeded") == succeeded
    reviews = boss.get(f"/reviews?environment={name}").ok()["items"]
    assert len(reviews) == kinds["review.submitted"]
    for state in ("approved", "rejected", "withdrawn"):
        assert sum(r["state"] == state for r in reviews) == kinds[f"review.{state}"]
    assert sum(r["state"] == "pending" for r in reviews) == (environment["status"] == "Pending Approval")
    approved = [e["version"] for e in mine if e["kind"] == "review.approved"]
    assert environment["published_version"] == (approved[-1] if approved else None)
