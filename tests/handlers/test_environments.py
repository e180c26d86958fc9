"""Creating, reading, editing and deleting."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest

from tests.handlers.rest import EMPTY_POLICY, Rest

Name = Callable[[], str]


def test_a_new_environment_is_saved_and_says_where_it_is(alice: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    answer = alice.post(
        "/environments",
        {
            "short_name": name.upper(),
            "full_name": "  Ünïcode Ω  ",
            "description": "two\nlines",
            "python_version": "3.11",
            "conda_requirements": ["pandas >= 2", "", "# a note", "numpy # another"],
            "pip_requirements": ["rich[jupyter]==13.9.4"],
        },
    )
    made = answer.ok(201)
    assert answer.headers["location"] == f"/dataflow-envs/environments/{name}"
    assert answer.headers["etag"] == f'"{made["etag"]}"'
    assert made["short_name"] == name
    assert made["full_name"] == "Ünïcode Ω"
    assert made["description"] == "two\nlines"
    assert made["conda_requirements"] == ["pandas >= 2", "", "# a note", "numpy # another"]
    assert made["owner"] == "alice"
    assert made["status"] == "Saved"
    assert made["kernel_name"] == f"dataflow-{name}"
    empty = (
        "latest_version",
        "usable_version",
        "published_version",
        "base",
        "phase",
        "review",
        "deprecated",
        "failure",
    )
    assert [made[k] for k in empty] == [None] * len(empty)
    assert alice.get(f"/environments/{name}").ok() == made
    assert alice.get(f"/environments/{name.upper()}").ok() == made


def test_every_action_says_whether_it_is_allowed_or_why_not(alice: Rest, boss: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    own = alice.create(name)["actions"]
    allowed = {action for action, said in own.items() if said["allowed"]}
    assert allowed == {"edit", "preview", "build", "delete"}
    assert own["activate"]["reason"] == "No version has been built yet: build it first."
    assert own["cancel"]["reason"] == "No build is in progress."
    assert all((said["reason"] is None) == said["allowed"] for said in own.values())
    assert boss.get(f"/environments/{name}").ok()["actions"]["edit"]["allowed"]


def test_an_edit_changes_what_it_names_and_the_etag(alice: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    before = alice.create(name, conda_requirements=["pandas"], description="kept")
    answer = alice.patch(f"/environments/{name}", {"full_name": "New", "pip_requirements": ["rich"]})
    after = answer.ok()
    assert (after["full_name"], after["pip_requirements"]) == ("New", ["rich"])
    assert (after["conda_requirements"], after["description"]) == (["pandas"], "kept")
    assert after["etag"] != before["etag"]
    assert answer.headers["etag"] == f'"{after["etag"]}"'
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]


def test_an_edit_that_changes_nothing_leaves_etag_and_trail_alone(
    alice: Rest, fresh_name: Name, rows: Callable[[], dict[str, object]]
) -> None:
    name = fresh_name()
    before = alice.create(name)
    counted = rows()
    assert alice.patch(f"/environments/{name}", {"full_name": "Full name"}).ok() == before
    assert alice.patch(f"/environments/{name}", {}).ok() == before
    assert rows() == counted


@pytest.mark.parametrize("form", ['"{}"', "{}", 'W/"{}"', ' "{}" '])
def test_an_edit_with_the_etag_in_any_form_is_made(alice: Rest, fresh_name: Name, form: str) -> None:
    name = fresh_name()
    tag = alice.create(name)["etag"]
    headers = {"If-Match": form.format(tag)}
    assert alice.patch(f"/environments/{name}", {"full_name": "New"}, headers=headers).ok()["full_name"] == "New"


@pytest.mark.parametrize("tag", ['"other"', '""', "", '"a", "b"', "'", "W/", "\u00ff"])
def test_an_edit_with_another_etag_is_refused(alice: Rest, fresh_name: Name, tag: str) -> None:
    name = fresh_name()
    made = alice.create(name)
    alice.patch(f"/environments/{name}", {"full_name": "New"}, headers={"If-Match": tag}).refused(412, "stale")
    assert alice.get(f"/environments/{name}").ok() == made


def test_of_two_edits_of_one_state_the_second_is_refused(alice: Rest, boss: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    seen = {"If-Match": alice.create(name)["etag"]}
    boss.patch(f"/environments/{name}", {"full_name": "Theirs"}, headers=seen).ok()
    refusal = alice.patch(f"/environments/{name}", {"full_name": "Mine"}, headers=seen).refused(412, "stale")
    assert "Someone else has changed" in refusal["message"]
    assert alice.get(f"/environments/{name}").ok()["full_name"] == "Theirs"
    assert alice.patch(f"/environments/{name}", {"full_name": "Mine"}, headers={"If-Match": "*"}).ok()


def test_an_etag_never_comes_back_with_another_environment_of_that_name(alice: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    old = alice.create(name)["etag"]
    alice.delete(f"/environments/{name}").ok(204)
    assert alice.create(name)["etag"] != old
    alice.patch(f"/environments/{name}", {"full_name": "New"}, headers={"If-Match": old}).refused(412, "stale")


def test_all_faults_of_a_form_are_told_at_once(alice: Rest, fresh_name: Name) -> None:
    refusal = alice.post(
        "/environments",
        {
            "short_name": "toolong",
            "full_name": "",
            "python_version": "3",
            "conda_requirements": ["numpy", "-r x.txt", "numpy"],
            "pip_requirements": ["git+ssh://x", "NumPy"],
        },
    ).refused(422, "invalid")
    found = {(e["field"], e["line"]) for e in refusal["errors"]}
    assert found >= {
        ("short_name", None),
        ("full_name", None),
        ("python_version", None),
        ("conda_requirements", 2),
        ("conda_requirements", 3),
        ("pip_requirements", 1),
        ("pip_requirements", 2),
    }
    assert refusal["message"].startswith("short_name: ")


def test_a_taken_short_name_is_refused_without_saying_whose(alice: Rest, carol: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    alice.create(name)
    refusal = carol.post(
        "/environments", {"short_name": name.upper(), "full_name": "x", "python_version": "3.11"}
    ).refused(409, "short_name_taken")
    assert refusal["message"] == f"Short name '{name}' is already in use; try another."


def test_a_deleted_environment_is_gone_and_its_name_free(alice: Rest, carol: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    alice.create(name)
    alice.delete(f"/environments/{name}").ok(204)
    alice.get(f"/environments/{name}").refused(404, "not_found")
    alice.delete(f"/environments/{name}").refused(404, "not_found")
    assert carol.create(name)["owner"] == "carol"


def test_a_preview_says_what_a_build_would_install(alice: Rest, built: str, rows: Callable[[], object]) -> None:
    counted = rows()
    saved = alice.post(f"/environments/{built}/preview", {}).ok()
    assert {(p["name"], p["version"]) for p in saved["packages"]} >= {("tiny-000", "1.3"), ("activated", "1.0")}
    changed = alice.post(
        f"/environments/{built}/preview", {"conda_requirements": ["tiny-000=1.5", "tiny-001"], "pip_requirements": []}
    ).ok()
    diff = changed["diff"]
    assert [p["name"] for p in diff["added"]] == ["tiny-001"]
    assert {p["name"] for p in diff["removed"]} == {"activated", "tinywheel-00"}
    assert [(c["name"], c["left"], c["right"], c["direction"]) for c in diff["changed"]] == [
        ("tiny-000", "1.3", "1.5", "up")
    ]
    assert changed["download_size"] > 0
    assert changed["pip_resolved"]
    assert rows() == counted


def test_a_preview_that_keeps_what_is_installed_only_adds(alice: Rest, built: str) -> None:
    wanted = {"conda_requirements": ["tiny-000", "activated", "tiny-002"], "pin_installed": True}
    held = alice.post(f"/environments/{built}/preview", wanted).ok()
    assert [p["name"] for p in held["diff"]["added"]] == ["tiny-002"]
    assert held["diff"]["changed"] == []


def test_a_preview_of_what_cannot_be_solved_explains_it(alice: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    alice.create(name)
    refusal = alice.post(f"/environments/{name}/preview", {"conda_requirements": ["conflict-a", "conflict-b"]}).refused(
        422, "unsolvable"
    )
    assert "shared-lib" in refusal["message"] + refusal["details"]
    faulty = alice.post(f"/environments/{name}/preview", {"conda_requirements": ["ok", "--no"]}).refused(422)
    assert (faulty["errors"][0]["field"], faulty["errors"][0]["line"]) == ("conda_requirements", 2)


def test_whether_a_short_name_can_be_had(alice: Rest, carol: Rest, fresh_name: Name) -> None:
    name = fresh_name()
    free = {"short_name": name, "available": True, "message": None}
    assert carol.get(f"/short-names/{name}").ok() == free
    assert carol.get(f"/short-names/%20{name.upper()}%20").ok() == free
    alice.create(name)
    taken = carol.get(f"/short-names/{name.upper()}").ok()
    refusal = carol.post("/environments", {"short_name": name, "full_name": "x", "python_version": "3.11"})
    message = refusal.refused(409, "short_name_taken")["message"]
    assert taken == {"short_name": name, "available": False, "message": message}
    alice.delete(f"/environments/{name}").ok(204)
    assert carol.get(f"/short-names/{name}").ok() == free


@pytest.mark.parametrize(
    "name",
    ["", "%20", "toolong", "1abc", "a%2Fb", "..", "a%00", "%F0%9F%90%8D", "%E2%84%AA", "base", "LOCAL", "x" * 3000],
)
def test_what_is_no_short_name_is_told_as_creating_it_would(alice: Rest, name: str) -> None:
    answer = alice.get(f"/short-names/{name}").ok()
    assert not answer["available"]
    wanted = {"short_name": unquote(name), "full_name": "x", "python_version": "3.11"}
    (fault,) = alice.post("/environments", wanted).refused(422, "invalid")["errors"]
    assert answer["message"] == fault["message"]


def test_a_preview_of_what_is_not_saved(alice: Rest, minor: str, rows: Callable[[], object]) -> None:
    counted = rows()
    wanted = {"python_version": minor, "conda_requirements": ["tiny-000=1.5"], "pip_requirements": ["tinywheel-00"]}
    preview = alice.post("/preview", wanted).ok()
    found = {p["name"]: (p["version"], p["origin"]) for p in preview["packages"]}
    assert found["tiny-000"] == ("1.5", "requested")
    assert found["ipykernel"][1] == "added"
    assert preview["diff"]["added"] == preview["packages"]
    assert [preview["diff"][part] for part in ("removed", "changed", "unchanged")] == [[], [], []]
    assert rows() == counted


def test_a_preview_of_what_is_not_saved_is_refused_as_another(alice: Rest, policy: Rest, minor: str) -> None:
    conflict = {"python_version": minor, "conda_requirements": ["conflict-a", "conflict-b"]}
    assert "conflict-a" in alice.post("/preview", conflict).refused(422, "unsolvable")["details"]
    faulty = {"conda_requirements": ["ok", "--no"], "pip_requirements": ["ok"]}
    errors = alice.post("/preview", faulty).refused(422, "invalid")["errors"]
    assert {(e["field"], e["line"]) for e in errors} == {
        ("conda_requirements", 2),
        ("python_version", None),
        ("pip_requirements", 1),
    }
    alice.post("/preview", {}).refused(422, "invalid")
    alice.post("/preview", {"short_name": "x"}).refused(422, "invalid")
    denied = [{"name": "tornado", "specifier": "", "reason": "not even transitively"}]
    policy.put("/policy", {**EMPTY_POLICY, "denied_packages": denied}).ok()
    refusal = alice.post("/preview", {"python_version": minor}).refused(422, "policy_violated")
    assert refusal["violations"][0]["package"] == "tornado"
