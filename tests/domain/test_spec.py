"""What a person asks for, as JSON and as a digest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.spec import Base, EnvironmentSpec

BASE = Base("e" * 32, "mlenv", 3, "d" * 64)


@pytest.mark.parametrize(
    ("spec", "digest"),
    [
        (
            EnvironmentSpec("3.11", ("pandas>=2", "numpy"), ("rich",)),
            "e4eb2cf396c60473d6e71f8a1205aa4d4441d11d71d76b81c3ab3c459e9ddba7",
        ),
        (EnvironmentSpec("3.12.1"), "6716ce2dd3305028a65fa3a621597dcc3cf21b03f7cf9c56c3fc7ef25889d17d"),
    ],
)
def test_the_digest_without_a_base_is_what_databases_hold(spec: EnvironmentSpec, digest: str) -> None:
    """Another one would make every environment that is there look modified."""
    assert spec.digest == digest
    assert "base" not in spec.to_json()


def test_the_digest_tells_one_base_from_another() -> None:
    spec = EnvironmentSpec("", ("pandas",), base=BASE)
    others = [
        replace(spec, base=None),
        replace(spec, base=replace(BASE, environment_id="f" * 32)),
        replace(spec, base=replace(BASE, version=4)),
        replace(spec, base=replace(BASE, digest="c" * 64)),
    ]
    assert len({s.digest for s in (spec, *others)}) == 5


def test_the_base_is_kept_whole() -> None:
    kept = EnvironmentSpec("", base=BASE).to_json()
    assert kept["base"] == {
        "environment_id": "e" * 32,
        "short_name": "mlenv",
        "version": 3,
        "digest": "d" * 64,
    }
    assert EnvironmentSpec.from_json({**kept, "base": None}).base is None
    assert BASE.title == "mlenv version 3"


LINES = st.lists(st.sampled_from(["pandas", "pandas=2", "rich", ""]), max_size=3).map(tuple)
BASES = st.none() | st.builds(
    Base, st.sampled_from(["a", "b"]), st.sampled_from(["mlenv", "geo"]), st.integers(1, 3), st.sampled_from(["d", "e"])
)
SPECS = st.builds(EnvironmentSpec, st.sampled_from(["", "3.11", "3.12"]), LINES, LINES, BASES)


@given(SPECS, SPECS)
def test_digests_of_specs_are_equal_just_when_the_specs_are(a: EnvironmentSpec, b: EnvironmentSpec) -> None:
    assert (a.digest == b.digest) == (a == b)
    assert EnvironmentSpec.from_json(json.loads(json.dumps(a.to_json()))) == a
