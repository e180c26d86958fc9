"""A real database for each test, of both kinds: nothing of the store may hold on one of them alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_dataflow_envs.store.database import Database
from tests.postgresql import PostgreSQL
from tests.store.rows import prepared

KINDS = ("sqlite", "postgresql")


@contextmanager
def _on_postgresql(server: PostgreSQL) -> Iterator[Database]:
    url = server.create_database(prepared=True)
    database = Database(url)
    yield database
    database.close()
    server.drop_database(url)


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """For what is SQLite's own: prepared and empty."""
    database = prepared(tmp_path)
    yield database
    database.close()


@pytest.fixture
def postgresql_database(postgresql: PostgreSQL) -> Iterator[Database]:
    """For what is PostgreSQL's own: prepared and empty."""
    with _on_postgresql(postgresql) as database:
        yield database


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Database:
    """Prepared and empty, of either kind."""
    made: Database = request.getfixturevalue(f"{request.param}_database")
    return made


@pytest.fixture(scope="module", params=KINDS)
def shared_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """For properties, which empty it between examples; of either kind."""
    if request.param == "sqlite":
        database = prepared(tmp_path_factory.mktemp("shared"))
        yield database
        database.close()
    else:
        with _on_postgresql(request.getfixturevalue("postgresql")) as database:
            yield database
