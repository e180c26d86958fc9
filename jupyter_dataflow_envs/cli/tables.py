"""How environments, versions and packages are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .output import cell, clean, console, is_terminal, print_line
from .quantities import duration, moment, size

if TYPE_CHECKING:
    from ..models import (
        BaseAnswer,
        EnvironmentAnswer,
        PackageAnswer,
        ReviewAnswer,
        VersionAnswer,
        VersionSummary,
        ViolationAnswer,
    )

_STYLES = {
    "Failed": "red",
    "failed": "red",
    "In Progress": "yellow",
    "building": "yellow",
    "queued": "yellow",
    "Pending Approval": "yellow",
    "pending": "yellow",
    "Draft": "cyan",
    "Published": "green",
    "Published (deprecated)": "yellow",
    "succeeded": "green",
    "approved": "green",
    "rejected": "red",
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


def print_facts(facts: Sequence[tuple[str, object]]) -> None:
    """A line for each fact that there is."""
    for name, value in facts:
        if shown := cell(value):
            print_line(f"{name + ':':<14}{shown}")


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
                e["status"] + (" (deprecated)" if e["deprecated"] else ""),
                e["usable_version"],
                e["python_version"] or (f"of {named(e['base'])}" if e["base"] else ""),
                _active(e),
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
        ("deprecated", _deprecated(e)),
        ("base", named(e["base"]) if e["base"] else ""),
        ("python", e["python_version"]),
        ("conda", ", ".join(e["conda_requirements"])),
        ("pip", ", ".join(e["pip_requirements"])),
        ("versions", _versions(e)),
        ("review", told(e["review"]) if e["review"] else ""),
        ("kernel", e["kernel_name"] + {"": " (not active)", "draft": " (starts the draft)"}.get(_active(e), "")),
        ("active for", _people(e["usage"]["active_people"])),
        ("last started", moment(e["usage"]["last_started"])),
        ("changed", moment(e["updated_at"])),
    ]
    print_facts(facts)
    if version is not None:
        print_line()
        print_version(version)


def print_version(version: VersionAnswer) -> None:
    """One version: what became of it, its steps and its packages."""
    v = version
    print_facts(
        [
            ("version", f"{v['number']}, attempt {v['attempt']}: {v['outcome']}"),
            ("note", _remarks(v)),
            ("base", named(v["requested"]["base"]) if v["requested"]["base"] else ""),
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
        ("version", "attempt", "outcome", "python", "size", "took", "finished", "by", "note"),
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
                _remarks(v),
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


def _status(environment: EnvironmentAnswer) -> str:
    status: str = environment["status"]
    if environment["phase"]:
        status += f" ({environment['phase']})"
    if environment["queue_position"]:
        status += f", place {environment['queue_position']} in the queue"
    if environment["modified"]:
        status += ", changed since the last build"
    return status


def _deprecated(environment: EnvironmentAnswer) -> str:
    found = environment["deprecated"]
    return f"since {moment(found['at'])}: {found['reason']}" if found else ""


def _people(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}" if count else ""


def named(base: BaseAnswer) -> str:
    """A version of an environment, as commands take it."""
    return f"{base['short_name']}@{base['version']}"


def told(review: ReviewAnswer) -> str:
    """A review in a sentence: of what, what became of it, and what was said."""
    r = review
    if r["decided_by"] is None:
        state = f"waits for approval since {moment(r['submitted_at'])}"
        said = r["note"]
    else:
        state = f"{r['state']} by {r['decided_by']} on {moment(r['decided_at'])}"
        said = r["comment"] or ""
    return f"version {r['version']} {state}" + (f": {said}" if said else "")


def _remarks(version: VersionSummary) -> str:
    v, remarks = version, []
    if v["reverted_from"]:
        remarks.append(f"reverted from version {v['reverted_from']}")
    if v["pin_installed"]:
        remarks.append("only added to what was installed")
    if v["outcome"] == "succeeded" and not v["installed"]:
        remarks.append("its files are removed: a revert installs them again")
    return "; ".join([*remarks, *([v["reason"]] if v["reason"] else [])])


def _versions(environment: EnvironmentAnswer) -> str:
    known = (("latest", "latest_version"), ("usable", "usable_version"), ("published", "published_version"))
    return ", ".join(f"{word} {environment[key]}" for word, key in known if environment[key])  # type: ignore[literal-required]


def _active(environment: EnvironmentAnswer) -> str:
    if environment["draft_active"]:
        return "draft"
    return "yes" if environment["active"] else ""


def violated(violation: ViolationAnswer) -> str:
    """What breaks the policy, which rule, and why; cleaned."""
    package = f"{violation['package']} {violation['version']}"
    return f"{cell(package)}: {cell(violation['reason'])} ({cell(violation['rule'])})"
