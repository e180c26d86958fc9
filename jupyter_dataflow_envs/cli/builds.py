"""Commands on builds: preview, build, log, cancel, versions, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..domain.errors import NotFound
from .exit_code import ExitCode
from .output import Lines, cell, clean, is_terminal, print_error, print_json, print_line
from .session import Session, connected

if TYPE_CHECKING:
    from ..client.connection import ExportFormat

FORMATS = ("conda-lock.yml", "environment.yml", "explicit.txt", "requirements.txt")


@click.command()
@click.argument("short_name")
@click.option("--python", "python_version", help="Try with this Python version.")
@click.option("--conda", multiple=True, metavar="REQUIREMENT", help="Try with these conda libraries instead.")
@click.option("--pip", multiple=True, metavar="REQUIREMENT", help="Try with these pip libraries instead.")
@click.option("--pin-installed", is_flag=True, help="Keep what is installed, and only add.")
@connected
def preview(
    session: Session,
    short_name: str,
    python_version: str | None,
    conda: tuple[str, ...],
    pip: tuple[str, ...],
    pin_installed: bool,
) -> None:
    """Show what a build would install, without installing it."""
    from .tables import print_preview

    answer = session.client.preview(
        short_name,
        python_version=python_version,
        conda_requirements=[line for line in conda if line.strip()] if conda else None,
        pip_requirements=[line for line in pip if line.strip()] if pip else None,
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
    client = session.client
    version = client.build(short_name, pin_installed=pin_installed, from_scratch=from_scratch)
    number = version["number"]
    if session.own is not None and not follow:
        session.note(
            "A build needs a server that stays, and this one ends with the command: following the build to its end."
        )
        follow = True
    if not follow:
        if not session.answer(version):
            print_line(f"Version {number} of {cell(short_name)} is queued.")
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
    client = session.client
    lines = Lines(colours=is_terminal())
    if not follow:
        part = client.log(short_name, version, attempt=attempt, offset=offset)
        answer = {"text": part.text, "next_offset": part.next_offset, "complete": part.complete}
        if not session.answer(answer):
            for line in (*lines.feed(part.text), *lines.end()):
                print_line(line, colours=True)
        return
    stream = client.follow_log(short_name, version, attempt=attempt, offset=offset)
    for text in stream:
        if session.as_json:
            print_json({"text": text, "next_offset": stream.offset}, compact=True)
        else:
            for line in lines.feed(text):
                print_line(line, colours=True)
    if session.as_json:
        print_json({"complete": True, "outcome": stream.outcome}, compact=True)
        return
    for line in lines.end():
        print_line(line, colours=True)
    session.note(f"The build {cell(stream.outcome)}.")


@click.command()
@click.argument("short_name")
@connected
def cancel(session: Session, short_name: str) -> None:
    """Stop the build that is queued or in progress."""
    session.client.cancel(short_name)
    if not session.answer({"cancelled": short_name}):
        print_line(f"The build of {cell(short_name)} is being stopped.")


@click.command()
@click.argument("short_name")
@connected
def versions(session: Session, short_name: str) -> None:
    """List the versions of an environment, newest first."""
    from .tables import print_versions

    found = session.client.versions(short_name)
    if not session.answer(found):
        print_versions(found)


@click.command()
@click.argument("short_name")
@click.option("--format", "kind", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True)
@click.option("--version", type=click.IntRange(1), help="The version [default: the usable one].")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it here.")
@connected
def export(session: Session, short_name: str, kind: ExportFormat, version: int | None, output: Path | None) -> None:
    """Print a file from which other tools make the same environment."""
    text = session.client.export(short_name, kind, version)
    if output is not None:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise NotFound(f"Can't write {output}: {error.strerror}.") from error
        if not session.answer({"written": str(output)}):
            print_line(f"Written: {output}")
    elif not session.answer({"format": kind, "text": text}):
        print_line(text.removesuffix("\n"))
