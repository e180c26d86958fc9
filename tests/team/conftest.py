"""One team for all tests of a process: starting it takes half a minute."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.handlers.rest import Rest

from .site import Site, team_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("accounts of their own for people's servers can be made by root on Linux only")
    with team_site() as site:
        yield site


@pytest.fixture(scope="session")
def alices(site: Site) -> Rest:
    """Alice's Jupyter server, asked by alice."""
    return site.start_server("alice")


@pytest.fixture(scope="session")
def bobs(site: Site) -> Rest:
    return site.start_server("bob")


@pytest.fixture(scope="session")
def bosses(site: Site) -> Rest:
    return site.start_server("boss")


@pytest.fixture(scope="session")
def decider(site: Site) -> Rest:
    """The service, asked by an administrator who may decide."""
    return site.decider()
