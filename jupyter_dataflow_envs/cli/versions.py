"""Commands on versions: list, revert, compare, newer, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..domain.errors import NotFound
from .builds import see_through
from .output import cell, print_line
from .session import Session, connected

if TYPE_CHECKING:
    from ..client.versions import ExportFormat
    from ..models import ComparedAnswer, SideAnswer

FORMATS = (
    "conda-lock.yml",
    "environment.yml",
    "requested.yml",
    "explicit.txt",
    "requirements.txt",
    "sbom.cdx.json",
)


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
@click.argument("version", type=click.IntRange(1))
@click.option("-f", "--follow", is_flag=True, help="Show the log and how far it is, until it has ended.")
@connected
def revert(session: Session, short_name: str, version: int, follow: bool) -> None:
    """Go back to an earlier version: exactly its packages, without a solve, as the next version.

    The saved requirements become that version's; the new version has a log of its own and can be activated and
    submitted like any other.
    """
    made = session.client.revert(short_name, version)
    see_through(session, short_name, made, follow=follow)


@click.command()
@click.argument("left")
@click.argument("right")
@connected
def compare(session: Session, left: str, right: str) -> None:
    """Show what changes from one version to another, of the same environment or of two.

    LEFT and RIGHT are NAME@VERSION, or NAME for the version that you can use.

    \b
    jupyter dataflow-envs compare mlenv@1 mlenv@2
    """
    answer = session.client.compare(left, right)
    if not session.answer(answer):
        _print_compared(answer)


def _print_compared(answer: ComparedAnswer) -> None:
    from .differences import print_changes, summary

    sides = (answer["left"], answer["right"])
    for word, side in zip(("from", "to"), sides, strict=True):
        print_line(f"{word + ':':<6}{_named(side)}, Python {cell(side['python'])}, digest {cell(side['digest'])}")
    if answer["left"]["digest"] == answer["right"]["digest"]:
        print_line("The same packages.")
        return
    print_line(f"{summary(answer)}.")
    print_changes(answer, heads=(_named(sides[0]), _named(sides[1])))


def _named(side: SideAnswer) -> str:
    return f"{cell(side['short_name'])}@{side['version']}"


@click.command()
@click.argument("short_name")
@click.option("--version", type=click.IntRange(1), help="The version [default: the usable one].")
@connected
def newer(session: Session, short_name: str, version: int | None) -> None:
    """List its packages of which the channels and indexes hold a newer version."""
    found = session.client.newer(short_name, version)
    if session.answer(found):
        return
    if not found:
        print_line("Nothing newer is there.")
        return
    from .tables import print_table

    print_table(
        ("package", "has", "newest", "from"), ((p["name"], p["version"], p["newest"], p["manager"]) for p in found)
    )


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
