"""Commands on Local environments: list, show, create, delete, cancel, log, drift, and their kernels."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .bases import base_option
from .local_names import local_named
from .local_works import see_local_through
from .logs import print_part, print_stream
from .output import cell, print_line
from .session import Session, called_alone, connected

if TYPE_CHECKING:
    from ..client.environments import WantedBase


@click.group(invoke_without_command=True)
@connected
def local(session: Session) -> None:
    """List Local environments: your own ones on the server's machine; its commands make and change them.

    They are changed freely (`pip install`), and only you see them. NAME is a name that only one of them has, an id, or
    the path of a prefix.
    """
    if called_alone():
        _list(session)


@local.command("list")
@connected
def list_local(session: Session) -> None:
    """List those made here and those found on the machine: conda's, virtual environments, uv's, pyenv's."""
    _list(session)


def _list(session: Session) -> None:
    from .local_tables import print_locals

    found = session.client.local_environments()
    if not session.answer(found):
        print_locals(found)


@local.command("show")
@click.argument("name")
@click.option("--size", is_flag=True, help="Count its bytes too, which takes a while.")
@connected
def show_local(session: Session, name: str, size: bool) -> None:
    """Show one, with its packages."""
    from .local_tables import print_local

    environment = session.client.local_environment(local_named(session, name)["id"], size=size)
    if not session.answer(environment):
        print_local(environment)


@local.command("create")
@click.argument("name")
@base_option("Begin with the packages of this Dataflow environment, which brings its own Python.")
@click.option("--python", "python_version", help="The Python version, such as 3.11.")
@click.option("--conda", multiple=True, metavar="REQUIREMENT", help="A conda library; may be given several times.")
@click.option("--pip", multiple=True, metavar="REQUIREMENT", help="A pip library; may be given several times.")
@click.option("-f", "--follow", is_flag=True, help="Show the log and how far it is, until it has ended.")
@connected
def create_local(
    session: Session,
    name: str,
    base: WantedBase | None,
    python_version: str | None,
    conda: tuple[str, ...],
    pip: tuple[str, ...],
    follow: bool,
) -> None:
    """Make one at once, as a kernel too.

    \b
    jupyter dataflow-envs local create notes --python 3.11 --conda pandas --follow
    """
    if base is None and python_version is None:
        raise click.UsageError("Say the Python version, for example --python 3.11, or a base, which brings its own.")
    begun = session.client.create_local(
        name, python_version=python_version, base=base, conda_requirements=conda, pip_requirements=pip
    )
    see_local_through(session, begun, follow=follow)


@local.command("delete")
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@connected
def delete_local(session: Session, name: str, yes: bool) -> None:
    """Delete one that was made here, with its kernel and log, if nothing runs in it."""
    if not yes and (session.as_json or not sys.stdin.isatty()):
        raise click.UsageError("Say --yes: nobody is there to be asked.")
    environment = local_named(session, name)
    session.confirm(f"Delete {environment['name']} with everything that was installed into it?", yes=yes)
    session.client.delete_local(environment["id"])
    if not session.answer({"deleted": environment["id"]}):
        print_line(f"Deleted {cell(environment['name'])}.")


@local.command("cancel")
@click.argument("name")
@connected
def cancel_local(session: Session, name: str) -> None:
    """Stop what is being done with it: it is made, copied to, or given ipykernel."""
    environment = local_named(session, name)
    session.client.cancel_local(environment["id"])
    if not session.answer({"cancelled": environment["id"]}):
        print_line(f"What is done with {cell(environment['name'])} is being stopped.")


@local.command("log")
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on until it has ended.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Begin at this byte.")
@connected
def log_local(session: Session, name: str, follow: bool, offset: int) -> None:
    """Print the log of what was done with it last."""
    id = local_named(session, name)["id"]
    if follow:
        print_stream(session, session.client.follow_local_log(id, offset=offset), "It")
    else:
        print_part(session, session.client.local_log(id, offset=offset))


@local.command("drift")
@click.argument("name")
@connected
def drift_local(session: Session, name: str) -> None:
    """Show what has changed in one since it was made or copied."""
    from .local_tables import print_drift

    drift = session.client.drift(local_named(session, name)["id"])
    if not session.answer(drift):
        print_drift(drift)


@local.group("kernel")
def local_kernel() -> None:
    """Make one a kernel of the Jupyter server (add), or not any more (remove)."""


@local_kernel.command("add")
@click.argument("name")
@click.option("--install-ipykernel", is_flag=True, help="Install ipykernel into it first, where that is missing.")
@click.option("-f", "--follow", is_flag=True, help="Show the installation's log until it has ended.")
@connected
def add_local_kernel(session: Session, name: str, install_ipykernel: bool, follow: bool) -> None:
    """Make it startable in notebooks."""
    before = local_named(session, name)
    if before["actions"]["install_ipykernel"]["allowed"] and not install_ipykernel:
        session.note("It has no ipykernel; --install-ipykernel installs that first:")
    environment = session.client.register_local_kernel(before["id"], install_ipykernel=install_ipykernel)
    if environment["status"] == "In Progress":
        see_local_through(session, environment, follow=follow)
    elif not session.answer(environment) and (kernel := environment["kernel"]):
        print_line(f"Kernel {cell(kernel['name'])} can be started now.")


@local_kernel.command("remove")
@click.argument("name")
@connected
def remove_local_kernel(session: Session, name: str) -> None:
    """Remove its kernel from notebooks, if it was added here; kernels that run go on."""
    before = local_named(session, name)
    environment = session.client.remove_local_kernel(before["id"])
    if not session.answer(environment) and (kernel := before["kernel"]):
        print_line(f"Kernel {cell(kernel['name'])} is no longer offered.")
