"""How environments, versions and packages are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .output import cell, clean, console, is_terminal, print_line
from .quantities import duration, moment, size

if TYPE_CHECKING:
    from ..models import (
        DiffAnswer,
        EnvironmentAnswer,
        PackageAnswer,
        PreviewAnswer,
        VersionAnswer,
        VersionSummary,
    )

_STYLES = {
    "Failed": "red",
    "failed": "red",
    "In Progress": "yellow",
    "building": "yellow",
    "queued": "yellow",
    "Draft": "cyan",
    "Published": "green",
    "succeeded": "green",
}


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Rows under heads; every value is cleaned and taken as it is. Columns named in `right` are flush right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD if is_terminal() else None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, justify="right" if head in right else "left", overflow="fold")
    for row in rows:
        values = [cell(value) for value in row]
        table.add_row(*(Text(value, style=_STYLES.get(value, "")) for value in values))
    console().print(table)


def print_environments(environments: Sequence[EnvironmentAnswer]) -> None:
    """The list."""
    if not environments:
        print_line("No environments.")
        return
    print_table(
        ("name", "full name", "owner", "status", "version", "python", "active"),
        (
            (
                e["short_name"],
                e["full_name"],
                e["owner"],
                e["status"],
                e["usable_version"],
                e["python_version"],
                _tick(e),
            )
            for e in environments
        ),
        right=("version",),
    )


def print_environment(environment: EnvironmentAnswer, version: VersionAnswer | None) -> None:
    """One environment, its failure first, and the version that is looked at."""
    e = environment
    if e["failure"]:
        print_line(f"Failed: {clean(e['failure'])}")
        print_line(f"  See: jupyter dataflow-envs log {e['short_name']}")
        print_line()
    facts: list[tuple[str, object]] = [
        ("name", e["short_name"]),
        ("full name", e["full_name"]),
        ("description", e["description"]),
        ("owner", e["owner"]),
        ("status", _status(e)),
        ("python", e["python_version"]),
        ("conda", ", ".join(e["conda_requirements"])),
        ("pip", ", ".join(e["pip_requirements"])),
        ("versions", _versions(e)),
        ("kernel", e["kernel_name"] + ("" if e["active"] else " (not active)")),
        ("in use by", e["usage"]["active_people"] or ""),
        ("last started", moment(e["usage"]["last_started"])),
        ("changed", moment(e["updated_at"])),
    ]
    _print_facts(facts)
    if version is not None:
        print_line()
        print_version(version)


def print_version(version: VersionAnswer) -> None:
    """One version: what became of it, its steps and its packages."""
    v = version
    _print_facts(
        [
            ("version", f"{v['number']}, attempt {v['attempt']}: {v['outcome']}"),
            ("reason", v["reason"]),
            ("python", v["python"]),
            ("built", f"{moment(v['finished_at'])} by {v['created_by']}" if v["finished_at"] else ""),
            ("took", duration(v["duration"])),
            ("steps", ", ".join(f"{s['name']} {duration(s['duration'])}" for s in v["phases"])),
            ("size", size(v["size"])),
            ("digest", v["digest"]),
        ]
    )
    if v["packages"]:
        print_line()
        print_packages(v["packages"])


def print_versions(versions: Sequence[VersionSummary]) -> None:
    """The versions of one environment, newest first."""
    if not versions:
        print_line("No versions yet.")
        return
    print_table(
        ("version", "attempt", "outcome", "python", "size", "took", "finished", "by", "reason"),
        (
            (
                v["number"],
                v["attempt"],
                v["outcome"],
                v["python"],
                size(v["size"]),
                duration(v["duration"]),
                moment(v["finished_at"]),
                v["created_by"],
                v["reason"],
            )
            for v in versions
        ),
        right=("version", "attempt", "size", "took"),
    )


def print_packages(packages: Sequence[PackageAnswer]) -> None:
    """Packages, with why each is there."""
    print_table(
        ("package", "version", "build", "from", "channel", "size", "why"),
        (
            (
                p["name"],
                p["version"],
                p["build"],
                p["manager"],
                p["channel"],
                size(p["size"]),
                p["requested"] or p["origin"],
            )
            for p in packages
        ),
        right=("size",),
    )


def print_preview(preview: PreviewAnswer) -> None:
    """What a build would do."""
    diff = preview["diff"]
    print_packages(preview["packages"])
    print_line()
    count = len(preview["packages"])
    print_line(f"{count} packages, {size(preview['download_size'])} to download; {_summary(diff)}.")
    changes = [
        *(("added", p["name"], "", p["version"]) for p in diff["added"]),
        *(("removed", p["name"], p["version"], "") for p in diff["removed"]),
        *((c["direction"], c["name"], c["left"], c["right"]) for c in diff["changed"]),
    ]
    if changes and (diff["unchanged"] or diff["removed"] or diff["changed"]):
        print_line()
        print_table(("change", "package", "now", "then"), changes)
    if not preview["pip_resolved"]:
        print_line("The pip part is resolved in the build, against the packages that conda has linked by then.")


def _summary(diff: DiffAnswer) -> str:
    parts = [f"{len(diff[name])} {name}" for name in ("added", "removed", "changed", "unchanged")]
    return ", ".join(parts)


def _status(environment: EnvironmentAnswer) -> str:
    status: str = environment["status"]
    if environment["phase"]:
        status += f" ({environment['phase']})"
    if environment["queue_position"]:
        status += f", place {environment['queue_position']} in the queue"
    if environment["modified"]:
        status += ", changed since the last build"
    if environment["deprecated"]:
        status += f", deprecated: {environment['deprecated']['reason']}"
    return status


def _versions(environment: EnvironmentAnswer) -> str:
    known = (("latest", "latest_version"), ("usable", "usable_version"), ("published", "published_version"))
    return ", ".join(f"{word} {environment[key]}" for word, key in known if environment[key])  # type: ignore[literal-required]


def _tick(environment: EnvironmentAnswer) -> str:
    return "yes" if environment["active"] else ""


def _print_facts(facts: Sequence[tuple[str, object]]) -> None:
    for name, value in facts:
        if shown := cell(value):
            print_line(f"{name + ':':<14}{shown}")
