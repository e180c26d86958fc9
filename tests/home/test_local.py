"""Local environments of a person's server: solved and installed here, of what the service allows and offers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.handlers.rest import Rest
from tests.home.conftest import run_cell
from tests.live import LiveServer, wait_until
from tests.serving import LiveService


def settled(person: Rest, id: str) -> dict[str, Any]:
    """Once nothing is being done with it any more."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = person.get(f"/local/{id}").ok()
        return None if found["status"] == "In Progress" else found

    return wait_until(look, f"the work on {id}", 120, interval=0.1)


def ready(person: Rest, id: str) -> dict[str, Any]:
    found = settled(person, id)
    assert found["status"] == "Ready", (found["reason"], person.get(f"/local/{id}/log").text)
    return found


def test_one_is_made_here_of_what_the_service_plans(alice: Rest, server: LiveServer, minor: str) -> None:
    spec = {"name": "mine", "python_version": minor, "conda_requirements": ["tiny-000=1.3"]}
    alice.post("/local", spec).ok(202)
    made = ready(alice, "mine")
    assert made["requested"] == {**made["requested"], "python_version": minor, "conda_requirements": ["tiny-000=1.3"]}
    assert Path(made["prefix"]).is_relative_to(server.data_dir)
    assert {p["name"]: p["version"] for p in made["packages"]}["tiny-000"] == "1.3"
    assert run_cell(server, "local-mine", "import sys; print(sys.prefix)").strip() == made["prefix"]
    alice.post("/local", spec).refused(409, "local_name_taken")


def test_all_faults_are_told_at_once(alice: Rest) -> None:
    asked = {"name": "No such name!", "python_version": "3.11", "conda_requirements": ["numpy==1", "&"]}
    errors = alice.post("/local", asked).refused(422, "invalid")["errors"]
    assert {(e["field"], e["line"]) for e in errors} == {("name", None), ("conda_requirements", 2)}


def test_a_base_that_cant_be_used_is_refused(alice: Rest) -> None:
    asked = {"name": "based", "base": {"short_name": "absent", "version": None}}
    assert alice.post("/local", asked).refused(422, "invalid")["errors"][0]["field"] == "base"


def test_a_round_trip(alice: Rest, server: LiveServer, built: str) -> None:
    alice.post(f"/environments/{built}/copy-to-local", {"name": "copy"}).ok(202)
    copy = ready(alice, "copy")
    version = alice.get(f"/environments/{built}/versions/1").ok()
    assert copy["copied_from"] == {
        "short_name": built,
        "full_name": "Built",
        "version": 1,
        "digest": version["digest"],
    }
    done = subprocess.run(
        [f"{copy['prefix']}/bin/python", "-m", "pip", "--version"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wanted = alice.get("/local/copy/copy-to-dataflow").ok()
    assert wanted["short_name"] == "copy"
    assert "tiny-000==1.3" in wanted["conda_requirements"]
    body = {"short_name": "copy", "full_name": "Copied back"}
    made = alice.post("/local/copy/copy-to-dataflow", body).ok(202)
    assert made["copied_from"]["name"] == "copy"
    assert alice.wait("copy")["outcome"] == "succeeded"
    alice.post("/local/copy/copy-to-dataflow", body).refused(409, "short_name_taken")
    assert alice.get("/local/copy/copy-to-dataflow").ok()["short_name"] == "copy2"


def test_a_refused_build_leaves_no_environment(alice: Rest, boss: Rest) -> None:
    from tests.handlers.rest import EMPTY_POLICY

    denied = [{"name": "tiny-000", "specifier": "", "reason": "not here"}]
    boss.put("/policy", {**EMPTY_POLICY, "denied_packages": denied}).ok()
    try:
        body = {"short_name": "nope", "full_name": "Refused"}
        alice.post("/local/copy/copy-to-dataflow", body).refused(422, "policy_violated")
        alice.get("/environments/nope").refused(404)
    finally:
        boss.put("/policy", EMPTY_POLICY).ok()


def test_without_the_service_what_is_here_goes_on(alice: Rest, server: LiveServer, service: LiveService) -> None:
    service.kill()
    try:
        items = alice.get("/local").ok()["items"]
        assert [e["name"] for e in items if e["kind"] == "made"] == ["copy", "mine"]
        assert not [e for e in items if e["prefix"].startswith(str(service.root))]
        assert run_cell(server, "local-copy", "print('here')").strip() == "here"
        asked = {"name": "other", "python_version": "3.11"}
        assert "Local" in alice.post("/local", asked).refused(503, "unavailable")["message"]
        alice.get("/local/copy/copy-to-dataflow").refused(503, "unavailable")
        alice.post("/environments/built/copy-to-local", {}).refused(503, "unavailable")
        alice.get("/local/copy/drift").ok()
        alice.delete("/local/copy").ok(204)
    finally:
        service.start()
    alice.delete("/local/mine").ok(204)
