"""The command `import`: another tool's file, and what became of each of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import click

from .output import cell, print_line
from .session import Session, connected

if TYPE_CHECKING:
    from ..models import ImportAnswer


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--create", "short_name", metavar="SHORT_NAME", help="Save it as a new environment of this name.")
@click.option("--full-name", help="With --create: what people read [default: as the file has it].")
@click.option("--python", "python_version", help="With --create: the Python version [default: as the file has it].")
@connected
def import_file(
    session: Session, file: BinaryIO, short_name: str | None, full_name: str | None, python_version: str | None
) -> None:
    """Read an environment.yml, requirements.txt, conda-lock.yml or explicit file.

    Shows what an environment can take of it and, line by line, what it can't; with --create, saves that. '-' reads
    standard input.

    \b
    jupyter dataflow-envs import environment.yml --create mlenv
    """
    if short_name is None and (full_name or python_version):
        raise click.UsageError("--full-name and --python go with --create.")
    content = file.read()
    name = None if file.name in ("-", "<stdin>") else str(file.name).replace("\\", "/").rsplit("/", 1)[-1]
    answer = session.client.import_file(content, name)
    if short_name is None:
        if not session.answer(answer):
            _print_account(answer)
        return
    spec: dict[str, Any] = {**answer["spec"], "short_name": short_name}
    spec["full_name"] = full_name or spec["full_name"]
    spec["python_version"] = python_version or spec["python_version"]
    if spec["python_version"] is None:
        if not session.as_json:
            _print_account(answer)
        raise click.UsageError("The file does not choose a Python version: say it, for example --python 3.12.")
    environment = session.client.create_from(spec)
    if not session.answer({"environment": environment, "import": answer}):
        _print_account(answer)
        made = cell(environment["short_name"])
        print_line()
        print_line(f"Saved {made}. Build it: jupyter dataflow-envs build {made} --follow")


def _print_account(answer: ImportAnswer) -> None:
    spec = answer["spec"]
    print_line(
        f"Read as {cell(answer['format'])}: {cell(spec['full_name'])}, Python {cell(spec['python_version'] or '?')}"
    )
    for manager, lines in (("conda", spec["conda_requirements"]), ("pip", spec["pip_requirements"])):
        if lines:
            print_line(f"{manager} ({len(lines)}): {', '.join(cell(line) for line in lines)}")
    if answer["changed"]:
        print_line()
        print_line("Changed:")
        for change in answer["changed"]:
            print_line(f"  {_place(change['line'])}{cell(change['text'])} → {cell(change['became'])}")
            print_line(f"      {cell(change['message'])}")
    if answer["left_out"]:
        print_line()
        print_line("Left out:")
        for note in answer["left_out"]:
            print_line(f"  {_place(note['line'])}{cell(note['text'])}")
            print_line(f"      {cell(note['message'])}")
    if answer["notes"]:
        print_line()
        for message in answer["notes"]:
            print_line(cell(message))


def _place(line: int | None) -> str:
    return "" if line is None else f"line {line}: "
