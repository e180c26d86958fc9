"""Commands on environments: list, show, create, edit, delete, activate, deactivate."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from ..domain.errors import NotFound
from .bases import base_option, only_one
from .builds import start_build
from .exit_code import ExitCode
from .output import cell, clean, print_line
from .session import Session, connected

if TYPE_CHECKING:
    from ..client.environments import WantedBase

STATUSES = ("Saved", "In Progress", "Failed", "Draft", "Pending Approval", "Published")
SPEC_FIELDS = ("full_name", "description", "base", "python_version", "conda_requirements", "pip_requirements")


@click.command("list")
@click.argument("query", required=False)
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only those in this status.")
@click.option("--owner", help="Only this person's.")
@click.option("--mine", is_flag=True, help="Only my own.")
@click.option("--sort", help="What to sort by; with a minus sign downwards.")
@connected
def list_environments(
    session: Session, query: str | None, status: str | None, owner: str | None, mine: bool, sort: str | None
) -> None:
    """List environments; QUERY is looked for in their names."""
    from .tables import print_environments

    found = list(session.client.environments(query, status=status, owner=owner, mine=mine, sort=sort))
    if not session.answer(found):
        print_environments(found)


@click.command()
@click.argument("short_name")
@click.option(
    "--version", type=click.IntRange(1), help="The version to look at [default: the usable, else the latest]."
)
@connected
def show(session: Session, short_name: str, version: int | None) -> None:
    """Show one environment, with a version's packages."""
    from .tables import print_environment

    environment = session.client.environment(short_name)
    number = version or environment["usable_version"] or environment["latest_version"]
    facts = None if number is None else session.client.version(short_name, number)
    if not session.answer({"environment": environment, "version": facts}):
        print_environment(environment, facts)


@click.command()
@click.argument("short_name", required=False)
@click.option("--full-name", help="What people read [default: the short name].")
@click.option("--description", help="A note of what it is for.")
@base_option("Build on this environment, which brings its own Python.")
@click.option("--python", "python_version", help="The Python version, such as 3.11.")
@click.option("--conda", multiple=True, metavar="REQUIREMENT", help="A conda library; may be given several times.")
@click.option("--pip", multiple=True, metavar="REQUIREMENT", help="A pip library; may be given several times.")
@click.option(
    "--from-file", type=click.File(encoding="utf-8"), help="Take these from a JSON file; '-' reads standard input."
)
@click.option("--build", "build_it", is_flag=True, help="Build it too.")
@click.option("-f", "--follow", is_flag=True, help="With --build: show the log until the build has ended.")
@connected
def create(
    session: Session,
    short_name: str | None,
    full_name: str | None,
    description: str | None,
    base: WantedBase | None,
    python_version: str | None,
    conda: tuple[str, ...],
    pip: tuple[str, ...],
    from_file: TextIO | None,
    build_it: bool,
    follow: bool,
) -> None:
    """Save a new environment; with --build, build it.

    \b
    jupyter dataflow-envs create mlenv --full-name "Machine learning" --python 3.11 \\
        --conda pandas --conda 'numpy>=1.26' --pip rich --build --follow
    jupyter dataflow-envs create plots --base mlenv --conda matplotlib

    A file holds short_name, full_name, description, base or python_version, conda_requirements and pip_requirements,
    as `show --json` prints them; what the options say stands above it.
    """
    if follow and not build_it:
        raise click.UsageError("--follow needs --build.")
    spec = _read(from_file) if from_file else {}
    given = {
        "short_name": short_name,
        "full_name": full_name,
        "description": description,
        "python_version": python_version,
        "conda_requirements": list(conda) or None,
        "pip_requirements": list(pip) or None,
    }
    if base is not None or python_version is not None:
        spec.update(base=_named(base), python_version=None)
    spec.update({k: v for k, v in given.items() if v is not None})
    if "short_name" not in spec:
        raise click.UsageError("Say the SHORT_NAME, as an argument or in the file.")
    if not spec.get("python_version") and not spec.get("base"):
        raise click.UsageError("Say the Python version, for example --python 3.11, or a base, which brings its own.")
    spec.setdefault("full_name", spec["short_name"])
    environment = session.client.create_from(spec)
    if build_it:
        session.note(f"Saved {cell(environment['short_name'])}.")
        start_build(session, environment["short_name"], follow=follow)
    elif not session.answer(environment):
        name = cell(environment["short_name"])
        print_line(f"Saved {name}. Build it: jupyter dataflow-envs build {name} --follow")


def _named(base: WantedBase | None) -> dict[str, Any] | None:
    if base is None:
        return None
    short_name, version = (base, None) if isinstance(base, str) else base
    return {"short_name": short_name, "version": version}


def _read(file: TextIO) -> dict[str, Any]:
    try:
        spec = json.load(file)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}.") from error
    if isinstance(spec, dict) and isinstance(spec.get("environment"), dict):
        spec = {k: spec["environment"].get(k) for k in ("short_name", *SPEC_FIELDS)}
    if not isinstance(spec, dict):
        raise click.UsageError(f"{file.name} holds no JSON object.")
    return spec


@click.command()
@click.argument("short_name")
@click.option("--full-name", help="What people read.")
@click.option("--description", help="A note of what it is for.")
@base_option("Build on this environment from now on, or on its newer version.")
@click.option("--no-base", is_flag=True, help="Build on none any more; --python says the version then.")
@click.option("--python", "python_version", help="The Python version.")
@click.option("--conda", multiple=True, metavar="REQUIREMENT", help="Replaces all conda libraries; '' for none.")
@click.option("--pip", multiple=True, metavar="REQUIREMENT", help="Replaces all pip libraries; '' for none.")
@click.option(
    "--add-conda", multiple=True, metavar="REQUIREMENT", help="One more conda library, or another version of it."
)
@click.option("--add-pip", multiple=True, metavar="REQUIREMENT", help="One more pip library, or another version of it.")
@click.option("--remove", multiple=True, metavar="NAME", help="A library to take out of either list.")
@click.option("--etag", help="Refuse when someone changed it since this state, which `show --json` prints.")
@connected
def edit(
    session: Session,
    short_name: str,
    full_name: str | None,
    description: str | None,
    base: WantedBase | None,
    no_base: bool,
    python_version: str | None,
    conda: tuple[str, ...],
    pip: tuple[str, ...],
    add_conda: tuple[str, ...],
    add_pip: tuple[str, ...],
    remove: tuple[str, ...],
    etag: str | None,
) -> None:
    """Change what is saved; the next build takes it.

    The lists may be replaced (--conda, --pip) or changed line by line (--add-conda, --add-pip, --remove).
    """
    if (conda and add_conda) or (pip and add_pip):
        raise click.UsageError("Replace a list or add to it, not both.")
    only_one(base, no_base)
    before = session.client.environment(short_name)
    conda_lines = _changed(before["conda_requirements"], conda, add_conda, remove)
    pip_lines = _changed(before["pip_requirements"], pip, add_pip, remove)
    held = {_name(line) for line in (*before["conda_requirements"], *before["pip_requirements"])}
    if absent := [name for name in remove if _name(name) not in held]:
        raise NotFound(f"{short_name} does not ask for {', '.join(absent)}: `show {short_name}` says what it asks for.")
    changes = {
        "full_name": full_name,
        "description": description,
        "base": base,
        "without_base": no_base or None,
        "python_version": python_version,
        "conda_requirements": conda_lines,
        "pip_requirements": pip_lines,
    }
    changes = {k: v for k, v in changes.items() if v is not None}
    if not changes:
        raise click.UsageError("Say what to change.")
    after = session.client.edit(short_name, etag=etag or before["etag"], **changes)  # type: ignore[arg-type]
    if not session.answer(after):
        hint = f" Build it: jupyter dataflow-envs build {cell(short_name)} --follow" if after["modified"] else ""
        print_line(f"Saved {cell(after['short_name'])}.{hint}")


def _changed(before: Sequence[str], new: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> list[str] | None:
    """The list as it is to be; None when nothing was asked of it."""
    if new:
        return [line for line in new if line.strip()]
    gone = {_name(name) for name in (*add, *remove)}
    after = [line for line in before if _name(line) not in gone] + list(add)
    return None if after == list(before) else after


def _name(requirement: str) -> str:
    """The library's name, such that `Py_YAML>=6` and `py-yaml` are the same."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[=<>!~;#]", requirement.strip(), maxsplit=1)[0]).lower()


@click.command()
@click.argument("short_name")
@click.option("--force", is_flag=True, help="Delete it although it is in use (administrators).")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@connected
def delete(session: Session, short_name: str, force: bool, yes: bool) -> None:
    """Delete an environment, with its versions, logs and kernel."""
    if not yes and (session.as_json or not sys.stdin.isatty()):
        raise click.UsageError("Say --yes: nobody is there to be asked.")
    session.confirm(f"Delete {short_name} with all its versions and logs?", yes=yes)
    session.client.delete(short_name, force=force)
    if not session.answer({"deleted": short_name}):
        print_line(f"Deleted {cell(short_name)}.")


@click.command("short-name")
@click.argument("name")
@connected
def short_name_command(session: Session, name: str) -> None:
    """Say whether a new environment can have this short name."""
    answer = session.client.short_name(name)
    shown = session.answer(answer)
    if not answer["available"]:
        if not shown:
            print_line(clean(answer["message"] or ""))
        raise click.exceptions.Exit(ExitCode.REFUSED)
    if not shown:
        print_line(f"{cell(answer['short_name'])} is free.")


@click.command()
@click.argument("short_name")
@click.option("--draft", is_flag=True, help="Its latest version, although it is not published (administrators).")
@connected
def activate(session: Session, short_name: str, draft: bool) -> None:
    """Make its kernel startable in notebooks."""
    answer = session.client.activate(short_name, draft=draft)
    if not session.answer(answer):
        print_line(f"Kernel {cell(answer['kernel_name'])} can be started now.")


@click.command()
@click.argument("short_name")
@connected
def deactivate(session: Session, short_name: str) -> None:
    """Remove its kernel from notebooks; kernels that run go on."""
    answer = session.client.deactivate(short_name)
    if not session.answer(answer):
        print_line(f"Kernel {cell(answer['kernel_name'])} is no longer offered.")
