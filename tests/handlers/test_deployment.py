"""Routes of the deployment as a whole: health, policy, doctor, packages, the document of the interface."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs import __version__
from tests.channel.index import index_url
from tests.channel.server import Server
from tests.handlers.rest import EMPTY_POLICY, Rest
from tests.live import LiveServer


def test_the_document_is_the_one_that_the_front_end_was_made_from(alice: Rest) -> None:
    served = alice.get("/openapi.json").ok()
    kept = Path(__file__).resolve().parents[2] / "src" / "api" / "openapi.json"
    assert served == json.loads(kept.read_text())


def test_the_document_knows_every_route_and_its_parameters(alice: Rest) -> None:
    document = alice.get("/openapi.json").ok()
    assert document["info"]["version"] == __version__
    log = document["paths"]["/environments/{short_name}/versions/{number}/log"]["get"]
    assert {p["name"] for p in log["parameters"]} == {"attempt", "offset", "limit"}
    listing = document["paths"]["/environments"]["get"]
    assert {p["name"] for p in listing["parameters"]} >= {"q", "status", "owner", "mine", "sort", "limit", "cursor"}
    text = json.dumps(document)
    unused = {name for name in document["components"]["schemas"] if f'#/components/schemas/{name}"' not in text}
    assert unused <= {
        "LogFrame",
        "HelloFrame",
        "SnapshotFrame",
        "EventFrame",
        "PositionFrame",
        "ProgressFrame",
        "LocalChangeFrame",
    }


def test_me_says_limits_and_policy(alice: Rest, policy: Rest, channel: Path, index: Server) -> None:
    rules = {"max_environments": 1000, "max_bytes": 10**12, "max_versions": 30}
    policy.put("/policy", {**EMPTY_POLICY, **rules}).ok()
    me = alice.get("/me").ok()
    assert {k: me["limits"][k] for k in rules} == rules
    assert me["limits"]["max_concurrent_builds"] == 2
    assert me["policy"] == alice.get("/policy").ok()
    assert me["channels"] == [channel.as_uri()]
    assert me["indexes"] == [index_url(index)]
    assert (me["is_sole"], me["approves_own"], me["extended_requirements"]) == (False, False, False)
    before = me["limits"]["environments"]
    alice.create("meme")
    after = alice.get("/me").ok()["limits"]
    assert (after["environments"], after["bytes"]) == (before + 1, me["limits"]["bytes"])
    alice.delete("/environments/meme").ok(204)


def test_the_doctor_finds_nothing_wrong(boss: Rest, server: LiveServer, channel: Path, index: Server) -> None:
    checks = {c["name"]: c for c in boss.get("/doctor").ok()["checks"]}
    assert {"root", "kernels", "database", "coordinator", "disk"} <= checks.keys()
    assert f"channel {channel.as_uri()}" in checks
    assert f"index {index.url}/simple" in checks
    assert [c for c in checks.values() if not c["ok"]] == []
    assert f"process {server.process.pid} on {os.uname().nodename}" in checks["coordinator"]["message"]
    assert "(this server)" in checks["coordinator"]["message"]


def test_names_that_begin_so(alice: Rest) -> None:
    assert alice.get("/packages?q=tiny-00&limit=3").ok()["items"] == ["tiny-000", "tiny-001", "tiny-002"]
    assert len(alice.get("/packages?manager=conda&q=tiny-").ok()["items"]) == 20
    assert alice.get("/packages?manager=pip&q=TINYWHEEL-1&limit=2").ok()["items"] == ["tinywheel-10", "tinywheel-11"]
    assert alice.get("/packages?q=no-such-package").ok()["items"] == []


def test_versions_newest_first(alice: Rest) -> None:
    found = alice.get("/packages/conda/TINY-000").ok()
    assert (found["name"], found["manager"], found["versions"][0]) == ("tiny-000", "conda", "1.9")
    assert alice.get("/packages/pip/tinywheel-00").ok()["versions"][:2] == ["1.9", "1.8"]


@pytest.mark.parametrize("manager", ["conda", "pip"])
@pytest.mark.parametrize(
    "name",
    ["no-such-package", "..%2F..%2Fetc%2Fpasswd", "%00", "--help", "a%20b", "tiny-000%5B", "%F0%9F%90%8D", "x" * 3000],
)
def test_what_is_not_offered_is_not_found(alice: Rest, index: Server, manager: str, name: str) -> None:
    asked = len(index.requests)
    alice.get(f"/packages/{manager}/{name}").refused(404, "not_found")
    assert all("passwd" not in r.path for r in index.requests[asked:])


@pytest.mark.parametrize("path", ["/packages?manager=npm", "/packages/npm/left-pad", "/packages?manager=&q=a"])
def test_managers_are_conda_and_pip(alice: Rest, path: str) -> None:
    assert "conda or pip" in alice.get(path).refused(400, "malformed")["message"]


def test_a_quota_is_kept(alice: Rest, policy: Rest, rows: Callable[[], object]) -> None:
    policy.put("/policy", {**EMPTY_POLICY, "max_environments": 0}).ok()
    counted = rows()
    body = {"short_name": "quota", "full_name": "x", "python_version": "3.11"}
    refusal = alice.post("/environments", body).refused(429, "quota_exceeded")
    assert "0 are allowed" in refusal["message"]
    assert rows() == counted


def test_what_is_denied_is_refused_on_save_and_after_the_solve(
    alice: Rest, policy: Rest, fresh_name: Callable[[], str], minor: str
) -> None:
    denied = [
        {"name": "Tiny_010", "specifier": "", "reason": "never"},
        {"name": "tiny-011", "specifier": "<1.5", "reason": "too old"},
        {"name": "tornado", "specifier": "", "reason": "not even transitively"},
    ]
    policy.put("/policy", {**EMPTY_POLICY, "denied_packages": denied}).ok()
    name = fresh_name()
    body = {"short_name": name, "full_name": "x", "python_version": minor, "pip_requirements": ["tiny.010"]}
    refusal = alice.post("/environments", body).refused(422, "policy_violated")
    assert refusal["violations"][0]["reason"] == "never"
    assert refusal["violations"][0]["rule"] == "denied_packages"

    alice.create(name, python_version=minor, conda_requirements=["tiny-011=1.2"])
    alice.patch(f"/environments/{name}", {"conda_requirements": ["tiny-010"]}).refused(422, "policy_violated")
    alice.post(f"/environments/{name}/build").ok(202)
    failed = alice.wait(name)
    assert failed["outcome"] == "failed"
    assert "policy" in failed["reason"]
    log = alice.get(f"/environments/{name}/versions/1/log").text
    assert "too old" in log
    assert "not even transitively" in log


def test_pythons_are_offered_by_the_policy(alice: Rest, policy: Rest) -> None:
    policy.put("/policy", {**EMPTY_POLICY, "python_versions": ["3.11"]}).ok()
    body = {"short_name": "pyver", "full_name": "x", "python_version": "3.1"}
    refusal = alice.post("/environments", body).refused(422, "policy_violated")
    assert refusal["violations"][0]["rule"] == "python_versions"
    alice.post("/environments", {**body, "python_version": "3.11.4"}).ok(201)
    alice.delete("/environments/pyver").ok(204)


BAD_POLICIES: dict[str, tuple[dict[str, Any], str, int | None]] = {
    "specifier": (
        {"denied_packages": [{"name": "a", "reason": "b"}, {"name": "a", "specifier": "newest", "reason": "b"}]},
        "denied_packages",
        2,
    ),
    "no reason": ({"denied_packages": [{"name": "a", "reason": ""}]}, "denied_packages", 1),
    "no name": ({"denied_packages": [{"reason": "b"}]}, "denied_packages", 1),
    "odd name": ({"denied_packages": [{"name": "a b", "reason": "b"}]}, "denied_packages", 1),
    "required: odd name": ({"required_packages": ["ok", "../x"]}, "required_packages", 2),
    "required: a number": ({"required_packages": ["ok", 5]}, "required_packages", 2),
    "python: a word": ({"python_versions": ["3.11", "newest"]}, "python_versions", 2),
    "channel: empty": ({"channels": [" "]}, "channels", 1),
    "channel: control character": ({"channels": ["a\u0007b"]}, "channels", 1),
    "max: negative": ({"max_environments": -1}, "max_environments", None),
    "max: a text": ({"max_environments": "5"}, "max_environments", None),
    "max: a fraction": ({"max_environments": 1.5}, "max_environments", None),
    "max: true": ({"max_environments": True}, "max_environments", None),
    "unknown field": ({"everything": "allowed"}, "everything", None),
}


@pytest.mark.parametrize(("body", "field", "line"), BAD_POLICIES.values(), ids=BAD_POLICIES.keys())
def test_a_policy_that_makes_no_sense_is_refused(
    boss: Rest, rows: Callable[[], object], body: dict[str, Any], field: str, line: int | None
) -> None:
    counted = rows()
    refusal = boss.put("/policy", body).refused(422, "invalid")
    assert (refusal["errors"][0]["field"], refusal["errors"][0]["line"]) == (field, line)
    assert rows() == counted
