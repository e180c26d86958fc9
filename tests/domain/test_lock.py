"""Digest, sharing key and differences of locks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage, diff
from tests.domain.texts import ODD_VERSIONS, lock, package, packages

IDENTIFYING = {
    "manager": "pip",
    "name": "other",
    "version": "9",
    "build": "9",
    "platform": "noarch",
    "sha256": "f" * 64,
}
TELLING: dict[str, Any] = {
    "url": "https://elsewhere.invalid/x",
    "md5": "0" * 32,
    "size": 7,
    "channel": "elsewhere",
    "license": "MIT",
    "depends": ("zlib",),
    "constrains": ("zlib<2",),
    "source_build": True,
}


def test_every_field_either_identifies_or_tells() -> None:
    assert {f.name for f in fields(LockedPackage)} == {*IDENTIFYING, *TELLING}


@pytest.mark.parametrize("field", IDENTIFYING)
def test_digest_changes_with_what_identifies_a_package(field: str) -> None:
    changed = replace(package(), **{field: IDENTIFYING[field]})  # type: ignore[arg-type]
    assert lock([changed]).digest != lock([package()]).digest


@pytest.mark.parametrize("field", TELLING)
def test_digest_does_not_change_with_where_a_package_came_from(field: str) -> None:
    assert lock([replace(package(), **{field: TELLING[field]})]).digest == lock([package()]).digest


def test_digest_is_the_one_of_the_rules() -> None:
    rows = [
        ["conda", "numpy", "1.26.4", "py311_0", "linux-64", "0" * 64],
        ["pip", "rich", "13.7", "", "linux-64", "1" * 64],
    ]
    text = json.dumps(rows, separators=(",", ":"))
    held = lock([package("rich", "13.7", manager="pip", build="", sha256="1" * 64), package()])
    assert held.digest == hashlib.sha256(text.encode()).hexdigest()


@given(packages(), st.randoms(use_true_random=False))
def test_digest_does_not_depend_on_the_order(held: list[LockedPackage], random: Any) -> None:
    shuffled = random.sample(held, len(held))
    assert lock(shuffled).digest == lock(held).digest
    assert lock(shuffled).prefix_key(run_link_scripts=False) == lock(held).prefix_key(run_link_scripts=False)


@given(packages())
def test_json_keeps_everything(held: list[LockedPackage]) -> None:
    told = [replace(p, depends=("a >=1", "b"), constrains=("c",), size=3, license="MIT") for p in held]
    assert Lock.from_json(json.loads(json.dumps(lock(told).to_json()))) == lock(told)


def test_a_prefix_is_shared_only_by_what_is_built_alike() -> None:
    held = lock([package()])
    key = held.prefix_key(run_link_scripts=False)
    assert key is not None
    others = [
        held.prefix_key(run_link_scripts=True),
        lock([package()], platform="osx-arm64").prefix_key(run_link_scripts=False),
        lock([package(version="2")]).prefix_key(run_link_scripts=False),
        lock([package(), package("zlib")]).prefix_key(run_link_scripts=False),
    ]
    assert len({key, *others}) == 5
    assert lock([package(url="https://mirror.invalid/x")]).prefix_key(run_link_scripts=False) == key


@pytest.mark.parametrize("changed", [{"source_build": True}, {"sha256": ""}])
def test_a_prefix_is_not_shared_when_its_content_is_not_certain(changed: dict[str, Any]) -> None:
    assert lock([package(), package("zlib", **changed)]).prefix_key(run_link_scripts=False) is None


def test_its_python_is_condas() -> None:
    assert lock([package("python", "3.11.7"), package()]).python == "3.11.7"
    assert lock([package("python", "3.11.7", manager="pip")]).python == ""


# --- differences ---------------------------------------------------------------------------------------------------


@given(packages())
def test_nothing_changes_on_the_way_to_itself(held: list[LockedPackage]) -> None:
    same = diff(held, reversed(held))
    assert (same.added, same.removed, same.changed) == ((), (), ())
    assert same.unchanged == tuple(sorted(held, key=lambda p: (p.name, p.manager)))


MIRRORED = {"up": "down", "down": "up", "rebuilt": "rebuilt"}


@given(packages(), packages())
def test_the_way_back_is_mirrored(left: list[LockedPackage], right: list[LockedPackage]) -> None:
    there, back = diff(left, right), diff(right, left)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert [(c.left, c.right, MIRRORED[c.direction]) for c in there.changed] == [
        (c.right, c.left, c.direction) for c in back.changed
    ]
    assert [p.identity for p in there.unchanged] == [p.identity for p in back.unchanged]


@given(packages(), packages())
def test_every_package_is_told_of_once(left: list[LockedPackage], right: list[LockedPackage]) -> None:
    found = diff(left, right)
    after = [*found.added, *(c.right for c in found.changed), *found.unchanged]
    before = [*found.removed, *(c.left for c in found.changed), *found.unchanged]
    assert sorted(p.identity for p in after) == sorted(p.identity for p in right)
    assert sorted(p.identity for p in before) == sorted(p.identity for p in left)
    for part in (found.added, found.removed, found.unchanged, [c.right for c in found.changed]):
        assert [(p.name, p.manager) for p in part] == sorted((p.name, p.manager) for p in part)


@pytest.mark.parametrize(
    ("left", "right", "direction"),
    [
        ("1.0", "1.1", "up"),
        ("1.9", "1.10", "up"),
        ("1.10", "1.9", "down"),
        ("2.0rc1", "2.0", "up"),
        ("2.0", "2.0.post1", "up"),
        ("1.0", "1.0.0", "rebuilt"),
        ("1!1.0", "2.0", "down"),
        ("9d", "9e", "up"),
        ("2024a", "2024b", "up"),
        ("2024b", "2025a", "up"),
        ("8u9", "8u10", "up"),
        ("1.1.1w", "1.1.1t", "down"),
    ],
)
def test_direction(left: str, right: str, direction: str) -> None:
    (change,) = diff([package(version=left, sha256="a")], [package(version=right, sha256="b")]).changed
    assert change.direction == direction


def test_the_same_version_from_another_file_is_rebuilt() -> None:
    for changed in ({"build": "py311_1"}, {"sha256": "f" * 64}):
        (change,) = diff([package()], [package(**changed)]).changed
        assert change.direction == "rebuilt"


def test_the_managers_are_told_apart() -> None:
    found = diff([package()], [package(manager="pip")])
    assert (len(found.added), len(found.removed)) == (1, 1)


@given(ODD_VERSIONS, ODD_VERSIONS, ODD_VERSIONS)
def test_any_version_can_be_compared_and_the_order_is_one(a: str, b: str, c: str) -> None:
    def direction(left: str, right: str) -> str:
        (change,) = diff([package(version=left, sha256="a")], [package(version=right, sha256="b")]).changed
        return change.direction

    assert direction(a, a) == "rebuilt"
    assert direction(a, b) == MIRRORED[direction(b, a)]
    if direction(a, b) != "down" and direction(b, c) != "down":
        assert direction(a, c) != "down"
