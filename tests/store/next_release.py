"""A later release of this package: its `store`, copied, with one more migration. Runs in processes of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupyter_dataflow_envs
from jupyter_dataflow_envs.store.tables import SCHEMA_VERSION

NEXT = f"{int(SCHEMA_VERSION) + 1:04d}"

# What most migrations of SQLite's tables come to: the table is made anew, while other tables refer to it.
_MIGRATION = f'''
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{SCHEMA_VERSION}"


def upgrade():
    with op.batch_alter_table("environments", recreate="always") as table:
        table.add_column(sa.Column("favourite", sa.Boolean(), nullable=False, server_default=sa.false()))
'''

FAILING = """
    op.execute("INSERT INTO no_such_table VALUES (1)")
"""

ORPHANING = """
    op.execute("DELETE FROM environments")
"""

PREPARE = """
import sys
from pathlib import Path
from jupyter_dataflow_envs.store.database import Database, SchemaUnusable
database = Database(sys.argv[1])
try:
    database.prepare(backups=Path(sys.argv[2]), may_migrate=sys.argv[3] == "coordinator", creator="ann")
except SchemaUnusable as refused:
    sys.exit(refused.message)
print(database.schema_version())
"""


class NextRelease:
    """Installed in `folder`; `more` is appended to its migration."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self._path = folder
        here = Path(jupyter_dataflow_envs.__file__).parent
        package = folder / here.name
        for part in ("domain", "store"):
            shutil.copytree(here / part, package / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(here / "__init__.py", package)
        tables = package / "store" / "tables.py"
        before = tables.read_text()
        tables.write_text(before.replace(f'SCHEMA_VERSION = "{SCHEMA_VERSION}"', f'SCHEMA_VERSION = "{NEXT}"'))
        assert tables.read_text() != before
        (package / "store" / "migrations" / "versions" / f"{NEXT}_favourites.py").write_text(_MIGRATION + more)

    def prepare(self, url: str, backups: Path, *, coordinator: bool = True) -> subprocess.CompletedProcess[str]:
        """`Database.prepare` by that release: prints the schema's version, or exits with why it refused."""
        return subprocess.run(
            [sys.executable, "-c", PREPARE, url, str(backups), "coordinator" if coordinator else "second"],
            env={**os.environ, "PYTHONPATH": str(self._path)},
            cwd=self._path,
            capture_output=True,
            text=True,
            check=False,
        )
