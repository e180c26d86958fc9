"""Facts about the deployment as a whole: its id, its creator, its host, its policy, its coordinator."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from ..domain.policy import Policy
from .tables import deployment


def read(connection: Connection, key: str, default: Any = None) -> Any:
    row = connection.execute(select(deployment.c.value).where(deployment.c.key == key)).first()
    return default if row is None else row.value


def write(connection: Connection, key: str, value: Any) -> None:
    changed = connection.execute(update(deployment).where(deployment.c.key == key).values(value=value)).rowcount
    if not changed:
        connection.execute(deployment.insert().values(key=key, value=value))


def next_epoch(connection: Connection) -> int:
    """Of the coordinator: what it writes as such names the latest, which each new one has for itself."""
    epoch = int(read(connection, "epoch", 0)) + 1
    write(connection, "epoch", epoch)
    return epoch


def policy(connection: Connection) -> Policy:
    data = read(connection, "policy")
    return Policy.from_json(data) if data else Policy()
