"""Building, cancelling, and what versions say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until

Name = Callable[[], str]


def test_a_built_version_tells_all_of_itself(alice: Rest, built: str) -> None:
    environment = alice.get(f"/environments/{built}").ok()
    assert (environment["status"], environment["latest_version"], environment["usable_version"]) == ("Draft", 1, 1)
    assert (environment["modified"], environment["failure"], environment["published_version"]) == (False, None, None)
    version = alice.get(f"/environments/{built}/versions/1").ok()
    assert (version["number"], version["attempt"], version["outcome"]) == (1, 1, "succeeded")
    assert version["created_by"] == "alice"
    assert version["requested"]["conda_requirements"] == ["tiny-000=1.3", "activated"]
    assert version["size"] > 1_000_000
    assert len(version["digest"]) == 64
    assert version["started_at"] <= version["finished_at"]
    steps = [p["name"] for p in version["phases"]]
    assert steps[0] == "solving"
    assert {"downloading", "linking", "pip", "verifying"} <= set(steps)
    assert sum(p["duration"] for p in version["phases"]) <= version["duration"] + 0.5
    assert [a["outcome"] for a in version["attempts"]] == ["succeeded"]


def test_each_package_says_why_it_is_there(alice: Rest, built: str) -> None:
    packages = {p["name"]: p for p in alice.get(f"/environments/{built}/versions/1").ok()["packages"]}
    assert (packages["tiny-000"]["requested"], packages["tiny-000"]["origin"]) == ("tiny-000=1.3", "requested")
    assert packages["tinywheel-00"]["manager"] == "pip"
    assert packages["tinywheel-00"]["version"] == "1.4"
    assert (packages["ipykernel"]["origin"], packages["pip"]["origin"]) == ("added", "added")
    assert packages["traitlets"]["origin"] == "dependency"
    assert packages["traitlets"]["requested"] is None
    assert packages["python"]["origin"] == "requested"


def test_the_list_holds_the_same_facts_newest_first(alice: Rest, built: str) -> None:
    (listed,) = alice.get(f"/environments/{built}/versions").ok()["items"]
    whole = alice.get(f"/environments/{built}/versions/1").ok()
    assert listed == {k: v for k, v in whole.items() if k not in ("packages", "attempts")}


@pytest.mark.parametrize("number", ["0", "2", "999999999", "9999999999", "-1", "1.0", "one", "%31x", "1%00"])
def test_a_version_that_is_not_there(alice: Rest, built: str, number: str) -> None:
    for rest in ("", "/log", "/export/conda-lock.yml"):
        alice.get(f"/environments/{built}/versions/{number}{rest}").refused(404, "not_found")


def test_a_failed_build_is_built_again_under_its_number(alice: Rest, fresh_name: Name, minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["no-such-package"])
    queued = alice.post(f"/environments/{name}/build").ok(202)
    assert (queued["number"], queued["attempt"], queued["outcome"]) == (1, 1, "queued")
    failed = alice.wait(name)
    assert (failed["outcome"], failed["digest"], failed["size"]) == ("failed", None, None)
    assert "no-such-package" in failed["reason"]
    environment = alice.get(f"/environments/{name}").ok()
    assert (environment["status"], environment["failure"]) == ("Failed", failed["reason"])
    assert environment["usable_version"] is None

    alice.patch(f"/environments/{name}", {"conda_requirements": ["conflict-a", "conflict-b"]}).ok()
    assert alice.get(f"/environments/{name}").ok()["modified"]
    again = alice.post(f"/environments/{name}/build").ok(202)
    assert (again["number"], again["attempt"]) == (1, 2)
    assert alice.wait(name)["outcome"] == "failed"
    whole = alice.get(f"/environments/{name}/versions/1").ok()
    assert [(a["attempt"], a["outcome"]) for a in whole["attempts"]] == [(2, "failed"), (1, "failed")]
    assert whole["requested"]["conda_requirements"] == ["conflict-a", "conflict-b"]
    first, second = (alice.get(f"/environments/{name}/versions/1/log?attempt={n}").text for n in (1, 2))
    assert "no-such-package" in first
    assert "conflict-a" not in first
    assert "shared-lib" in second
    assert alice.get(f"/environments/{name}/versions/1/log").text == second
    alice.get(f"/environments/{name}/versions/1/log?attempt=3").refused(404)


def test_while_a_build_is_on_its_way(alice: Rest, boss: Rest, carol: Rest, fresh_name: Name, minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor)
    alice.post(f"/environments/{name}/build", {}).ok(202)
    for refused in (
        alice.post(f"/environments/{name}/build", {}),
        boss.post(f"/environments/{name}/build", {}),
        alice.post(f"/environments/{name}/activate"),
        boss.post(f"/environments/{name}/activate"),
        alice.delete(f"/environments/{name}"),
        boss.delete(f"/environments/{name}"),
    ):
        assert "in progress" in refused.refused(409, "conflict")["message"]
    now = alice.get(f"/environments/{name}").ok()
    assert now["status"] == "In Progress"
    assert now["phase"]
    assert alice.patch(f"/environments/{name}", {"conda_requirements": ["tiny-001"]}).ok()["modified"]
    carol.post(f"/environments/{name}/cancel").refused(404)
    assert boss.post(f"/environments/{name}/cancel").ok(202) == {}
    failed = alice.wait(name)
    assert (failed["outcome"], failed["reason"]) == ("failed", "cancelled by boss")
    assert failed["requested"]["conda_requirements"] == []
    alice.post(f"/environments/{name}/cancel").refused(409, "conflict")
    alice.delete(f"/environments/{name}").ok(204)


def test_an_administrator_may_delete_what_is_being_built(
    alice: Rest, boss: Rest, server: LiveServer, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor)
    logs = set((server.root / "logs").iterdir())
    alice.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
    wait_until(lambda: alice.show(name)["phase"] not in ("queued", "solving", None), "the build to be on its way", 30)
    (log,) = set((server.root / "logs").iterdir()) - logs
    boss.delete(f"/environments/{name}?force=true").ok(204)
    alice.get(f"/environments/{name}").refused(404, "not_found")
    wait_until(lambda: not log.exists(), "its log to go", 30)
    # The name is free, and nothing of the old build gets in the way of the new one.
    version = alice.make(name, python_version=minor)
    assert (version["number"], version["attempt"]) == (1, 1)
    assert alice.get(f"/environments/{name}/versions/1/log").text.startswith(f"Building {name} version 1, attempt 1, ")


def test_a_second_version_and_one_that_keeps_what_is_installed(alice: Rest, fresh_name: Name, minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-003=1.2"])
    alice.post(f"/environments/{name}/build", {"pin_installed": True}).refused(409, "conflict")
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "succeeded"
    alice.patch(f"/environments/{name}", {"conda_requirements": ["tiny-003", "tiny-004"]}).ok()
    kept = alice.post(f"/environments/{name}/build", {"pin_installed": True}).ok(202)
    assert (kept["number"], kept["pin_installed"]) == (2, True)
    version = alice.wait(name)
    assert version["outcome"] == "succeeded", version["reason"]
    held = {p["name"]: p["version"] for p in _packages(alice, name, 2)}
    assert held["tiny-003"] == "1.2"
    assert "tiny-004" in held

    alice.patch(f"/environments/{name}", {"conda_requirements": ["tiny-003"]}).ok()
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "succeeded"
    solved = {p["name"]: p["version"] for p in _packages(alice, name, 3)}
    assert solved["tiny-003"] == "1.9"
    assert "tiny-004" not in solved, "a removed library is really gone"
    assert [v["number"] for v in alice.get(f"/environments/{name}/versions").ok()["items"]] == [3, 2, 1]

    # A failed build changes nothing that is in use.
    alice.patch(f"/environments/{name}", {"conda_requirements": ["no-such-package"]}).ok()
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "failed"
    environment = alice.get(f"/environments/{name}").ok()
    assert (environment["status"], environment["latest_version"], environment["usable_version"]) == ("Failed", 4, 3)
    assert environment["actions"]["activate"]["allowed"]


def _packages(person: Rest, name: str, number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get(f"/environments/{name}/versions/{number}").ok()["packages"]
    return found


def test_the_queue_says_each_builds_place(alice: Rest, fresh_name: Name, minor: str) -> None:
    names = [fresh_name() for _ in range(4)]
    for name in names:
        alice.create(name, python_version=minor, conda_requirements=["tiny-005=1.1"])
    for name in names:
        alice.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)

    def places() -> list[int | None]:
        return [alice.get(f"/environments/{n}").ok()["queue_position"] for n in names]

    wait_until(lambda: places() == [None, None, 1, 2], "two builds and a queue of two", 30)
    for name in names:
        alice.post(f"/environments/{name}/cancel").ok(202)
    for name in names:
        assert alice.wait(name)["reason"] == "cancelled by alice"
