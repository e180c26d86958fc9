"""The command that shows the audit trail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .output import cell, clean, print_line
from .quantities import moment
from .session import Session, connected

if TYPE_CHECKING:
    from ..models import EventAnswer


@click.command()
@click.option("--environment", metavar="SHORT_NAME", help="Only of this environment; it may be deleted.")
@click.option("--user", help="Only what this person did.")
@click.option("--kind", help="Only this kind, or what begins so: 'build.failed', 'review.'.")
@click.option("--since", metavar="TIME", help="From this time on, in ISO 8601: '2026-05-04', '2026-05-04T12:30Z'.")
@click.option("--until", metavar="TIME", help="Before this time.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@connected
def audit(
    session: Session,
    environment: str | None,
    user: str | None,
    kind: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """Show what was done, newest first: to your environments and by you, or all for administrators."""
    found = list(
        session.client.audit(environment=environment, user=user, kind=kind, since=since, until=until, limit=limit)
    )
    if session.answer(found):
        return
    if not found:
        print_line("Nothing found.")
        return
    from .tables import print_table

    print_table(
        ("seq", "when", "who", "what", "environment", "version", "details"),
        (
            (e["seq"], moment(e["at"]), e["actor"], e["kind"], e["short_name"], e["version"], details_of(e))
            for e in found
        ),
        right=("seq", "version"),
    )


def details_of(event: EventAnswer) -> str:
    """The details of an event on one line; cleaned."""
    details = (event["details"] or {}).items()
    return ", ".join(f"{cell(name)}: {clean(_text(value))}" for name, value in details if value not in (None, "", []))


def _text(value: object) -> str:
    return cell(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
