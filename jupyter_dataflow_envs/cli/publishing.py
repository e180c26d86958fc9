"""Commands on publishing: submit, withdraw, deprecate, undeprecate, unpublish, transfer."""

from __future__ import annotations

import click

from .output import cell, print_line
from .session import Session, connected


@click.command()
@click.argument("short_name")
@click.option("-m", "--comment", default="", help="A note for who reviews it.")
@connected
def submit(session: Session, short_name: str, comment: str) -> None:
    """Ask for the latest version to be published, so that everybody can use it.

    An administrator decides. Failed versions are deleted; until the decision it can't be edited or built.
    """
    review = session.client.submit(short_name, comment)
    if not session.answer(review):
        print_line(f"Version {review['version']} of {cell(review['short_name'])} waits for approval.")
        print_line(f"Look at it: jupyter dataflow-envs review {cell(review['short_name'])}")


@click.command()
@click.argument("short_name")
@click.option("-m", "--comment", default="", help="Why.")
@connected
def withdraw(session: Session, short_name: str, comment: str) -> None:
    """Take a submission back, while nobody has decided about it."""
    review = session.client.withdraw(short_name, comment)
    if not session.answer(review):
        print_line(f"Version {review['version']} of {cell(review['short_name'])} no longer waits for approval.")


@click.command()
@click.argument("short_name")
@click.option("-m", "--reason", required=True, help="Why, and what to take instead: its users read it.")
@connected
def deprecate(session: Session, short_name: str, reason: str) -> None:
    """Offer a published environment to nobody new; who has it keeps it. For administrators."""
    environment = session.client.deprecate(short_name, reason)
    if not session.answer(environment):
        print_line(f"{cell(environment['short_name'])} is deprecated: its users keep it and see the reason.")


@click.command()
@click.argument("short_name")
@click.option("-m", "--reason", default="", help="Why.")
@connected
def undeprecate(session: Session, short_name: str, reason: str) -> None:
    """Offer a deprecated environment again. For administrators."""
    environment = session.client.undeprecate(short_name, reason)
    if not session.answer(environment):
        print_line(f"{cell(environment['short_name'])} is offered again.")


@click.command()
@click.argument("short_name")
@click.option("-m", "--reason", default="", help="Why.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@connected
def unpublish(session: Session, short_name: str, reason: str, yes: bool) -> None:
    """Make a published environment its owner's draft again, if nobody uses it. For administrators."""
    session.confirm(f"Unpublish {short_name}: only its owner and administrators see it then?", yes=yes)
    environment = session.client.unpublish(short_name, reason)
    if not session.answer(environment):
        print_line(f"{cell(environment['short_name'])} is no longer published.")


@click.command()
@click.argument("short_name")
@click.argument("owner")
@connected
def transfer(session: Session, short_name: str, owner: str) -> None:
    """Give an environment to another owner, whose name is taken as it is. For administrators."""
    environment = session.client.transfer(short_name, owner)
    if not session.answer(environment):
        print_line(f"{cell(environment['short_name'])} belongs to {cell(environment['owner'])} now.")
