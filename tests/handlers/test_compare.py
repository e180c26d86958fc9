"""Any two versions that one may see, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.rest import Rest

Name = Callable[[], str]
Publish = Callable[..., str]


@pytest.fixture(scope="module")
def versions(alice: Rest, publish: Publish) -> str:
    """Version 1 is published, 2 differs from it, 3 failed."""
    name = publish(
        conda_requirements=["tiny-000=1.5", "tiny-001=1.5", "tiny-002"], pip_requirements=["tinywheel-04==1.4"]
    )
    alice.succeed(
        name, conda_requirements=["tiny-000=1.6", "tiny-001=1.4", "tiny-003"], pip_requirements=["tinywheel-04==1.5"]
    )
    alice.fail(name)
    return name


def _compared(person: Rest, left: str, right: str) -> dict[str, Any]:
    answer: dict[str, Any] = person.get(f"/compare?left={left}&right={right}").ok()
    return answer


def test_what_is_added_removed_and_changed(alice: Rest, versions: str) -> None:
    compared = _compared(alice, f"{versions}@1", f"{versions}@2")
    facts = [alice.get(f"/environments/{versions}/versions/{n}").ok() for n in (1, 2)]
    for side, version in zip(("left", "right"), facts, strict=True):
        assert compared[side] == {
            "short_name": versions,
            "version": version["number"],
            "digest": version["digest"],
            "python": version["python"],
        }
    assert [(p["name"], p["origin"], p["requested"]) for p in compared["added"]] == [
        ("tiny-003", "requested", "tiny-003")
    ]
    assert [(p["name"], p["origin"], p["requested"]) for p in compared["removed"]] == [
        ("tiny-002", "requested", "tiny-002")
    ]
    changed = {c["name"]: (c["manager"], c["left"], c["right"], c["direction"]) for c in compared["changed"]}
    assert changed == {
        "tiny-000": ("conda", "1.5", "1.6", "up"),
        "tiny-001": ("conda", "1.5", "1.4", "down"),
        "tinywheel-04": ("pip", "1.4", "1.5", "up"),
    }
    unchanged = {p["name"] for p in compared["unchanged"]}
    names = [{p["name"] for p in version["packages"]} for version in facts]
    assert unchanged == names[0] & names[1] - changed.keys()
    assert {"python", "ipykernel"} <= unchanged


def test_the_other_way_round_it_is_the_other_way_round(alice: Rest, versions: str) -> None:
    there = _compared(alice, f"{versions}@1", f"{versions}@2")
    back = _compared(alice, f"{versions}@2", f"{versions}@1")
    assert (back["left"], back["right"]) == (there["right"], there["left"])
    assert (back["added"], back["removed"]) == (there["removed"], there["added"])
    turned = {"up": "down", "down": "up", "rebuilt": "rebuilt"}
    assert back["changed"] == [
        {**c, "left": c["right"], "right": c["left"], "direction": turned[c["direction"]]} for c in there["changed"]
    ]


def test_with_itself_nothing_differs(alice: Rest, versions: str) -> None:
    compared = _compared(alice, f"{versions}@2", f"{versions.upper()}@2")
    assert (compared["added"], compared["removed"], compared["changed"]) == ([], [], [])
    packages = alice.get(f"/environments/{versions}/versions/2").ok()["packages"]
    assert len(compared["unchanged"]) == len(packages)


def test_without_a_number_it_is_what_one_can_use(alice: Rest, boss: Rest, carol: Rest, versions: str) -> None:
    for person, number in ((alice, 2), (boss, 1), (carol, 1)):
        compared = _compared(person, versions, f"{versions}@1")
        assert (compared["left"]["version"], compared["right"]["version"]) == (number, 1)


def test_across_environments(alice: Rest, carol: Rest, built: str, versions: str, fresh_name: Name, minor: str) -> None:
    compared = _compared(alice, f"{built}@1", versions)
    assert (compared["left"]["short_name"], compared["right"]["short_name"]) == (built, versions)
    mine = fresh_name()
    carol.make(mine, python_version=minor, conda_requirements=["tiny-000=1.5"])
    assert "tiny-001" in {p["name"] for p in _compared(carol, mine, versions)["added"]}


def test_what_one_may_not_see_is_not_compared(alice: Rest, boss: Rest, carol: Rest, built: str, versions: str) -> None:
    for hidden, absent in ((built, "nope"), (f"{built}@1", "nope@1")):
        for path in ("/compare?left={}&right=" + versions, "/compare?left=" + versions + "&right={}"):
            refused, unknown = carol.get(path.format(hidden)), carol.get(path.format(absent))
            refused.refused(404, "not_found")
            assert refused.text.replace(built, "nope") == unknown.text
    # The owner's next version is no more there for others than one that was never made.
    later, never = (carol.get(f"/compare?left={versions}@1&right={versions}@{n}") for n in (2, 9))
    later.refused(404, "not_found")
    assert later.text.replace("2", "9") == never.text.replace("2", "9")
    _compared(boss, f"{versions}@2", f"{built}@1")


def test_what_was_not_built_can_not_be_compared(alice: Rest, versions: str, fresh_name: Name) -> None:
    for path in (f"left={versions}@3&right={versions}@1", f"left={versions}@1&right={versions}@3"):
        assert "was not built" in alice.get(f"/compare?{path}").refused(409, "conflict")["message"]
    saved = fresh_name()
    alice.create(saved)
    assert "no version that you can use" in alice.get(f"/compare?left={saved}&right={versions}").refused(409)["message"]
    alice.get(f"/compare?left={saved}@1&right={versions}").refused(404, "not_found")
    alice.get(f"/compare?left={versions}@99&right={versions}").refused(404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "left=built",
        "right=built",
        "left=&right=built",
        "left=built&right=",
        "left=built@&right=built",
        "left=built@x&right=built",
        "left=built@-1&right=built",
        "left=built@1.0&right=built",
        "left=built@1@2&right=built",
        "left=@1&right=built",
        "left=built@9999999999&right=built",
        "left=built@%D9%A1&right=built",
        "left=" + "x" * 41 + "&right=built",
        "left=%ff&right=built",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(alice: Rest, built: str, query: str) -> None:
    alice.get(f"/compare?{query}").refused(400, "malformed")
