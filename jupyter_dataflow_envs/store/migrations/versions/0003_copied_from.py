"""Which Local environment an environment was copied from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("environments", sa.Column("copied_from", sa.JSON()))
