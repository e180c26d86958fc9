"""Why requirements can't be fulfilled, said for people: by rattler's explanation and by what the channels hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from packaging.utils import canonicalize_name
from rattler import Gateway, MatchSpec, PackageRecord, RepoDataRecord, Subdir
from rattler.exceptions import GatewayError
from rattler.package import BuildString

from ..domain.errors import EngineError
from .credentials import mask
from .held import Change, Held, Holding
from .records import name_of

SHOWN_VERSIONS = 8
LONGEST = 40
"""Lines of explanation that still help."""

_LEAD = re.compile(r"^[│ ]*[├└]─ ")
_OPTIONS = re.compile(r"^(?P<spec>.+?),? (?:which )?(?:can|cannot) be installed (?:with any|because there)")
_CANDIDATE = re.compile(r"^(?P<package>.+) would (?P<verb>require|constrain)$")
_MISSING = re.compile(r"^(?P<spec>.+), for which no candidates were found\.?$")
_CLASH = re.compile(r"^(?P<spec>.+), which conflicts with")


@dataclass(slots=True)
class Node:
    """One line of rattler's tree, and what hangs below it."""

    text: str
    children: list[Node] = field(default_factory=list)

    @property
    def spec(self) -> str:
        """The requirement that this line is about, without rattler's words around it."""
        for pattern in (_OPTIONS, _MISSING, _CLASH):
            if match := pattern.match(self.text):
                return readable(match["spec"])
        return readable(self.text)


@dataclass(frozen=True, slots=True)
class Chain:
    """From a requirement down to the point where it fails or holds: `links` are "a 1.0 requires lib <2"."""

    root: str
    links: tuple[str, ...]
    end: str
    spec: str
    """The last requirement of the chain."""

    def __str__(self) -> str:
        return f"{self.root}: {', '.join(self.links)}{self.end}" if self.links else f"{self.root}{self.end}"


async def explain_unsolvable(text: str, specs: Sequence[str], channels: Sequence[str], gateway: Gateway) -> EngineError:
    """The error for a failed solve: a name that no channel has, a version that none has, or a conflict."""
    text = text.removeprefix("Cannot solve the request because of: ").strip()
    shown = ", ".join(mask(c) for c in channels)
    held = await _versions(specs, channels, gateway)
    unknown = [name for name, versions in held.items() if not versions]
    if unknown:
        return await _unknown(unknown, channels, shown, gateway)
    if match := re.match(r"No candidates were found for (.+?)\.?$", text):
        spec = readable(match[1])
        name = spec.split(" ")[0]
        offered = ", ".join(held.get(name, [])[:SHOWN_VERSIONS]) or "no version for this platform"
        return EngineError(
            f"no version of {name} fits '{spec}' in channel {shown}", f"Newest versions there are: {offered}\n{text}"
        )
    return conflict(text)


def conflict(text: str) -> EngineError:
    """rattler's tree as a sentence and a line for each chain of requirements."""
    roots = parse(text)
    chains = [chain for root in roots for chain in _chains(root, root.spec, ())]
    if not chains:
        return EngineError("the conda requirements can't be fulfilled together", text)
    lines = list(dict.fromkeys(str(c) for c in chains))
    details = "\n".join(lines[:LONGEST] + ([f"… and {len(lines) - LONGEST} more"] if len(lines) > LONGEST else []))
    names = list(dict.fromkeys(root.spec for root in roots))
    for chain in chains:
        if chain.end == _NOWHERE:
            return EngineError(_missing_sentence(chain), details)
    over = next((c.spec.split(" ")[0] for c in chains if c.end == _CONFLICT), "")
    if len(names) > 1:
        what = f"{', '.join(names[:-1])} and {names[-1]} can't be installed together"
    else:
        what = f"{names[0]} can't be installed: its own requirements conflict"
    return EngineError(f"{what}: they need different versions of {over}" if over and len(names) > 1 else what, details)


def _missing_sentence(chain: Chain) -> str:
    via = f"{chain.links[-1]}" if chain.links else chain.spec
    if chain.spec.startswith("__"):
        return f"{chain.root} can't be installed: {via}, which the machines of this deployment do not have"
    return f"{chain.root} can't be installed: {via}, which no channel offers"


_NOWHERE = ", which is not there"
_CONFLICT = ", which conflicts with the others"


def _chains(node: Node, root: str, links: tuple[str, ...]) -> Iterator[Chain]:
    """All ways down from one requirement."""
    if _MISSING.match(node.text):
        yield Chain(root, links, _NOWHERE, node.spec)
    elif _CLASH.match(node.text):
        yield Chain(root, links, _CONFLICT, node.spec)
    elif match := _CANDIDATE.match(node.text):
        verb = "requires" if match["verb"] == "require" else "allows only"
        for child in node.children:
            yield from _chains(child, root, (*links, f"{readable(match['package'])} {verb} {child.spec}"))
    elif node.children and all(not c.children for c in node.children):
        options = ", ".join(c.spec for c in node.children)
        clash = any(_CLASH.match(c.text) for c in node.children)
        yield Chain(root, links, _CONFLICT if clash else f" ({options})", node.spec)
    else:
        for child in node.children:
            yield from _chains(child, root, links)


def parse(text: str) -> list[Node]:
    """The requirements at the top of rattler's tree."""
    top = Node("")
    path = [top]
    first = None
    for line in text.splitlines():
        if not line.strip() or line.startswith("The following packages"):
            continue
        lead = _LEAD.match(line)
        depth = len(lead[0]) // 3 if lead else 0
        first = depth if first is None else first
        node = Node(line[len(lead[0]) :] if lead else line)
        path = path[: depth - first + 1]
        path[-1].children.append(node)
        path.append(node)
    return top.children


def readable(spec: str) -> str:
    """`pandas *` → `pandas`, `python 3.12.*` → `python 3.12`."""
    return re.sub(r"\s+\*$", "", spec.strip()).removesuffix(".*")


def contradictions(specs: Sequence[str], held: Held) -> list[tuple[str, Holding]]:
    """The conda requirements that name a held package, whoever manages it, in a version that they exclude."""
    by_pip = {p.name: p for p in held.pip}
    by_conda = {p.name: p for p in held.conda}
    found = []
    for text in specs:
        name = name_of(text)
        package = by_conda.get(name) or by_pip.get(canonicalize_name(name))
        if package is not None:
            record = PackageRecord(name, package.version, BuildString.new_unchecked(package.build or "0"), 0, "noarch")
            if not MatchSpec(text).matches(record):
                found.append((text, held.holding(package)))
    return found


def changes(
    held: Held, before: Sequence[RepoDataRecord], after: Sequence[RepoDataRecord], specs: Sequence[str]
) -> list[Change]:
    """Which of the records `before` a solution without them, `after`, replaces, and what new packages want there."""
    solved = {r.name.normalized: r for r in after}
    old = {r.name.normalized: r for r in before}
    changed = {name: r for name, r in old.items() if _file(solved[name]) != _file(r)}
    holdings = {p.name: held.holding(p) for p in held.conda}
    roots = _roots(solved, specs)
    wishes: dict[str, list[str]] = {name: [] for name in changed}
    for record in after:
        name = record.name.normalized
        if name in old:
            continue
        for verb, texts in (("requires", record.depends), ("allows only", record.constrains)):
            for text in texts:
                other = name_of(text)
                if other in changed and not MatchSpec(text).matches(changed[other]):
                    root = roots.get(name, name)
                    wishes[other].append(f"{root}: {name} {record.version} {verb} {readable(text)}")
    return [
        Change(holdings[name], _shown(solved[name], old[name]), tuple(dict.fromkeys(wishes[name]))) for name in changed
    ]


def _roots(solved: dict[str, RepoDataRecord], specs: Sequence[str]) -> dict[str, str]:
    """For each package of a solution, a requirement that brings it."""
    roots: dict[str, str] = {}
    for spec in specs:
        open_names = [name_of(spec)]
        while open_names:
            name = open_names.pop()
            if name in solved and name not in roots:
                roots[name] = spec
                open_names += [name_of(text) for text in solved[name].depends]
    return roots


def _file(record: RepoDataRecord) -> tuple[object, ...]:
    return (record.version, record.build, record.sha256)


def _shown(new: RepoDataRecord, old: RepoDataRecord) -> str:
    build = f" (build {new.build})" if new.version == old.version else ""
    return f"{new.name.normalized} {new.version}{build}"


async def _versions(specs: Sequence[str], channels: Sequence[str], gateway: Gateway) -> dict[str, list[str]]:
    """For each requirement's package, the versions that the channels hold for this platform, newest first."""
    names = list(dict.fromkeys(name_of(s) for s in specs))
    found: dict[str, set[object]] = {name: set() for name in names}
    platforms = [Subdir.current(), Subdir("noarch")]
    try:
        for records in await gateway.query(list(channels), platforms, names, recursive=False):
            for record in records:
                found.setdefault(record.name.normalized, set()).add(record.version)
    except GatewayError:
        return {}
    return {name: [str(v) for v in sorted(versions, reverse=True)] for name, versions in found.items()}  # type: ignore[type-var]


async def _unknown(unknown: Sequence[str], channels: Sequence[str], shown: str, gateway: Gateway) -> EngineError:
    offered = {n.normalized for n in await gateway.names(list(channels), [Subdir.current(), Subdir("noarch")])}
    lines = []
    for name in unknown:
        same = [n for n in offered if canonicalize_name(n) == canonicalize_name(name)]
        close = same or get_close_matches(name, offered, n=3, cutoff=0.7)
        hint = f": did you mean {' or '.join(close)}?" if close else ""
        lines.append(f"no package called '{name}' in channel {shown}{hint}")
    return EngineError(lines[0] if len(lines) == 1 else f"{lines[0]} (and {len(lines) - 1} more)", "\n".join(lines))
