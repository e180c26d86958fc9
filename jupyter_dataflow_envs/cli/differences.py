"""What changes between two sets of packages, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import print_line
from .quantities import size
from .tables import print_packages, print_table

if TYPE_CHECKING:
    from ..models import DiffAnswer, PreviewAnswer

DIRECTIONS = {"up": "newer", "down": "older", "rebuilt": "another build"}


def summary(diff: DiffAnswer) -> str:
    """How many packages are new, gone, other and the same."""
    return ", ".join(f"{len(diff[name])} {name}" for name in ("added", "removed", "changed", "unchanged"))


def print_changes(diff: DiffAnswer, *, heads: tuple[str, str] = ("now", "then")) -> None:
    """A row for each package that is not the same on both sides, those that change first."""
    rows = [
        *((DIRECTIONS[c["direction"]], c["name"], c["left"], c["right"], c["manager"]) for c in diff["changed"]),
        *(("added", p["name"], "", p["version"], p["manager"]) for p in diff["added"]),
        *(("removed", p["name"], p["version"], "", p["manager"]) for p in diff["removed"]),
    ]
    if rows:
        print_line()
        print_table(("change", "package", *heads, "from"), rows)


def print_preview(preview: PreviewAnswer) -> None:
    """What a build would do."""
    diff = preview["diff"]
    print_packages(preview["packages"])
    print_line()
    count = len(preview["packages"])
    print_line(f"{count} packages, {size(preview['download_size'])} to download; {summary(diff)}.")
    if diff["unchanged"] or diff["removed"] or diff["changed"]:
        print_changes(diff)
    if not preview["pip_resolved"]:
        print_line("The pip part is resolved in the build, against the packages that conda has linked by then.")
