from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.site import Site, site_in


@pytest.fixture
def site(tmp_path: Path, channel: Path, wheelhouse: Path) -> Iterator[Site]:
    """A deployment of the test's own."""
    with site_in(tmp_path, channel, wheelhouse) as made:
        yield made
