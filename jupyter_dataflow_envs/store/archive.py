"""A deployment's rows in one file that no kind of database is needed for: written from either, loaded into either.

A zip file: `deployment.json` says what it is, `tables/NAME.jsonl` has a row a line, in the order in which they can be
loaded. Rows are streamed both ways, so that the size of a trail costs no memory.
"""

from __future__ import annotations

import base64
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    func,
    select,
    text,
)

from ..domain.clock import now, to_text
from ..domain.errors import Conflict, Malformed
from . import deployment, migration
from .database import Database, create_schema
from .tables import SCHEMA_VERSION, metadata

FORMAT = 1
HEADER = "deployment.json"
BATCH = 500
"""Rows at a time."""

COUNTED = {"attempts": "id", "events": "seq"}
"""Tables whose keys count up for ever, whatever is deleted."""

OF_A_MACHINE = ("host", "coordinator")
"""Facts of a deployment that say where it ran."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive holds. `rows`: by table."""

    deployment_id: str
    schema_version: str
    rows: Mapping[str, int]


def save(database: Database, file: Path) -> Contents:
    """Write everything that the database holds at this moment; others may go on writing meanwhile.

    The file, its owner's alone, appears when it is whole. Raises Conflict when it is there already, or when there is no
    deployment in the database.
    """
    version = database.schema_version()
    if version is None:
        raise Conflict("The database holds no deployment: there is nothing to back up.")
    if file.exists():
        raise Conflict(f"There is a file {file} already: name another one.")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(descriptor, "wb") as written,
            zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive,
            database.read() as connection,
        ):
            contents = _save(connection, archive, version)
            written.flush()
            os.fsync(descriptor)
        part.rename(file)
    except OSError as error:
        raise Malformed(f"{file} can't be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return contents


def load(database: Database, file: Path) -> Contents:
    """Fill an empty database: all of it or nothing. Older schemas are brought up to date.

    Raises Conflict when the database is not empty, or the archive that of a newer release; Malformed when it is none.
    """
    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(file) as archive:
            header = _header(archive)
            with database.migrate() as connection:
                _refuse_unless_empty(connection)
                _create(connection, header["schema_version"])
                rows = _load(connection, archive, header)
                if header["schema_version"] != SCHEMA_VERSION:
                    migration.run(connection)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Malformed(f"{file} can't be read as a backup of this package, or is not whole: {error}.") from error
    if database.file is not None:
        database.file.chmod(0o600)
    return Contents(header["deployment"], header["schema_version"], rows)


def _save(connection: Connection, archive: zipfile.ZipFile, version: str) -> Contents:
    # As the database has them: it may stand at an older schema than this release's.
    tables = MetaData()
    tables.reflect(connection, only=lambda name, _: name in metadata.tables)
    identity = str(deployment.read(connection, "id"))
    header = {
        "format": FORMAT,
        "deployment": identity,
        "schema_version": version,
        "made_at": to_text(now()),
        "counters": {name: _counter(connection, name) for name in COUNTED},
    }
    archive.writestr(HEADER, json.dumps(header, indent=1))
    order = [t.name for t in metadata.sorted_tables if t.name in tables.tables]
    rows = {name: _save_table(connection, archive, tables.tables[name]) for name in order}
    return Contents(identity, version, rows)


def _save_table(connection: Connection, archive: zipfile.ZipFile, table: Table) -> int:
    # JSON as the text that it is kept as: JSON's null is not the database's.
    columns = [cast(c, Text).label(c.name) if isinstance(c.type, JSON) else c for c in table.columns]
    query = select(*columns).order_by(*table.primary_key.columns)
    if table.name == "deployment":
        query = query.where(table.c.key.not_in(OF_A_MACHINE))
    count = 0
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as file:
        for row in connection.execution_options(yield_per=BATCH).execute(query).mappings():
            values = {name: _told(value) for name, value in row.items()}
            file.write(json.dumps(values, separators=(",", ":")).encode() + b"\n")
            count += 1
    return count


def _told(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(archive.read(HEADER))
    if header["format"] != FORMAT or not migration.is_known(header["schema_version"]):
        raise Conflict(
            f"This backup was made by a newer release (schema {header['schema_version']}, this one has "
            f"{SCHEMA_VERSION}): restore it with that release or a later one."
        )
    return header


def _refuse_unless_empty(connection: Connection) -> None:
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in metadata.tables or name == "alembic_version")
    if found.tables:
        raise Conflict(
            "The database holds a deployment already, which a restore would mix with the backup: name an empty "
            "database. Nothing was changed."
        )


def _create(connection: Connection, version: str) -> None:
    if version == SCHEMA_VERSION:
        create_schema(connection)
    else:
        migration.run(connection, version)


def _load(connection: Connection, archive: zipfile.ZipFile, header: Mapping[str, Any]) -> dict[str, int]:
    tables = MetaData()
    tables.reflect(connection)
    rows = {}
    for name in (t.name for t in metadata.sorted_tables if t.name in tables.tables):
        with archive.open(f"tables/{name}.jsonl") as file:
            rows[name] = _load_table(connection, tables.tables[name], file)
    for name, key in COUNTED.items():
        _count_on(connection, name, key, int(header["counters"].get(name) or 0))
    return rows


def _load_table(connection: Connection, table: Table, file: IO[bytes]) -> int:
    on_postgresql = connection.dialect.name == "postgresql"
    places: dict[str, Any] = {}
    for column in table.columns:
        place = bindparam(column.name, type_=Text() if isinstance(column.type, JSON) else None)
        places[column.name] = cast(place, JSON) if on_postgresql and isinstance(column.type, JSON) else place
    insert = table.insert().values(places)
    count = 0
    for some in _batches(file):
        connection.execute(insert, [_row(table, values, on_postgresql) for values in some])
        count += len(some)
    return count


def _batches(file: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    while lines := list(islice(file, BATCH)):
        yield [json.loads(line) for line in lines]


def _row(table: Table, values: dict[str, Any], on_postgresql: bool) -> dict[str, Any]:
    return {c.name: _kept(c.type, values[c.name], on_postgresql) for c in table.columns}


def _kept(kind: Any, value: Any, on_postgresql: bool) -> Any:
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, Boolean):
        return bool(value)
    if on_postgresql and isinstance(value, str):
        return value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return value


def _counter(connection: Connection, table: str) -> int:
    """The highest key there ever was."""
    if connection.dialect.name == "postgresql":
        name = connection.execute(select(func.pg_get_serial_sequence(table, COUNTED[table]))).scalar_one()
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}"
        return int(connection.execute(text(query)).scalar_one())
    found = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table}).scalar()
    return int(found or 0)


def _count_on(connection: Connection, table: str, key: str, counted: int) -> None:
    highest = connection.execute(text(f"SELECT max({key}) FROM {table}")).scalar() or 0
    last = max(counted, int(highest))
    if not last:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table, key), last)))
        return
    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table})
    connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), {"name": table, "last": last})
