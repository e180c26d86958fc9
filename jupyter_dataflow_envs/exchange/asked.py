"""A requirement in another tool's words, and the line of our own grammar that comes nearest to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..domain.errors import InvalidSpec
from ..domain.lock import Manager
from ..domain.names import check_python_version
from ..domain.requirement import parse_requirements

Specifiers = tuple[tuple[str, str], ...]

_RANK = {"==": 0, "=": 1, ">=": 2, "<=": 3}
_PLAIN = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})*", re.ASCII)


class Unusable(Exception):
    """A line that nothing can be made of; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement, taken apart.

    Each of `alternatives` are operators and versions that must all hold, as the extended grammar has them (`=` is a
    series). `lost` says what of the text has no place in the grammar.
    """

    name: str
    extras: tuple[str, ...] = ()
    alternatives: tuple[Specifiers, ...] = ((),)
    lost: tuple[str, ...] = ()
    marker: Marker | None = None


def fit(asked: Asked, manager: Manager, *, extended: bool) -> tuple[str, list[str]]:
    """A line that the grammar takes, and what it does not say of what was asked for. Raises Unusable."""
    lost = list(asked.lost)
    specifiers = max(asked.alternatives, key=_newest)
    if len(asked.alternatives) > 1:
        lost.append(f"of the alternatives only {_text(specifiers)} is kept")
    if not extended:
        specifiers, more = _one(specifiers, manager)
        lost += more
    extras = f"[{','.join(asked.extras)}]" if asked.extras else ""
    found, errors = parse_requirements([asked.name + extras + _text(specifiers)], manager, extended=extended)
    if errors or not found:
        raise Unusable(errors[0].message if errors else "there is no library in this line")
    return found[0].text, lost


def fit_python(asked: Asked, pythons: Sequence[str]) -> tuple[str | None, list[str]]:
    """The Python to choose, None where none that is offered fits, and how it differs from what was asked for."""
    lost = list(asked.lost)
    if len(asked.alternatives) == 1 and len(asked.alternatives[0]) == 1:
        operator, version = asked.alternatives[0][0]
        if operator in ("=", "==") and "." in version:
            try:
                return check_python_version(version), lost
            except InvalidSpec as error:
                raise Unusable(error.errors[0].message) from None
    for offered in sorted(pythons, key=_version, reverse=True):
        if any(_fits(offered, specifiers) for specifiers in asked.alternatives):
            series = ".".join(offered.split(".")[:2])
            whole = any(_fits(series, specifiers) for specifiers in asked.alternatives)
            return series if whole else offered, [*lost, "the newest of the Python versions offered here that fits"]
    return None, lost


def _one(specifiers: Specifiers, manager: Manager) -> tuple[Specifiers, list[str]]:
    """Of several specifiers the one that says most, in an operator that the grammar takes."""
    fitted = [(*_plain(operator, version, manager), operator + version) for operator, version in specifiers]
    kept = min((f for f in fitted if f[0] is not None), key=lambda f: _RANK[str(f[0])], default=None)
    lost = []
    if kept is not None and kept[2]:
        lost.append(kept[2])
    lost += [
        f"'{one[3]}' could not be kept: one version with =, ==, <= or >= is taken here"
        for one in fitted
        if kept is None or one[:2] != kept[:2]
    ]
    return ((str(kept[0]), kept[1]),) if kept else (), lost


def _plain(operator: str, version: str, manager: Manager) -> tuple[str | None, str, str]:
    """An operator of the four, its version, and what is not as it was."""
    if operator == ">":
        return ">=", version, f"'>' is not taken here: '>=' allows {version} itself too"
    if operator == "<":
        return "<=", version, f"'<' is not taken here: '<=' allows {version} itself too"
    if operator == "~=":
        numbers = version.split(".")
        series = ".".join(numbers[:-1])
        if not _PLAIN.fullmatch(version) or len(numbers) < 2 or (manager == "pip" and len(numbers) > 3):
            return ">=", version, f"'~=' is not taken here: newer series than that of {version} are allowed too"
        if numbers[-1] == "0":
            return "=", series, ""
        return "=", series, f"'~=' is not taken here: {series} before {version} is allowed too"
    return (operator if operator in _RANK else None), version, ""


def _newest(specifiers: Specifiers) -> Version:
    return max((_version(version) for _, version in specifiers), default=Version("0"))


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def _fits(python: str, specifiers: Specifiers) -> bool:
    """A series fits when its newest version would."""
    version = _version(python if python.count(".") > 1 else python + ".999")
    texts = [f"=={v}.*" if operator == "=" else operator + v for operator, v in specifiers]
    try:
        return SpecifierSet(",".join(texts)).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False


def _text(specifiers: Specifiers) -> str:
    return ",".join(operator + version for operator, version in specifiers)
