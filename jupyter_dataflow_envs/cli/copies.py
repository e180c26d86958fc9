"""Commands that copy between Dataflow and Local environments: copy-to-local, copy-to-dataflow."""

from __future__ import annotations

import click

from ..domain.errors import Unreproducible
from .builds import see_through
from .local_names import local_named
from .local_works import see_local_through
from .output import cell
from .session import Session, connected


@click.command("copy-to-local")
@click.argument("short_name")
@click.option("--name", help="What the copy is called [default: the short name].")
@click.option("-f", "--follow", is_flag=True, help="Show the log and how far it is, until it has ended.")
@connected
def copy_to_local(session: Session, short_name: str, name: str | None, follow: bool) -> None:
    """Copy the version that you can use to a Local environment, to change it.

    Exactly its packages, without a solve, and as a kernel too. Nothing that is done with the copy reaches the original.
    """
    see_local_through(session, session.client.copy_to_local(short_name, name), follow=follow)


@click.command("copy-to-dataflow")
@click.argument("name")
@click.argument("short_name")
@click.option("--full-name", help="What people read [default: the short name].")
@click.option("--description", default="", help="A note of what it is for.")
@click.option("--skip-unreproducible", is_flag=True, help="Leave out what no name and version would bring again.")
@click.option("-f", "--follow", is_flag=True, help="Show the build's log and how far it is, until it has ended.")
@connected
def copy_to_dataflow(
    session: Session,
    name: str,
    short_name: str,
    full_name: str | None,
    description: str,
    skip_unreproducible: bool,
    follow: bool,
) -> None:
    """Save the Local environment NAME as the Dataflow environment SHORT_NAME, and build it.

    It asks for exactly what is installed. Editable, file and version control installs can't be asked for: they are
    listed and refused, unless they are to be left out.
    """
    client, id = session.client, local_named(session, name)["id"]
    wanted = client.reproduction(id)
    for note in wanted["notes"]:
        session.note(cell(note))
    try:
        made = client.copy_to_dataflow(
            id,
            short_name,
            full_name=full_name or short_name,
            description=description,
            skip_unreproducible=skip_unreproducible,
        )
    except Unreproducible:
        session.note("With --skip-unreproducible they are left out:")
        raise
    if skip_unreproducible and (left_out := wanted["unreproducible"]):
        session.note(f"Left out: {', '.join(cell(p['name']) for p in left_out)}.")
    if session.own is None and not follow and session.answer(made):
        return
    session.note(f"Saved {cell(made['short_name'])}.")
    see_through(session, made["short_name"], client.version(made["short_name"]), follow=follow)
