"""Commands on what the deployment offers and allows: packages, policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO, cast

import click

from .output import cell, print_line
from .quantities import size
from .session import Session, called_alone, connected

if TYPE_CHECKING:
    from ..client.deployment import Manager
    from ..models import PolicyAnswer, ViolatingAnswer


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


@click.group(invoke_without_command=True)
@connected
def policy(session: Session) -> None:
    """Show what the deployment allows; `set` changes it, `violating` lists what it would not allow now."""
    if called_alone():
        _show(session)


@policy.command("show")
@connected
def show_policy(session: Session) -> None:
    """Show the policy; with --json in the form that `set` takes."""
    _show(session)


def _show(session: Session) -> None:
    found = session.client.policy()
    if not session.answer(found):
        _print(found)


@policy.command("set")
@click.argument("file", type=click.File(encoding="utf-8"))
@connected
def set_policy(session: Session, file: TextIO) -> None:
    """Replace the policy by the one in the JSON file FILE; '-' reads standard input. For administrators.

    Tells which published environments the new policy would not allow; they stay published.
    """
    try:
        wanted = json.load(file)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}.") from error
    if not isinstance(wanted, dict):
        raise click.UsageError(f"{file.name} holds no JSON object.")
    found = session.client.set_policy(cast("PolicyAnswer", wanted))
    if not session.answer(found):
        _print(found)
        print_line()
        _print_violating(found["violating"])


@policy.command("violating")
@connected
def violating_policy(session: Session) -> None:
    """List the published environments that the policy would not allow now. For administrators."""
    found = session.client.policy_violating()
    if not session.answer(found):
        _print_violating(found)


def _print_violating(violating: Sequence[ViolatingAnswer]) -> None:
    from .tables import violated

    if not violating:
        print_line("Every published environment is within the policy.")
        return
    print_line("Published, and not within the policy:")
    for found in violating:
        print_line(f"{cell(found['short_name'])}@{found['version']}, of {cell(found['owner'])}:")
        for violation in found["violations"]:
            print_line(f"  {violated(violation)}")


def _print(policy: PolicyAnswer) -> None:
    everything = "any"
    print_line(f"channels:          {cell(', '.join(policy['channels'])) or everything}")
    print_line(f"indexes:           {cell(', '.join(policy['indexes'])) or everything}")
    print_line(f"Python versions:   {cell(', '.join(policy['python_versions'])) or everything}")
    print_line(f"required packages: {cell(', '.join(policy['required_packages'])) or 'none'}")
    print_line(f"environments:      {_limit(policy['max_environments'], 'a person')}")
    print_line(f"versions:          {_limit(policy['max_versions'], 'of an environment stay installed')}")
    most = policy["max_bytes"]
    print_line(f"disk:              {'any amount' if most is None else f'at most {size(most)} a person'}")
    print_line(f"denied packages:   {'' if policy['denied_packages'] else 'none'}".rstrip())
    for denied in policy["denied_packages"]:
        print_line(f"  {cell(denied['name'])} {cell(denied['specifier'])}".rstrip() + f": {cell(denied['reason'])}")


def _limit(most: int | None, of_what: str) -> str:
    return "any number" if most is None else f"at most {most} {of_what}"
