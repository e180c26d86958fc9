"""Which prefixes are images as well, and by which bytes an image is known."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

from jupyter_dataflow_envs.store.columns import Name

revision = "0004"
down_revision = "0003"

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def upgrade() -> None:
    # SQLite's table is made anew, so that it reads as that of a fresh database does.
    anew: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("prefixes", recreate=anew, naming_convention=NAMES) as table:
        table.add_column(sa.Column("image_digest", Name(64)))
        table.add_column(sa.Column("image_size", sa.BigInteger))
