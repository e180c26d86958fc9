"""`upgrade-db`, `backup` and `restore`: for whoever runs the service, on its machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .output import cell, print_line

if TYPE_CHECKING:
    from ..maintenance import Place

Command = TypeVar("Command", bound=Callable[..., Any])


def _located(command: Command) -> Command:
    """The options that say where the deployment is."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--root-dir", metavar="FOLDER", help="The deployment's folder. Default: as Jupyter says."),
        click.option(
            "--database-url",
            metavar="URL",
            envvar="DATAFLOW_ENVS_DATABASE_URL",
            show_envvar=True,
            help="The database. Other people can read what stands here in the list of processes: give a URL with a "
            "password by the variable, or by Jupyter's configuration, which is the default.",
        ),
    ):
        command = option(command)
    return command


@click.command("upgrade-db")
@_located
def upgrade_db(database_url: str | None, root_dir: str | None, as_json: bool) -> None:
    """Bring the database up to this release.

    A running service does so by itself when it starts. Stop all servers of the deployment first; a backup is made
    before anything is changed, in the folder backups of the deployment.
    """
    place = _place(database_url, root_dir)
    before, after = place.upgrade()
    if as_json:
        print_line(json.dumps({"before": before, "after": after}))
    elif before == after:
        print_line(f"{cell(place.shown)} is up to date: schema {after}.")
    else:
        print_line(f"{cell(place.shown)} was brought from schema {before} to {after}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@_located
def backup(file: Path, database_url: str | None, root_dir: str | None, as_json: bool) -> None:
    """Write all that the database holds into FILE.

    It is one moment's, whatever is written meanwhile, and can be restored into SQLite as into PostgreSQL. Prefixes and
    logs are not in it: they are folders below root_dir.
    """
    contents = _place(database_url, root_dir).backup(file)
    if as_json:
        print_line(json.dumps({"file": str(file), "schema": contents.schema_version, "rows": dict(contents.rows)}))
        return
    rows = contents.rows
    print_line(
        f"{cell(str(file))}: {rows['environments']:,} environments, {rows['versions']:,} versions, {rows['events']:,} "
        f"events of deployment {contents.deployment_id}, schema {contents.schema_version}."
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@_located
def restore(file: Path, database_url: str | None, root_dir: str | None, as_json: bool) -> None:
    """Fill an empty database from FILE, which `backup` wrote.

    So a deployment moves from SQLite to PostgreSQL: stop its servers, back up, restore with the new --database-url and
    the same --root-dir, configure c.DataflowEnvsApp.database_url, start again.
    """
    place = _place(database_url, root_dir)
    contents = place.restore(file)
    if as_json:
        print_line(json.dumps({"deployment": contents.deployment_id, "rows": dict(contents.rows)}))
        return
    print_line(
        f"{cell(place.shown)} holds deployment {contents.deployment_id} now: {contents.rows['environments']:,} "
        f"environments, {contents.rows['versions']:,} versions, {contents.rows['events']:,} events. Its prefixes and "
        "logs are looked for below root_dir."
    )


def _place(database_url: str | None, root_dir: str | None) -> Place:
    from ..maintenance import place_of

    return place_of(database_url, root_dir)
