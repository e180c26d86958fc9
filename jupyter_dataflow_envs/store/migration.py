"""Bringing an older schema up to date with Alembic, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

if TYPE_CHECKING:
    from .database import Database


def config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def is_known(revision: str) -> bool:
    """Whether this release has the migration that the database stands at."""
    try:
        return ScriptDirectory.from_config(config()).get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that are missing; all of them, or none when one fails."""
    with database.migrate() as connection:
        run(connection, revision)


def run(connection: Connection, revision: str = "head") -> None:
    """The same in a transaction that `Database.migrate` has begun."""
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)
