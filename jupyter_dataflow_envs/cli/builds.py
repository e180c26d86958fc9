"""Commands on builds: preview, build, log, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .bases import base_option, only_one
from .exit_code import ExitCode
from .logs import print_part, print_stream
from .output import cell, clean, print_error, print_line
from .session import Session, connected

if TYPE_CHECKING:
    from ..client.environments import WantedBase
    from ..models import VersionSummary


@click.command()
@click.argument("short_name", required=False)
@base_option("Try it on this environment.")
@click.option("--no-base", is_flag=True, help="Try it without its base; --python says the version then.")
@click.option("--python", "python_version", help="Try with this Python version.")
@click.option("--conda", multiple=True, metavar="REQUIREMENT", help="Try with these conda libraries instead.")
@click.option("--pip", multiple=True, metavar="REQUIREMENT", help="Try with these pip libraries instead.")
@click.option("--pin-installed", is_flag=True, help="Keep what is installed, and only add.")
@connected
def preview(
    session: Session,
    short_name: str | None,
    base: WantedBase | None,
    no_base: bool,
    python_version: str | None,
    conda: tuple[str, ...],
    pip: tuple[str, ...],
    pin_installed: bool,
) -> None:
    """Show what a build would install, and what would change, without installing it.

    Without SHORT_NAME: of an environment that is not saved yet, as the options describe it.
    """
    from .differences import print_preview

    only_one(base, no_base)
    conda_lines, pip_lines = ([line for line in lines if line.strip()] for lines in (conda, pip))
    if short_name is None:
        if no_base or pin_installed:
            raise click.UsageError("--no-base and --pin-installed are for an environment that is there: name it.")
        answer = session.client.preview_new(
            base=base, python_version=python_version, conda_requirements=conda_lines, pip_requirements=pip_lines
        )
    else:
        answer = session.client.preview(
            short_name,
            base=base,
            without_base=no_base,
            python_version=python_version,
            conda_requirements=conda_lines if conda else None,
            pip_requirements=pip_lines if pip else None,
            pin_installed=pin_installed,
        )
    if not session.answer(answer):
        print_preview(answer)


@click.command()
@click.argument("short_name")
@click.option("-f", "--follow", is_flag=True, help="Show the log and how far it is, until it has ended.")
@click.option("--pin-installed", is_flag=True, help="Keep what is installed, and only add.")
@click.option("--from-scratch", is_flag=True, help="Install anew, also when an equal one is there.")
@connected
def build(session: Session, short_name: str, follow: bool, pin_installed: bool, from_scratch: bool) -> None:
    """Build the environment as it is saved."""
    start_build(session, short_name, follow=follow, pin_installed=pin_installed, from_scratch=from_scratch)


def start_build(
    session: Session, short_name: str, *, follow: bool, pin_installed: bool = False, from_scratch: bool = False
) -> None:
    """Queue a build; follow it if asked for, or if it would otherwise end with this command's own server.

    Leaves with exit code 3 when the build failed, and 130 when the person stopped looking.
    """
    version = session.client.build(short_name, pin_installed=pin_installed, from_scratch=from_scratch)
    see_through(session, short_name, version, follow=follow)


def see_through(session: Session, short_name: str, version: VersionSummary, *, follow: bool) -> None:
    """Say that a version is queued, or follow it to its end; what `start_build` says holds here too."""
    number = version["number"]
    if session.own is not None and not follow:
        session.note(
            "A build needs a server that stays, and this one ends with the command: following the build to its end."
        )
        follow = True
    if not follow:
        if not session.answer(version):
            packages = f", with the packages of version {back}" if (back := version["reverted_from"]) else ""
            print_line(f"Version {number} of {cell(short_name)} is queued{packages}.")
            print_line(f"Follow it: jupyter dataflow-envs log -f {cell(short_name)}")
        return

    from .following import follow_build

    try:
        ended = follow_build(session, short_name, number, version["attempt"])
    except KeyboardInterrupt:
        _interrupted(session, short_name)
        raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None
    session.answer(ended)
    if ended["outcome"] == "succeeded":
        return
    reason = clean(ended["reason"] or "no reason was given")
    message = f"The build of {cell(short_name)}, version {number}, failed: {reason}"
    if session.as_json:
        print_error("build_failed", message, as_json=True)
    else:
        print_line(message, error=True)
        print_line(f"The whole log: jupyter dataflow-envs log {cell(short_name)} --version {number}", error=True)
    raise click.exceptions.Exit(ExitCode.BUILD_FAILED)


def _interrupted(session: Session, short_name: str) -> None:
    name = cell(short_name)
    if session.own is not None:
        message = f"The build of {name} is handed back: it goes on when a Jupyter server of this deployment starts."
    else:
        message = f"The build of {name} goes on. Follow it: jupyter dataflow-envs log -f {name}."
    message += f" Cancel it: jupyter dataflow-envs cancel {name}"
    if session.as_json:
        print_error("interrupted", message, as_json=True)
    else:
        print_line(message, error=True)


@click.command()
@click.argument("short_name")
@click.option("-f", "--follow", is_flag=True, help="Go on until the build has ended.")
@click.option("--version", type=click.IntRange(1), help="The version [default: the latest].")
@click.option("--attempt", type=click.IntRange(1), help="The attempt [default: the latest].")
@click.option("--offset", type=click.IntRange(0), default=0, help="Begin at this byte.")
@connected
def log(session: Session, short_name: str, follow: bool, version: int | None, attempt: int | None, offset: int) -> None:
    """Print the log of a build."""
    if follow:
        print_stream(session, session.client.follow_log(short_name, version, attempt=attempt, offset=offset))
    else:
        print_part(session, session.client.log(short_name, version, attempt=attempt, offset=offset))


@click.command()
@click.argument("short_name")
@connected
def cancel(session: Session, short_name: str) -> None:
    """Stop the build that is queued or in progress."""
    session.client.cancel(short_name)
    if not session.answer({"cancelled": short_name}):
        print_line(f"The build of {cell(short_name)} is being stopped.")
