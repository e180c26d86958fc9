"""Selectors and markers, for several platforms and Pythons."""

from __future__ import annotations

import pytest
from hypothesis import given
from packaging.markers import Marker

from jupyter_dataflow_envs.exchange.conditions import marker_holds, selector, selector_holds
from tests.domain.texts import ANY_TEXT


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("- pywin32  # [win]", "win"),
        ("- x # [py<39 and linux]  # why", "py<39 and linux"),
        ("- x  #[osx]", "osx"),
        ("- x#[osx]", None),
        ("- dask[complete]", None),
        ("- x  # see [1] there", None),
    ],
)
def test_selectors_are_found(line: str, found: str | None) -> None:
    assert selector(line) == found


@pytest.mark.parametrize(
    ("text", "platform", "python", "holds"),
    [
        ("win", "linux-64", "3.11", False),
        ("linux", "linux-64", "3.11", True),
        ("linux64", "linux-aarch64", "3.11", False),
        ("aarch64", "linux-aarch64", "3.11", True),
        ("osx and arm64", "osx-arm64", "3.11", True),
        ("unix and not osx", "osx-arm64", "3.11", False),
        ("py>=38", "linux-64", "3.11.7", True),
        ("py==27 or py36", "linux-64", "3.6", True),
        ("py2k", "linux-64", "3.11", False),
        ("(win or osx) and py3k", "linux-64", "3.11", False),
        ("linux-64", "linux-64", "3.11", True),
        ("osx-arm64", "linux-64", "3.11", False),
        ("see below", "linux-64", "3.11", None),
        ("1", "linux-64", "3.11", True),
        ("vc == 14", "linux-64", "3.11", None),
        ("__import__('os').system('true')", "linux-64", "3.11", None),
        ("9 ** 9 ** 9", "linux-64", "3.11", None),
    ],
)
def test_selectors(text: str, platform: str, python: str, holds: bool | None) -> None:
    assert selector_holds(text, platform, python) is holds


@given(text=ANY_TEXT)
def test_any_selector(text: str) -> None:
    assert selector_holds(text, "linux-64", "3.11") in (True, False, None)


@pytest.mark.parametrize(
    ("text", "platform", "python", "holds"),
    [
        ("python_version < '3.8'", "linux-64", "3.11", False),
        ("python_full_version >= '3.11.2'", "linux-64", "3.11.7", True),
        ("sys_platform == 'darwin' and platform_machine == 'arm64'", "osx-arm64", "3.11", True),
        ("platform_system != 'Windows'", "linux-64", "3.11", True),
        ("os_name == 'nt'", "linux-64", "3.11", False),
        ("implementation_name == 'cpython'", "linux-64", "3.11", True),
        ("extra == 'test'", "linux-64", "3.11", False),
        ("platform_release >= '6'", "linux-64", "3.11", False),
    ],
)
def test_markers(text: str, platform: str, python: str, holds: bool) -> None:
    assert marker_holds(Marker(text), platform, python) is holds
