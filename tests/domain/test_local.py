"""Names, drift and what can be done with Local environments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from jupyter_dataflow_envs.domain.errors import InvalidSpec
from jupyter_dataflow_envs.domain.local import (
    NAME_LIMIT,
    FoundKernel,
    InstalledPackage,
    Kind,
    LocalEnvironment,
    LocalStatus,
    actions,
    check_local_name,
    drift,
    free_name,
)

OURS = FoundKernel("local-mine", "Local · mine", True)
THEIRS = FoundKernel("torch", "Torch", False)
ACTIONS = ("register_kernel", "install_ipykernel", "remove_kernel", "copy_to_dataflow", "delete", "cancel")

names = st.from_regex(r"[a-z][a-z0-9_-]{0,39}", fullmatch=True).filter(
    lambda n: n not in ("base", "root", "local", "none") and not n.startswith("found-")
)
packages = st.lists(
    st.builds(
        InstalledPackage,
        st.sampled_from(("conda", "pip")),
        st.sampled_from(("numpy", "scipy", "Py_YAML")),
        st.sampled_from(("1.0", "2.0", "9e")),
    ),
    unique_by=lambda p: p.name,
)


def environment(**more: Any) -> LocalEnvironment:
    facts: dict[str, Any] = {
        "id": "mine",
        "name": "mine",
        "kind": Kind.MADE,
        "prefix": Path("/home/alice/mine"),
        "python_version": "3.11.7",
        "packages": 12,
        "has_ipykernel": True,
        "kernel": None,
        "status": LocalStatus.READY,
        "work": None,
        "reason": None,
        "phase": None,
        "progress": None,
        "copied_from": None,
        "requested": None,
        "found_by": (),
        "has_log": True,
        "created_at": None,
    }
    return LocalEnvironment(**{**facts, **more})


@given(names)
def test_a_name_is_kept(name: str) -> None:
    assert check_local_name(f" {name.upper()} ") == name


@pytest.mark.parametrize(
    "name",
    ["", " ", "1st", "-a", "_a", "a.b", "a/b", "..", "ä", "a b", "K" * 41, "\u212aelvin", "base", "Local", "found-x"],
)
def test_a_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        check_local_name(name)
    assert refused.value.errors[0].field == "name"


@given(names, st.sets(names, max_size=5), st.integers(0, 30))
def test_a_free_name_is_free_and_a_name(name: str, others: set[str], count: int) -> None:
    taken = set(others)
    for _ in range(count):
        found = free_name(name, taken)
        assert found not in taken
        assert check_local_name(found) == found
        assert len(found) <= NAME_LIMIT
        taken.add(found)
    assert free_name(name, ()) == name


@given(packages, packages)
def test_drift_accounts_for_every_package(before: list[InstalledPackage], now: list[InstalledPackage]) -> None:
    found = drift(before, now)
    left, right = {p.name for p in before}, {p.name for p in now}
    assert {p.name for p in found.added} == right - left
    assert {p.name for p in found.removed} == left - right
    assert len(found.changed) + found.unchanged == len(left & right)
    assert all(c.left != c.right for c in found.changed)
    assert drift(before, before).unchanged == len(before)


def test_drift_says_up_and_down_and_who_brought_it() -> None:
    before = [InstalledPackage("conda", "numpy", "1.26.4", "py0"), InstalledPackage("conda", "scipy", "1.10")]
    now = [InstalledPackage("pip", "numpy", "2.0"), InstalledPackage("conda", "scipy", "1.9")]
    changed = drift(before, now).changed
    assert [(c.right.name, c.direction, c.left.manager, c.right.manager) for c in changed] == [
        ("numpy", "up", "conda", "pip"),
        ("scipy", "down", "conda", "conda"),
    ]


@pytest.mark.parametrize(
    ("facts", "running", "allowed"),
    [
        ({}, False, {"register_kernel", "copy_to_dataflow", "delete"}),
        ({}, True, {"register_kernel", "copy_to_dataflow"}),
        ({"kernel": OURS}, False, {"remove_kernel", "copy_to_dataflow", "delete"}),
        ({"has_ipykernel": False}, False, {"install_ipykernel", "copy_to_dataflow", "delete"}),
        ({"status": LocalStatus.IN_PROGRESS}, False, {"cancel"}),
        ({"status": LocalStatus.FAILED, "reason": "no room"}, False, {"delete"}),
        ({"kind": Kind.VENV}, False, {"register_kernel", "copy_to_dataflow"}),
        ({"kind": Kind.CONDA, "kernel": THEIRS}, False, {"copy_to_dataflow"}),
        ({"kind": Kind.CONDA, "kernel": OURS}, False, {"remove_kernel", "copy_to_dataflow"}),
        ({"kind": Kind.VENV, "status": LocalStatus.BROKEN, "reason": "gone"}, False, set()),
        ({"kind": Kind.VENV, "status": LocalStatus.BROKEN, "kernel": OURS}, False, {"remove_kernel"}),
    ],
)
def test_what_can_be_done(facts: dict[str, Any], running: bool, allowed: set[str]) -> None:
    decided = actions(environment(**facts), running=running)
    assert tuple(decided) == ACTIONS
    assert {name for name, decision in decided.items() if decision.allowed} == allowed
    assert all(d.allowed == (d.reason is None) for d in decided.values())
