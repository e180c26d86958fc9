"""What a deployment allows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy, Violation
from tests.domain.texts import ODD_VERSIONS, package

DENIED = Policy(
    denied_packages=(
        DeniedPackage("left-pad", "", "abandoned"),
        DeniedPackage("OpenSSL", "<3.0.8", "known holes"),
    )
)


@pytest.mark.parametrize(
    ("name", "version", "reason"),
    [
        ("left-pad", "1.0", "abandoned"),
        ("Left_Pad", "99", "abandoned"),
        ("openssl", "3.0.7", "known holes"),
        ("openssl", "3.0.8rc1", None),  # PEP 440: "<3.0.8" does not mean its own pre-releases
        ("openssl", "3.0.7rc1", "known holes"),
        ("openssl", "3.0.8", None),
        ("openssl", "1.1.1w", "known holes"),  # no version of PyPI's: what can't be compared is denied
        ("openssl", "3.x", "known holes"),
        ("pyopenssl", "1.0", None),
    ],
)
@pytest.mark.parametrize("manager", ["conda", "pip"])
def test_denied_packages(name: str, version: str, reason: str | None, manager: str) -> None:
    found = DENIED.check_resolved([package(name, version, manager=manager)], complete=True)
    assert found == ([Violation(name, version, "denied_packages", reason)] if reason else [])


@given(ODD_VERSIONS)
def test_a_package_denied_in_every_version_has_no_version_to_escape_with(version: str) -> None:
    assert DENIED.check_resolved([package("left-pad", version)], complete=False)


@given(ODD_VERSIONS)
def test_a_rule_that_cannot_be_read_denies(version: str) -> None:
    policy = Policy(denied_packages=(DeniedPackage("numpy", "about 2", "odd"),))
    assert policy.check_resolved([package("numpy", version)], complete=False)


def test_only_what_is_denied_altogether_is_refused_before_solving() -> None:
    assert DENIED.check_requested(["numpy", "LEFT.pad", "openssl"]) == [
        Violation("left-pad", "", "denied_packages", "abandoned")
    ]


def test_channels_are_conda_packages_alone() -> None:
    policy = Policy(channels=("inner",))
    held = [
        package("a", channel="inner"),
        package("b", "2", channel="outer"),
        package("c", manager="pip", channel=""),
        package("d", "1", channel=""),
    ]
    assert policy.check_resolved(held, complete=True) == [
        Violation("b", "2", "channels", "channel outer is not allowed"),
        Violation("d", "1", "channels", "its channel is not known"),
    ]
    assert Policy().check_resolved(held, complete=True) == []


def test_indexes_are_pip_packages_alone() -> None:
    policy = Policy(indexes=("https://index.invalid/simple/",))
    held = [
        package("a", manager="pip", channel="https://index.invalid/simple"),
        package("b", "2", manager="pip", channel="https://outer.invalid/simple"),
        package("c", "3", manager="pip", channel=""),
        package("d", channel="outer"),
    ]
    assert policy.check_resolved(held, complete=True) == [
        Violation("b", "2", "indexes", "index https://outer.invalid/simple is not allowed"),
        Violation("c", "3", "indexes", "its index is not known"),
    ]
    assert Policy().check_resolved(held, complete=True) == []


def test_a_place_is_the_same_with_and_without_its_last_slash() -> None:
    policy = Policy(channels=("file:///srv/channel",), indexes=("https://index.invalid/simple",))
    held = [
        package("a", channel="file:///srv/channel/"),
        package("b", manager="pip", channel="https://index.invalid/simple/"),
    ]
    assert policy.check_resolved(held, complete=True) == []


@pytest.mark.parametrize("complete", [False, True])
def test_the_python_that_was_resolved_is_checked_too(complete: bool) -> None:
    policy = Policy(python_versions=("3.10", "3.11.7"))
    for allowed in ("3.10.2", "3.11.7"):
        assert policy.check_resolved([package("python", allowed)], complete=complete) == []
    assert policy.check_resolved([package("python", "3.11.8")], complete=complete) == [
        Violation("python", "3.11.8", "python_versions", "this deployment offers Python 3.10, 3.11.7")
    ]
    assert policy.check_resolved([package("python", "3.11.8", manager="pip")], complete=complete) == []
    assert policy.check_resolved([package("python-dateutil", "3.11.8")], complete=complete) == []


def test_required_packages_are_missed_only_when_all_is_there() -> None:
    policy = Policy(required_packages=("Audit_Hook", "numpy"))
    held = [package("numpy")]
    assert policy.check_resolved(held, complete=False) == []
    (violation,) = policy.check_resolved(held, complete=True)
    assert (violation.package, violation.rule) == ("Audit_Hook", "required_packages")
    assert policy.check_resolved([*held, package("audit-hook", manager="pip")], complete=True) == []


@pytest.mark.parametrize(
    ("offered", "asked", "allowed"),
    [
        ((), "3.7", True),
        (("3.11",), "3.11", True),
        (("3.11",), "3.11.7", True),
        (("3.11",), "3.1", False),
        (("3.1",), "3.11", False),
        (("3.11.7",), "3.11.7", True),
        (("3.11.7",), "3.11.8", False),
        (("3.10", "3.12"), "3.11", False),
        (("3.10", "3.12"), "3.12.1", True),
    ],
)
def test_python_versions(offered: tuple[str, ...], asked: str, allowed: bool) -> None:
    found = Policy(python_versions=offered).check_python(asked)
    assert (found == []) is allowed
    if not allowed:
        assert found[0].reason == f"this deployment offers Python {', '.join(offered)}"


def test_a_violation_reads_as_a_line() -> None:
    assert (
        str(Violation("openssl", "3.0.7", "denied_packages", "known holes"))
        == "openssl 3.0.7: known holes (rule: denied_packages)"
    )
    assert str(Violation("left-pad", "", "denied_packages", "see : the list")) == (
        "left-pad: see : the list (rule: denied_packages)"
    )


WORDS = st.lists(st.text(max_size=8), max_size=3).map(tuple)
POLICIES = st.builds(
    Policy,
    channels=WORDS,
    indexes=WORDS,
    denied_packages=st.lists(st.builds(DeniedPackage, st.text(), st.text(), st.text()), max_size=3).map(tuple),
    required_packages=WORDS,
    python_versions=WORDS,
    max_environments=st.none() | st.integers(0, 10_000),
    max_versions=st.none() | st.integers(1, 100),
    max_bytes=st.none() | st.integers(0, 10**15),
)


@given(POLICIES)
def test_json_keeps_everything(policy: Policy) -> None:
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_a_policy_that_was_kept_before_there_were_indexes_and_quotas_is_read() -> None:
    kept = {
        "channels": ["inner"],
        "denied_packages": [{"name": "left-pad", "specifier": "", "reason": "abandoned"}],
        "required_packages": ["numpy"],
        "python_versions": ["3.11"],
        "max_environments": 5,
    }
    assert Policy.from_json(kept) == Policy(
        channels=("inner",),
        denied_packages=(DeniedPackage("left-pad", "", "abandoned"),),
        required_packages=("numpy",),
        python_versions=("3.11",),
        max_environments=5,
    )
