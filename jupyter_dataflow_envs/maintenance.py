"""What an administrator does to a deployment's database while no server runs, or beside one: upgrade, backup, restore.

The command line's; unlike its other commands these open the database themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .domain.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from .store.archive import Contents
    from .store.database import Database


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deployment is. `database_url` may hold a password."""

    database_url: str
    root: Path

    @property
    def shown(self) -> str:
        """The database as people may read it."""
        from .store.postgresql import shown

        with self._opened() as database:
            return shown(database.url)

    def upgrade(self) -> tuple[str, str]:
        """Bring the schema up to date, after a backup; its version before and after.

        Raises Conflict when there is no deployment, or when a server runs; SchemaUnusable when the schema is newer.
        """
        from .store.tables import SCHEMA_VERSION

        with self._opened(there=True) as database:
            before = database.schema_version()
            if before is None:
                raise Conflict("The database is empty: the service makes what it needs when it starts.")
            with self._alone(database):
                database.prepare(backups=self.root / "backups", may_migrate=True, creator="")
            return before, SCHEMA_VERSION

    def backup(self, file: Path) -> Contents:
        """Everything the database holds at this moment, in a file that either kind of database can be filled from."""
        from .store import archive

        with self._opened(there=True) as database:
            return archive.save(database, file)

    def restore(self, file: Path) -> Contents:
        """Fill an empty database. Raises Conflict when it is not empty, or when a server runs."""
        from .store import archive

        with self._opened() as database, self._alone(database):
            return archive.load(database, file)

    @contextmanager
    def _opened(self, *, there: bool = False) -> Iterator[Database]:
        from .store.database import Database
        from .store.postgresql import DatabaseAway

        try:
            with closing(Database(self.database_url)) as database:
                if there and database.file is not None and not database.file.exists():
                    raise Conflict(f"There is no database {database.file}: --root-dir names the deployment's folder.")
                yield database
        except DatabaseAway as error:
            # Here it is its administrator who reads it.
            raise Unavailable(f"The database can't be used: {error.reason}") from error

    @contextmanager
    def _alone(self, database: Database) -> Iterator[None]:
        """With the lock of the coordinator, so that none runs or starts meanwhile."""
        from .store.coordination import coordination_of
        from .store.root import Root

        root = Root(self.root)
        root.create()
        lock = coordination_of(database, root)
        if not lock.take():
            raise Conflict("A server of this deployment is running: stop all of them first.")
        try:
            yield
        finally:
            lock.release()


def place_of(database_url: str | None = None, root_dir: str | None = None) -> Place:
    """As Jupyter's configuration files say (`c.DataflowEnvsApp.database_url`, `.root_dir`), but for what is given."""
    from jupyter_server.serverapp import ServerApp
    from traitlets import TraitError
    from traitlets.config import Config
    from traitlets.config.loader import ConfigFileNotFound

    from .app import DataflowEnvsApp

    server = ServerApp()
    server.raise_config_file_errors = True
    try:
        server.load_config_file(suppress_errors=False)
    except ConfigFileNotFound:
        pass
    except Exception as error:
        raise Unavailable(f"Jupyter's configuration can't be read: {error}") from error
    given = {"database_url": database_url, "root_dir": root_dir}
    app = DataflowEnvsApp()
    try:
        app.update_config(server.config)
        app.load_config_file()
        app.update_config(Config(DataflowEnvsApp={name: value for name, value in given.items() if value}))
        return Place(app.database_url, Path(app.root_dir))
    except TraitError as error:
        raise Unavailable(f"Jupyter's configuration can't be used: {error}") from error
