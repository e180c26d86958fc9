"""The service runs on both kinds of database: each test once on SQLite, once on PostgreSQL.

Not so those of `ONCE`, whose builds take long, or which are about folders: they prove nothing of the database that the
others don't; and those marked `sqlite`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.deployments import on_postgresql

ONCE = ("test_diagnosis", "test_images", "test_local", "test_local_found", "test_versions")
"""Modules whose tests run on SQLite alone."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    once = metafunc.module.__name__.rpartition(".")[2] in ONCE or metafunc.definition.get_closest_marker("sqlite")
    kinds = ["sqlite"] if once else ["sqlite", "postgresql"]
    metafunc.parametrize("database_kind", kinds, indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def database_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Fixtures of a module that open a deployment ask for it, so that they open another one for the other kind."""
    if request.param == "sqlite":
        yield request.param
        return
    with on_postgresql(request.getfixturevalue("postgresql")):
        yield request.param
