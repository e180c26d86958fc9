"""One PostgreSQL server for a run of the tests: it is up in half a second, and each test makes databases on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgresql import PostgreSQL, postgresql_server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Not to be stopped: tests that do so start one of their own."""
    with postgresql_server() as server:
        yield server
