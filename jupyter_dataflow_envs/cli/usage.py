"""Commands on environments in use: who and what uses one, and which kernels run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .output import cell, print_line
from .quantities import moment
from .session import Session, connected

if TYPE_CHECKING:
    from ..models import UsageDetails


@click.command()
@click.argument("short_name")
@connected
def usage(session: Session, short_name: str) -> None:
    """Show who has an environment active, and what runs in it. For its owner and administrators."""
    found = session.client.usage(short_name)
    if not session.answer(found):
        _print(found)


@click.command()
@connected
def kernels(session: Session) -> None:
    """List the environments' kernels that run in the Jupyter server, with the version of each."""
    from .tables import print_table

    found = session.client.kernels()
    if session.answer(found):
        return
    if not found:
        print_line("No kernel of an environment runs here.")
        return
    print_table(
        ("environment", "version", "kernel", "id"),
        ((k["short_name"], k["version"], k["kernel_name"], k["kernel_id"]) for k in found),
        right=("version",),
    )


def _print(usage: UsageDetails) -> None:
    from .tables import print_table

    print_line(f"active for:         {usage['active_people'] or 'nobody'}")
    print_line(f"last started:       {moment(usage['last_started']) or 'never'}")
    print_line(f"running kernels:    {usage['running_kernels']}")
    print_line(f"base of:            {cell(', '.join(usage['based_on_it'])) or 'none that you can see'}")
    if usage["activations"]:
        print_line()
        print_table(
            ("person", "since", "last started", "counts until", "draft"),
            (
                (
                    a["person"],
                    moment(a["since"]),
                    moment(a["last_started"]),
                    moment(a["leased_until"]),
                    "yes" if a["draft"] else "",
                )
                for a in usage["activations"]
            ),
        )
