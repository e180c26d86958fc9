"""Environments on a base: they hold its locked packages, wherever the base goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.rest import Rest

Name = Callable[[], str]
Publish = Callable[..., str]
Rows = Callable[[], dict[str, Any]]


def _body(name: str, base: str, version: int | None = None, **more: Any) -> dict[str, Any]:
    return {"short_name": name, "full_name": "Child", "base": {"short_name": base, "version": version}, **more}


def _on(person: Rest, name: str, base: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = person.post("/environments", _body(name, base, **more)).ok(201)
    return made


def _packages(person: Rest, name: str, number: int = 1) -> dict[str, dict[str, Any]]:
    found = person.get(f"/environments/{name}/versions/{number}").ok()["packages"]
    return {p["name"]: p for p in found}


def _facts(package: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(package[k] for k in ("manager", "name", "version", "build", "channel", "size"))


def test_a_child_holds_exactly_what_its_base_holds_and_adds_its_own(
    alice: Rest, carol: Rest, publish: Publish, fresh_name: Name, minor: str
) -> None:
    base = publish(conda_requirements=["tiny-000=1.3", "tiny-001=1.2"], pip_requirements=["tinywheel-00==1.4"])
    child = fresh_name()
    made = _on(carol, child, base, conda_requirements=["tiny-002=1.5"], pip_requirements=["tinywheel-02==1.1"])
    assert made["base"] == {"short_name": base, "version": 1}
    assert made["python_version"] is None
    version = carol.build(child)
    assert version["outcome"] == "succeeded", version["reason"]
    assert version["requested"]["base"] == {"short_name": base, "version": 1}
    assert version["requested"]["python_version"] is None
    assert version["python"].startswith(minor)

    of_base, of_child = _packages(alice, base), _packages(carol, child)
    for name, package in of_base.items():
        assert _facts(of_child[name]) == _facts(package)
        assert of_child[name]["origin"] == "base"
    added = {n: p["origin"] for n, p in of_child.items() if n not in of_base}
    assert added == {"tiny-002": "requested", "tinywheel-02": "requested"}
    log = carol.get(f"/environments/{child}/versions/1/log").text
    assert f"of the base {base} version 1" in log
    exported = carol.get(f"/environments/{child}/versions/1/export/requested.yml").text
    assert f"{base} version 1" in exported


def test_a_child_previews_what_it_adds(carol: Rest, publish: Publish, fresh_name: Name) -> None:
    base, child = publish(conda_requirements=["tiny-003=1.3"]), fresh_name()
    _on(carol, child, base, conda_requirements=["tiny-004=1.4"])
    preview = carol.post(f"/environments/{child}/preview", {}).ok()
    origins = {p["name"]: (p["version"], p["origin"]) for p in preview["packages"]}
    assert origins["tiny-003"] == ("1.3", "base")
    assert origins["tiny-004"] == ("1.4", "requested")


def test_a_base_brings_its_own_python(carol: Rest, publish: Publish, fresh_name: Name, rows: Rows) -> None:
    base, child = publish(), fresh_name()
    before = rows()
    refusal = carol.post("/environments", _body(child, base, python_version="3.11")).refused(422, "invalid")
    assert [(e["field"], e["text"]) for e in refusal["errors"]] == [("python_version", "3.11")]
    assert "the base brings its own Python" in refusal["message"]
    assert rows() == before
    # Without either, one of them is asked for.
    refusal = carol.post("/environments", {"short_name": child, "full_name": "x"}).refused(422, "invalid")
    assert [e["field"] for e in refusal["errors"]] == ["python_version"]


def test_where_its_base_goes_a_child_does_not_follow(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish, fresh_name: Name
) -> None:
    base, child = publish(conda_requirements=["tiny-005=1.5"]), fresh_name()
    held = {n: _facts(p) for n, p in _packages(alice, base).items()}
    _on(carol, child, base)

    # The base moves on …
    alice.succeed(base, conda_requirements=["tiny-005=1.6", "tiny-006"])
    boss.approve(alice.submit(base))
    assert carol.show(child)["base"] == {"short_name": base, "version": 1}
    carol.succeed(child, conda_requirements=["tiny-007=1.7"])
    first = _packages(carol, child)
    assert {n: _facts(p) for n, p in first.items() if n != "tiny-007"} == held
    # … and goes, by force, and its name to somebody else.
    boss.delete(f"/environments/{base}").refused(409, "conflict")
    boss.delete(f"/environments/{base}?force=true").ok(204)
    alice.create(base)
    assert carol.show(child)["base"] == {"short_name": base, "version": 1}
    carol.succeed(child, conda_requirements=["tiny-007=1.8"])
    second = _packages(carol, child, 2)
    assert {n: _facts(p) for n, p in second.items() if n != "tiny-007"} == held
    assert {p["origin"] for n, p in second.items() if n != "tiny-007"} == {"base"}

    # What is not named stays; what is named as it stands does so too.
    carol.patch(f"/environments/{child}", {"full_name": "Orphan"}).ok()
    same = {"base": {"short_name": base, "version": 1}}
    assert carol.patch(f"/environments/{child}", same).ok()["base"] == same["base"]
    assert not carol.show(child)["modified"]
    alice.delete(f"/environments/{base}").ok(204)


@pytest.mark.parametrize(
    ("field", "wanted", "needed", "held"),
    [
        ("conda_requirements", "tiny-008==1.9", "tiny-008", "1.8"),
        ("conda_requirements", "conflict-b", "shared-lib", "1.0"),
        ("pip_requirements", "tinywheel-03==1.9", "tinywheel-03", "1.8"),
    ],
)
def test_a_conflict_with_the_base_is_explained_as_one(
    carol: Rest, publish: Publish, fresh_name: Name, field: str, wanted: str, needed: str, held: str
) -> None:
    base = publish(conda_requirements=["tiny-008==1.8", "conflict-a"], pip_requirements=["tinywheel-03==1.8"])
    child = fresh_name()
    _on(carol, child, base, **{field: [wanted]})
    failed = carol.build(child)
    assert failed["outcome"] == "failed"
    assert f"the base environment {base} version 1" in failed["reason"]
    for part in (needed, held):
        assert part in failed["reason"] + carol.get(f"/environments/{child}/versions/1/log").text
    if field == "conda_requirements":
        refusal = carol.post(f"/environments/{child}/preview", {}).refused(422, "unsolvable")
        assert f"the base environment {base} version 1" in refusal["message"]


def test_an_edit_keeps_moves_or_takes_away_the_base(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish, fresh_name: Name, minor: str, rows: Rows
) -> None:
    base, child = publish(), fresh_name()
    _on(carol, child, base)
    alice.succeed(base, conda_requirements=["tiny-009"])
    boss.approve(alice.submit(base))

    def edit(**body: Any) -> dict[str, Any]:
        edited: dict[str, Any] = carol.patch(f"/environments/{child}", body).ok()
        return edited

    before = rows()
    # The kept version is no longer anybody's to choose, and stays this child's.
    assert edit(base={"short_name": base, "version": 1})["base"]["version"] == 1
    assert rows() == before
    # Named without a version it is whichever is usable now.
    assert edit(base={"short_name": base})["base"] == {"short_name": base, "version": 2}
    refusal = carol.patch(f"/environments/{child}", {"base": {"short_name": base, "version": 1}}).refused(422)
    assert "take version 2" in refusal["errors"][0]["message"]
    assert edit(base={"short_name": base, "version": 2})["base"]["version"] == 2

    for body in ({"base": None}, {"base": None, "python_version": ""}):
        refusal = carol.patch(f"/environments/{child}", body).refused(422, "invalid")
        assert [e["field"] for e in refusal["errors"]] == ["python_version"]
    refusal = carol.patch(f"/environments/{child}", {"python_version": minor}).refused(422, "invalid")
    assert "the base brings its own Python" in refusal["message"]
    freed = edit(base=None, python_version=minor)
    assert (freed["base"], freed["python_version"]) == (None, minor)
    # And back: the Python that was typed gives way.
    based = edit(base={"short_name": base})
    assert (based["base"], based["python_version"]) == ({"short_name": base, "version": 2}, None)
    assert boss.show(base)["actions"]["unpublish"]["reason"] == "It is the base of 1 environment."
    edit(base=None, python_version=minor)
    assert boss.show(base)["actions"]["unpublish"]["allowed"]


def test_a_base_that_can_not_be_built_on_is_refused(
    alice: Rest, boss: Rest, carol: Rest, publish: Publish, fresh_name: Name, minor: str, rows: Rows
) -> None:
    private, published = fresh_name(), publish()
    alice.make(private, python_version=minor)
    child = fresh_name()
    before = rows()

    def refused(person: Rest, base: Any, status: int, code: str) -> dict[str, Any]:
        body = {"short_name": child, "full_name": "Child", "base": base}
        return person.post("/environments", body).refused(status, code)

    # Another's unpublished one: to the letter as if it did not exist.
    hidden = carol.post("/environments", _body(child, private))
    absent = carol.post("/environments", _body(child, "nope"))
    assert (hidden.status, hidden.text.replace(private, "nope")) == (absent.status, absent.text)
    assert hidden.refused(422, "invalid")["errors"][0]["field"] == "base"
    # An administrator sees it, and may not use it either.
    assert refused(boss, {"short_name": private}, 409, "conflict")["message"] == "It is not published."
    # Other versions than the usable one.
    for version in (2, 99):
        assert (
            "take version 1" in refused(carol, {"short_name": published, "version": version}, 422, "invalid")["message"]
        )
    for base, field in (
        ({}, "base"),
        ({"short_name": 5}, "base"),
        ("mlenv", "base"),
        ({"short_name": published, "version": 0}, "base"),
        ({"short_name": published, "version": "1"}, "base"),
        ({"short_name": published, "digest": "0"}, "base"),
        ({"short_name": "x" * 101}, "base"),
    ):
        assert refused(carol, base, 422, "invalid")["errors"][0]["field"] == field
    # The other faults of a form are told beside it.
    refusal = carol.post(
        "/environments", {**_body("toolong", "nope"), "full_name": "", "pip_requirements": ["-x"]}
    ).refused(422, "invalid")
    assert {e["field"] for e in refusal["errors"]} == {"short_name", "full_name", "pip_requirements", "base"}
    assert rows() == before


def test_nothing_is_its_own_base(alice: Rest, fresh_name: Name, minor: str, rows: Rows) -> None:
    name = fresh_name()
    alice.make(name, python_version=minor)
    before = rows()
    refusal = alice.patch(f"/environments/{name}", {"base": {"short_name": name}}).refused(422, "invalid")
    assert "can't be its own base" in refusal["message"]
    assert rows() == before


def test_a_base_that_is_being_built_waits(alice: Rest, carol: Rest, publish: Publish, fresh_name: Name) -> None:
    base = publish(conda_requirements=["tiny-010=1.1"])
    alice.post(f"/environments/{base}/build", {"from_scratch": True}).ok(202)
    refusal = alice.post("/environments", _body(fresh_name(), base)).refused(409, "conflict")
    assert "in progress" in refusal["message"]
    # Others build on what is published.
    assert _on(carol, fresh_name(), base)["base"]["version"] == 1
    alice.post(f"/environments/{base}/cancel", {}).ok(202)
    alice.wait(base)


def test_an_own_draft_is_a_base(alice: Rest, carol: Rest, boss: Rest, fresh_name: Name, minor: str) -> None:
    base, child, grandchild = fresh_name(), fresh_name(), fresh_name()
    alice.make(base, python_version=minor, conda_requirements=["tiny-011=1.1"])
    _on(alice, child, base, conda_requirements=["tiny-012=1.2"])
    alice.succeed(child)
    boss.approve(alice.submit(child))
    # What is published of the child shows the name of its base, which others can't see, and no more.
    assert carol.show(child)["base"] == {"short_name": base, "version": 1}
    carol.get(f"/environments/{base}").refused(404)
    _on(carol, grandchild, child, conda_requirements=["tiny-013=1.3"])
    carol.succeed(grandchild)
    packages = _packages(carol, grandchild)
    found = {n: (p["version"], p["origin"]) for n, p in packages.items() if n.startswith("tiny-")}
    assert found == {
        "tiny-011": ("1.1", "base"),
        "tiny-012": ("1.2", "base"),
        "tiny-013": ("1.3", "requested"),
    }


def test_a_revert_brings_back_the_base_of_its_version(
    carol: Rest, publish: Publish, fresh_name: Name, minor: str
) -> None:
    base, child = publish(conda_requirements=["tiny-014=1.1"]), fresh_name()
    _on(carol, child, base)
    carol.succeed(child)
    carol.succeed(child, base=None, python_version=minor)
    carol.post(f"/environments/{child}/revert", {"version": 1}).ok(202)
    assert carol.wait(child)["outcome"] == "succeeded"
    shown = carol.show(child)
    assert (shown["base"], shown["python_version"]) == ({"short_name": base, "version": 1}, None)
    versions = [carol.get(f"/environments/{child}/versions/{n}").ok() for n in (1, 3)]
    assert versions[0]["digest"] == versions[1]["digest"]
    assert versions[0]["packages"] == versions[1]["packages"]
    assert versions[1]["reverted_from"] == 1


def test_a_preview_of_what_is_not_saved_says_what_it_adds_to_its_base(carol: Rest, publish: Publish) -> None:
    base = publish(conda_requirements=["tiny-002=1.2"])
    wanted = {"base": {"short_name": base}, "conda_requirements": ["tiny-003=1.3"]}
    preview = carol.post("/preview", wanted).ok()
    assert [(p["name"], p["version"], p["origin"]) for p in preview["diff"]["added"]] == [
        ("tiny-003", "1.3", "requested")
    ]
    assert "tiny-002" in {p["name"] for p in preview["diff"]["unchanged"]}
    assert preview["diff"]["removed"] == preview["diff"]["changed"] == []
    carol.post("/preview", {"base": {"short_name": "nope"}}).refused(422, "invalid")
    carol.post("/preview", {**wanted, "python_version": "3.11"}).refused(422, "invalid")
