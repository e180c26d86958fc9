from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.site import Site, site_in


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, channel: Path, wheelhouse: Path) -> Iterator[Site]:
    """One deployment for a module's tests; no server of it runs yet."""
    with site_in(tmp_path_factory.mktemp("site"), channel, wheelhouse) as made:
        yield made


@pytest.fixture(autouse=True)
def healthy(site: Site) -> Iterator[None]:
    """Each test begins and ends with a channel and an index that work."""
    yield
    site.heal()
