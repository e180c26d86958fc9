"""How Local environments and what changed in them are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .differences import DIRECTIONS
from .output import cell, clean, print_line
from .quantities import moment, size
from .tables import print_facts, print_table

if TYPE_CHECKING:
    from ..models import CopiedFromAnswer, DriftAnswer, LocalAnswer, LocalDetails, LocalPackageAnswer

KINDS = {
    "made": "made here",
    "conda": "conda",
    "venv": "virtual environment",
    "pyenv": "pyenv",
    "uv": "uv",
    "python": "Python",
}


def print_locals(environments: Sequence[LocalAnswer]) -> None:
    """The list."""
    if not environments:
        print_line("No Local environments.")
        return
    print_table(
        ("name", "kind", "status", "python", "packages", "kernel", "prefix", "id"),
        (
            (
                e["name"],
                KINDS[e["kind"]],
                e["status"],
                e["python_version"],
                e["package_count"],
                e["kernel"]["name"] if e["kernel"] else "",
                e["prefix"],
                e["id"] if e["id"] != e["name"] else "",
            )
            for e in environments
        ),
        right=("packages",),
    )


def print_local(environment: LocalDetails) -> None:
    """One, its failure first, and its packages."""
    e = environment
    if e["reason"]:
        print_line(f"{'Broken' if e['status'] == 'Broken' else 'Failed'}: {clean(e['reason'])}")
        if e["has_log"]:
            print_line(f"  See: jupyter dataflow-envs local log {e['id']}")
        print_line()
    print_facts(
        [
            ("name", e["name"]),
            ("id", e["id"]),
            ("kind", KINDS[e["kind"]]),
            ("prefix", e["prefix"]),
            ("status", e["status"] + (f" ({e['phase']})" if e["phase"] else "")),
            ("python", e["python_version"]),
            ("packages", e["package_count"]),
            ("size", size(e["size"])),
            ("kernel", _kernel(e)),
            ("copied from", _source(e["copied_from"])),
            ("made", moment(e["created_at"])),
            ("found by", ", ".join(e["found_by"])),
        ]
    )
    if e["packages"]:
        print_line()
        print_local_packages(e["packages"])


def print_local_packages(packages: Sequence[LocalPackageAnswer]) -> None:
    """What is installed, with why some of it can't be had elsewhere."""
    print_table(
        ("package", "version", "build", "from", "channel", "note"),
        ((p["name"], p["version"], p["build"], p["manager"], p["channel"], p["unreproducible"]) for p in packages),
    )


def print_drift(drift: DriftAnswer) -> None:
    """What changed since, those that have another version first."""
    since = moment(drift["since"])
    source = f", copied from {told}" if (told := _source(drift["copied_from"])) else ""
    rows = [
        *((DIRECTIONS[c["direction"]], c["name"], c["left"], c["right"], c["manager"]) for c in drift["changed"]),
        *(("added", p["name"], "", p["version"], p["manager"]) for p in drift["added"]),
        *(("removed", p["name"], p["version"], "", p["manager"]) for p in drift["removed"]),
    ]
    if not rows:
        print_line(f"Nothing has changed since {since}{source}.")
        return
    counts = ", ".join(f"{len(drift[name])} {name}" for name in ("added", "removed", "changed"))
    print_line(f"Since {since}{source}: {counts}, {drift['unchanged']} unchanged.")
    print_line()
    print_table(("change", "package", "then", "now", "from"), rows)


def _kernel(environment: LocalAnswer) -> str:
    kernel = environment["kernel"]
    if kernel is None:
        return "" if environment["has_ipykernel"] else "none; it has no ipykernel"
    return kernel["name"] + ("" if kernel["ours"] else " (not registered here)")


def _source(copied: CopiedFromAnswer | None) -> str:
    return f"{cell(copied['short_name'])}@{copied['version']}" if copied else ""
