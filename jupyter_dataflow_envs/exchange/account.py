"""What an import says of a file: the specification that came of it and, line by line, what could not be taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from packaging.utils import canonicalize_name

from ..domain.errors import InvalidSpec
from ..domain.lock import Manager
from ..domain.names import FULL_LIMIT, SHORT_LIMIT, check_full_name, check_short_name, shown
from ..domain.requirement import LINES_LIMIT, Requirement, parse_requirements

Format = Literal["environment.yml", "requirements.txt", "conda-lock.yml", "explicit.txt"]

TOLD_LIMIT = 1000
"""Lines of one file that are told of, of each kind: more would be an answer that nobody reads."""

SHOWN = 160
"""Characters of a line that are repeated in the account."""

UNNAMED = "Imported environment"


@dataclass(frozen=True, slots=True)
class Target:
    """What the file is read for.

    `platform` is a conda platform such as `linux-64`; `pythons` are the series or versions of Python that are offered;
    `channels` are the deployment's; `extended` is its setting `extended_requirements`.
    """

    platform: str
    channels: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the file that is not part of the specification, and why; lines count from 1."""

    line: int | None
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the file that could not be kept as it stands, what became of it, and what is lost by that."""

    line: int | None
    text: str
    became: str
    message: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A specification that can be saved as it is once it has a short name and a Python version, and the account."""

    format: Format
    short_name: str | None
    full_name: str
    python_version: str | None
    conda_requirements: tuple[str, ...]
    pip_requirements: tuple[str, ...]
    left_out: tuple[Note, ...]
    changed: tuple[Change, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Taken:
    line: int
    text: str
    requirement: Requirement


@dataclass(slots=True)
class Account:
    """Collects what a reader finds. What it ends with passes the grammar: each line, and all of them together."""

    target: Target
    python: str | None = None
    _taken: dict[str, _Taken] = field(default_factory=dict)
    _left_out: list[Note] = field(default_factory=list)
    _changed: list[Change] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _counts: dict[Manager, int] = field(default_factory=dict)
    _untold: int = 0
    _beyond: dict[Manager, list[int]] = field(default_factory=dict)

    def leave_out(self, line: int | None, text: str, message: str) -> None:
        if len(self._left_out) < TOLD_LIMIT:
            self._left_out.append(Note(line, shown(text.strip(), SHOWN), message))
        else:
            self._untold += 1

    def change(self, line: int | None, text: str, became: str, messages: Iterable[str]) -> None:
        if len(self._changed) < TOLD_LIMIT:
            self._changed.append(Change(line, shown(text.strip(), SHOWN), became, "; ".join(messages)))
        else:
            self._untold += 1

    def note(self, message: str) -> None:
        if message not in self._notes:
            self._notes.append(message)

    def take(self, manager: Manager, line: int, text: str, became: str, lost: Sequence[str] = ()) -> None:
        """`became` is a line of the grammar; `lost` says what of `text` it does not hold."""
        (requirement,), _ = parse_requirements([became], manager, extended=True)
        before = self._taken.get(requirement.name)
        if before is not None:
            self._join(before, _Taken(line, text, requirement), lost)
        elif self._counts.get(manager, 0) >= LINES_LIMIT:
            self._beyond.setdefault(manager, []).append(line)
        else:
            self._taken[requirement.name] = _Taken(line, text, requirement)
            self._counts[manager] = self._counts.get(manager, 0) + 1
            if lost:
                self.change(line, text, became, lost)

    def finish(self, format: Format, name: str | None, file_name: str | None, full_name: str | None) -> Imported:
        """`name` is what the file calls the environment, `full_name` what it says people read."""
        for manager, lines in self._beyond.items():
            self.note(
                f"At most {LINES_LIMIT} {manager} libraries can be asked for: {len(lines)} more, from line {lines[0]} "
                "on, were left out."
            )
        if self._untold:
            self.note(f"{self._untold} more lines could not be taken as they stand.")
        stem = _stem(file_name)
        short_name = suggest_short_name(name or "") or suggest_short_name(stem or "")
        if name and short_name and short_name != name.strip().lower():
            self.note(
                f"'{shown(name, 60)}' is no short name (1 to {SHORT_LIMIT} characters): '{short_name}' is suggested."
            )
        return Imported(
            format=format,
            short_name=short_name,
            full_name=_full_name(full_name, name, stem),
            python_version=self.python,
            conda_requirements=tuple(t.requirement.text for t in self._of("conda")),
            pip_requirements=tuple(t.requirement.text for t in self._of("pip")),
            left_out=tuple(sorted(self._left_out, key=lambda n: n.line or 0)),
            changed=tuple(sorted(self._changed, key=lambda c: c.line or 0)),
            notes=tuple(self._notes),
        )

    def _of(self, manager: Manager) -> list[_Taken]:
        return [t for t in self._taken.values() if t.requirement.manager == manager]

    def _join(self, before: _Taken, after: _Taken, lost: Sequence[str]) -> None:
        """Of two lines on one library one is kept: there can be but one. Extras of both are."""
        old, new = before.requirement, after.requirement
        same = old.manager == new.manager
        place = f"line {before.line}" if same else f"the {old.manager} libraries (line {before.line})"
        joined = replace(
            old,
            extras=tuple(sorted({*old.extras, *new.extras})),
            specifiers=old.specifiers or (new.specifiers if same or new.extras else ()),
        )
        if joined.manager == "conda" and not same:
            # What is a version for pip need not be one for conda.
            found, _ = parse_requirements([joined.text], "conda", extended=True)
            joined = replace(found[0], line=old.line) if found else old
        if joined == old:
            self.leave_out(after.line, after.text, f"'{old.spelled}' stands in {place} already")
            return
        before.requirement = joined
        kept = [] if new.specifiers in ((), joined.specifiers) else ["the version in that line is kept"]
        self.change(after.line, after.text, joined.text, [f"joined with {place}", *kept, *lost])


def suggest_short_name(name: str) -> str | None:
    """A short name made of a longer one, or None where nothing of it can be used."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.strip().lower())
    for text in (name, letters.lstrip("-0123456789")[:SHORT_LIMIT].rstrip("-")):
        try:
            return check_short_name(text)
        except InvalidSpec:
            continue
    return None


def _full_name(*texts: str | None) -> str:
    for text in texts:
        try:
            return check_full_name((text or "").strip()[:FULL_LIMIT])
        except InvalidSpec:
            continue
    return UNNAMED


def _stem(file_name: str | None) -> str | None:
    """What a file's name says of its environment: nothing where it is but the name of the format."""
    if not file_name:
        return None
    stem = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    for suffix in (".yml", ".yaml", ".txt", ".in", ".conda-lock", ".lock"):
        stem = stem.removesuffix(suffix)
    words = [w for w in canonicalize_name(stem).split("-") if w not in _FORMAT_WORDS]
    return "-".join(words) or None


_FORMAT_WORDS = {
    "", "conda", "dev", "env", "environment", "environments", "explicit", "export", "exported", "file", "lock", "pip",
    "req", "reqs", "requested", "requirements", "spec", "v1", "v2", "v3",
}  # fmt: skip
