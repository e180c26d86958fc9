"""Many at once: one wins, the others are told, nothing is lost."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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


def test_two_hundred_mixed_operations(alice: Rest, boss: Rest, carol: Rest, fresh_name: Name) -> None:
    names = [fresh_name() for _ in range(5)]
    chosen = random.Random(11)

    def operation(number: int) -> Answer:
        person = (alice, boss, carol)[number % 3]
        name = chosen.choice(names)
        path = f"/environments/{name}"
        body = {"short_name": name, "full_name": f"x{number}", "python_version": "3.11", "pip_requirements": ["nope"]}
        match chosen.randrange(9):
            case 0 | 1:
                return person.post("/environments", body)
            case 2:
                return person.patch(path, {"full_name": f"y{number}"})
            case 3:
                return person.delete(path)
            case 4:
                return person.post(f"{path}/build", {})
            case 5:
                return person.post(f"{path}/cancel")
            case 6:
                return person.get(f"{path}/versions")
            case 7:
                return person.get("/environments?limit=2")
            case _:
                return person.get(path)

    answers = _at_once([lambda n=n: operation(n) for n in range(200)])  # type: ignore[misc]
    # `rest.check` has held every answer against the models; a 500 would have failed there.
    assert {a.status for a in answers} <= {200, 201, 202, 204, 404, 409}
    for name in names:
        environment = boss.get(f"/environments/{name}")
        if environment.status == 200 and environment.json["latest_version"] is not None:
            if environment.json["status"] == "In Progress":
                boss.post(f"/environments/{name}/cancel")
            boss.wait(name)
