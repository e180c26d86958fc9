"""The deployment's policy: held against what is asked for, what was resolved, and what is to be published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.channel.index import index_url
from tests.channel.server import Server
from tests.handlers.rest import EMPTY_POLICY, Rest

Name = Callable[[], str]
Publish = Callable[..., str]
Rows = Callable[[], dict[str, Any]]


def _set(boss: Rest, **rules: Any) -> dict[str, Any]:
    """Returns the answer, which says what is violated by it."""
    answer: dict[str, Any] = boss.put("/policy", {**EMPTY_POLICY, **rules}).ok()
    return answer


def _denied(name: str, specifier: str = "", reason: str = "recalled") -> dict[str, list[dict[str, str]]]:
    return {"denied_packages": [{"name": name, "specifier": specifier, "reason": reason}]}


def _version(person: Rest, name: str, package: str) -> str:
    packages = person.get(f"/environments/{name}/versions/1").ok()["packages"]
    return str(next(p["version"] for p in packages if p["name"] == package))


def _fails(person: Rest, name: str, *said: str) -> None:
    """Its build fails by the policy, and reason and log say so."""
    failed = person.build(name)
    assert failed["outcome"] == "failed"
    assert "the deployment's policy does not allow" in failed["reason"]
    log = person.get(f"/environments/{name}/versions/1/log").text
    for part in said:
        assert part in failed["reason"]
        assert part in log
    assert person.show(name)["failure"] == failed["reason"]


def test_what_is_set_is_what_stands(alice: Rest, policy: Rest) -> None:
    whole = {
        "channels": ["https://channel.invalid/main"],
        "indexes": ["https://index.invalid/simple"],
        "denied_packages": [{"name": "left-pad", "specifier": "<2", "reason": "abandoned"}],
        "required_packages": ["tiny-000"],
        "python_versions": ["3.11", "3.12.1"],
        "max_environments": 50,
        "max_versions": 5,
        "max_bytes": 10_000_000_000,
    }
    answer = policy.put("/policy", whole).ok()
    assert {k: v for k, v in answer.items() if k != "violating"} == whole
    assert alice.get("/policy").ok() == whole
    (event,) = policy.get("/audit?kind=policy.changed&limit=1").ok()["items"]
    assert (event["actor"], event["details"]["after"]) == ("boss", whole)
    # What a body does not name is taken away.
    assert {k: v for k, v in policy.put("/policy", {}).ok().items() if k != "violating"} == EMPTY_POLICY


def test_it_is_for_administrators(alice: Rest, carol: Rest, grace: Rest, rows: Rows) -> None:
    before = rows()
    for person in (alice, carol):
        assert "Only an administrator" in person.put("/policy", EMPTY_POLICY).refused(403, "not_allowed")["message"]
        assert "Only an administrator" in person.get("/policy/violating").refused(403, "not_allowed")["message"]
        person.put("/policy", {"everything": 1}).refused(422)
    assert rows() == before
    grace.put("/policy", EMPTY_POLICY).ok()
    grace.get("/policy/violating").ok()


def test_setting_it_again_is_no_event(boss: Rest, rows: Rows) -> None:
    before = rows()
    boss.put("/policy", EMPTY_POLICY).ok()
    assert rows() == before


@pytest.mark.parametrize(
    ("rules", "field", "line"),
    [
        ({"indexes": ["https://a.invalid", " "]}, "indexes", 2),
        ({"indexes": ["a\u0007"]}, "indexes", 1),
        ({"indexes": "https://a.invalid"}, "indexes", None),
        ({"max_versions": 0}, "max_versions", None),
        ({"max_versions": True}, "max_versions", None),
        ({"max_bytes": -1}, "max_bytes", None),
        ({"max_bytes": "1 GB"}, "max_bytes", None),
        ({"violating": []}, "violating", None),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    boss: Rest, rows: Rows, rules: dict[str, Any], field: str, line: int | None
) -> None:
    before = rows()
    refusal = boss.put("/policy", rules).refused(422, "invalid")
    assert (refusal["errors"][0]["field"], refusal["errors"][0]["line"]) == (field, line)
    assert rows() == before


def test_a_denied_package_that_came_with_another_fails_the_build(
    alice: Rest, policy: Rest, built: str, fresh_name: Name, minor: str
) -> None:
    version, name = _version(alice, built, "traitlets"), fresh_name()
    _set(policy, **_denied("Traitlets", f"=={version}", "CVE-2026-1"))
    alice.create(name, python_version=minor)
    _fails(alice, name, f"traitlets {version}", "CVE-2026-1")
    # One that is asked for outright is refused on Save, if no version of it is allowed.
    _set(policy, **_denied("traitlets"))
    before = alice.show(name)
    for body in ({"conda_requirements": ["traitlets>=5"]}, {"pip_requirements": ["Traitlets"]}):
        refusal = alice.patch(f"/environments/{name}", body).refused(422, "policy_violated")
        assert refusal["violations"] == [
            {"package": "traitlets", "version": "", "rule": "denied_packages", "reason": "recalled"}
        ]
        alice.post(f"/environments/{name}/preview", body).refused(422, "policy_violated")
    assert alice.show(name) == before


def test_a_denied_package_of_pip_fails_the_build(alice: Rest, policy: Rest, fresh_name: Name, minor: str) -> None:
    name = fresh_name()
    _set(policy, **_denied("tinywheel-05", "<1.5", "too old"))
    alice.create(name, python_version=minor, pip_requirements=["tinywheel-05==1.4"])
    _fails(alice, name, "tinywheel-05 1.4", "too old")
    alice.succeed(name, pip_requirements=["tinywheel-05==1.6"])


def test_where_packages_come_from(
    alice: Rest, policy: Rest, channel: Path, index: Server, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, pip_requirements=["tinywheel-06==1.6"])
    _set(policy, channels=["https://elsewhere.invalid/main"])
    _fails(alice, name, f"channel {channel.as_uri()} is not allowed")
    _set(policy, channels=[channel.as_uri() + "/"], indexes=["https://elsewhere.invalid/simple"])
    _fails(alice, name, "tinywheel-06 1.6", f"index {index_url(index)} is not allowed")
    _set(policy, channels=[channel.as_uri()], indexes=[index_url(index)])
    alice.succeed(name)


def test_what_every_environment_must_hold(alice: Rest, policy: Rest, fresh_name: Name, minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor)
    _set(policy, required_packages=["Tiny_015", "tinywheel.07"])
    _fails(alice, name, "every environment of this deployment must hold it")
    alice.succeed(name, conda_requirements=["tiny-015"], pip_requirements=["tinywheel-07"])


def test_the_python_that_came_of_it(alice: Rest, policy: Rest, built: str, fresh_name: Name, minor: str) -> None:
    """Asked for as a series it is the solve that says which it is."""
    whole, name = _version(alice, built, "python"), fresh_name()
    body = {"short_name": name, "full_name": "x", "python_version": minor}
    _set(policy, python_versions=[f"{minor}.999"])
    refusal = alice.post("/environments", body).refused(422, "policy_violated")
    assert [v["rule"] for v in refusal["violations"]] == ["python_versions"]
    _set(policy, python_versions=["3.2"])
    alice.post("/environments", body).refused(422, "policy_violated")
    _set(policy)
    alice.post("/environments", body).ok(201)
    _set(policy, python_versions=["3.2"])
    _fails(alice, name, f"python {whole}", "this deployment offers Python 3.2")
    _set(policy, python_versions=[whole, minor])
    alice.succeed(name)


def test_a_base_brings_its_own_python_which_is_checked_after_the_solve(
    carol: Rest, policy: Rest, publish: Publish, fresh_name: Name
) -> None:
    base, name = publish(), fresh_name()
    _set(policy, python_versions=["3.2"])
    carol.post("/environments", {"short_name": name, "full_name": "x", "base": {"short_name": base}}).ok(201)
    _fails(carol, name, "this deployment offers Python 3.2")


def test_a_revert_to_what_is_no_longer_allowed_is_refused(
    alice: Rest, policy: Rest, fresh_name: Name, minor: str, rows: Rows
) -> None:
    name = fresh_name()
    alice.make(name, python_version=minor, conda_requirements=["tiny-016=1.1"])
    alice.succeed(name, conda_requirements=["tiny-016=1.2"])
    _set(policy, **_denied("tiny-016", "==1.1"))
    before = rows()
    refusal = alice.post(f"/environments/{name}/revert", {"version": 1}).refused(422, "policy_violated")
    assert refusal["violations"] == [
        {"package": "tiny-016", "version": "1.1", "rule": "denied_packages", "reason": "recalled"}
    ]
    assert rows() == before


def test_what_violates_it_is_listed_and_stays(
    alice: Rest, policy: Rest, carol: Rest, publish: Publish, fresh_name: Name
) -> None:
    old = publish(conda_requirements=["tiny-017=1.1"])
    publish(conda_requirements=["tiny-017=1.2"])
    moved_on = publish(conda_requirements=["tiny-017=1.1", "tiny-018"])
    alice.succeed(moved_on, conda_requirements=["tiny-017=1.3"])
    answer = _set(policy, **_denied("tiny-017", "<1.2"))
    violation = {"package": "tiny-017", "version": "1.1", "rule": "denied_packages", "reason": "recalled"}
    expected = [
        {"short_name": name, "version": 1, "owner": "alice", "violations": [violation]}
        for name in sorted((old, moved_on))
    ]
    assert answer["violating"] == expected
    assert policy.get("/policy/violating").ok()["items"] == expected
    # They stay published; what mends them is published as usual.
    carol.post(f"/environments/{old}/activate", {}).ok()
    carol.post(f"/environments/{old}/deactivate", {}).ok()
    policy.approve(alice.submit(moved_on))
    assert policy.get("/policy/violating").ok()["items"] == expected[:1] if old < moved_on else expected[1:]
    assert _set(policy)["violating"] == []


def test_a_person_has_so_many_environments(dave: Rest, boss: Rest, policy: Rest, fresh_name: Name, rows: Rows) -> None:
    dave.create(fresh_name())
    most = dave.get("/me").ok()["limits"]["environments"]
    _set(policy, max_environments=most)
    before, name = rows(), fresh_name()
    body = {"short_name": name, "full_name": "x", "python_version": "3.11"}
    refusal = dave.post("/environments", body).refused(429, "quota_exceeded")
    assert refusal["message"].startswith(f"You have {most} environments, and {most} are allowed here")
    assert rows() == before
    limits = dave.get("/me").ok()["limits"]
    assert (limits["environments"], limits["max_environments"]) == (most, most)
    boss.create(name)  # whoever sets the limit is not held by it
    boss.delete(f"/environments/{name}").ok(204)
    _set(policy, max_environments=most + 1)
    dave.post("/environments", body).ok(201)


def test_a_person_has_so_many_bytes_before_anything_is_built(
    dave: Rest, boss: Rest, policy: Rest, fresh_name: Name, minor: str, rows: Rows
) -> None:
    first, second = fresh_name(), fresh_name()
    size = dave.make(first, python_version=minor)["size"]
    dave.create(second, python_version=minor)
    held = dave.get("/me").ok()["limits"]["bytes"]
    assert held >= size
    _set(policy, max_bytes=held)
    before = rows()
    refusal = dave.post(f"/environments/{second}/build", {}).refused(429, "quota_exceeded")
    assert (refusal["held_bytes"], refusal["max_bytes"]) == (held, held)
    assert "delete one first" in refusal["message"]
    assert rows() == before
    assert dave.get("/me").ok()["limits"]["max_bytes"] == held
    _set(policy, max_bytes=held + 1)
    dave.succeed(second)
    # The same packages are the same prefix, which counts once.
    assert dave.get("/me").ok()["limits"]["bytes"] == held


def test_the_bytes_are_the_owners_whoever_builds(
    dave: Rest, boss: Rest, policy: Rest, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    dave.create(name, python_version=minor)
    _set(policy, max_bytes=0)
    dave.post(f"/environments/{name}/build", {}).refused(429, "quota_exceeded")
    boss.succeed(name)  # an administrator may let it pass
    assert dave.show(name)["status"] == "Draft"
