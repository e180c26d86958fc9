"""Fixtures of the test channel; the top conftest imports them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channel.cache import cached_channel, cached_wheelhouse


@pytest.fixture(scope="session")
def channel() -> Path:
    """The folder of a real conda channel, made once per machine (see `tests/channel`)."""
    return cached_channel()


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """The folder of hand-made wheels that `tests.channel.index.index_server` serves."""
    return cached_wheelhouse()
