"""The command that follows what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .audit import details_of
from .output import cell, print_json, print_line
from .quantities import moment
from .session import Session, connected

if TYPE_CHECKING:
    from ..models import EventFrame


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now, until interrupted.")
@click.option("--since", type=click.IntRange(0), metavar="SEQ", help="Begin after the event with this number.")
@connected
def events(session: Session, follow: bool, since: int | None) -> None:
    """Print what happens, as far as you may see it, one line an event; with --json, one object a line."""
    if not follow and since is None:
        raise click.UsageError("Say --follow for what happens from now on, --since SEQ for what has happened, or both.")
    stream = session.client.events(since, follow=follow)
    for frame in stream:
        if session.as_json:
            print_json(frame, compact=True)
        elif frame["type"] == "event":
            print_line(_line(frame))
        elif frame["type"] == "snapshot" and since is not None:
            session.note(f"Too much has happened since to be told one by one: going on from {frame['seq']}.")


def _line(event: EventFrame) -> str:
    version = f" version {event['version']}" if event["version"] is not None else ""
    who = f" by {event['actor']}" if event["actor"] else ""
    what = f"{event['seq']} {moment(event['at'])} {event['kind']} {event['short_name'] or ''}{version}{who}"
    details = details_of(event)
    return cell(what) + (f" ({details})" if details else "")
