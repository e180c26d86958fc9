"""Commands on what the deployment offers and allows: packages, policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO, cast

import click

from .output import cell, print_line
from .session import Session, connected

if TYPE_CHECKING:
    from ..client.connection import Manager
    from ..models import PolicyAnswer


@click.command()
@click.argument("name")
@click.option("--manager", type=click.Choice(("conda", "pip")), default="conda", show_default=True)
@click.option("--versions", is_flag=True, help="List the versions of the package NAME instead.")
@connected
def packages(session: Session, name: str, manager: Manager, versions: bool) -> None:
    """List packages whose names begin with NAME, or the versions of one."""
    if versions:
        answer = session.client.package_versions(name, manager=manager)
        found, shown = answer["versions"], session.answer(answer)
    else:
        found = session.client.package_names(name, manager=manager)
        shown = session.answer(found)
    if not shown:
        for item in found:
            print_line(cell(item))
        if not found:
            session.note("Nothing found.")


@click.group(no_args_is_help=False)
def policy() -> None:
    """Show or set what the deployment allows."""


@policy.command("show")
@connected
def show_policy(session: Session) -> None:
    """Show the policy; with --json in the form that `set` takes."""
    found = session.client.policy()
    if not session.answer(found):
        _print(found)


@policy.command("set")
@click.argument("file", type=click.File(encoding="utf-8"))
@connected
def set_policy(session: Session, file: TextIO) -> None:
    """Replace the policy by the one in the JSON file FILE; '-' reads standard input. For administrators."""
    try:
        wanted = json.load(file)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}.") from error
    found = session.client.set_policy(cast("PolicyAnswer", wanted))
    if not session.answer(found):
        _print(found)


def _print(policy: PolicyAnswer) -> None:
    everything = "any"
    print_line(f"channels:          {cell(', '.join(policy['channels'])) or everything}")
    print_line(f"Python versions:   {cell(', '.join(policy['python_versions'])) or everything}")
    print_line(f"required packages: {cell(', '.join(policy['required_packages'])) or 'none'}")
    limit = policy["max_environments"]
    print_line(f"environments:      {'any number' if limit is None else f'at most {limit} a person'}")
    print_line(f"denied packages:   {'' if policy['denied_packages'] else 'none'}".rstrip())
    for denied in policy["denied_packages"]:
        print_line(f"  {cell(denied['name'])} {cell(denied['specifier'])}".rstrip() + f": {cell(denied['reason'])}")
