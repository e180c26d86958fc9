"""A real SQLite file for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.store.database import Database
from tests.store.rows import prepared


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Prepared and empty."""
    database = prepared(tmp_path)
    yield database
    database.close()


@pytest.fixture(scope="module")
def shared_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """For properties, which empty it between examples."""
    database = prepared(tmp_path_factory.mktemp("shared"))
    yield database
    database.close()
