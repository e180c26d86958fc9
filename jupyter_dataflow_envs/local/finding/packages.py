"""What is really installed in a prefix: conda's records as far as they still hold, and what pip has left."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ...domain.credentials import strip
from ...domain.local import InstalledPackage
from ...domain.names import shown
from .looks import Looks, read_bytes
from .reproduction import unreproducible
from .site_packages import Distribution, distributions

_RECORD_LIMIT = 64 * 1024 * 1024
_METADATA_LIMIT = 8 * 1024
_CHANNEL = re.compile(rb'(?<!\\)"channel"\s*:\s*("(?:[^"\\]|\\.)*")')
_OWNED = re.compile(rb'site-packages/([^"/\\]+\.(?:dist|egg)-info)["/]')
_FIELD = re.compile(r"^(Name|Version):[ \t]*(\S+)[ \t]*\r?$", re.MULTILINE)


@dataclass(slots=True)
class _Record:
    """One of conda's records; its file is read only where its name doesn't tell enough."""

    path: str
    name: str
    version: str
    build: str
    _content: bytes | None = None
    _owned: frozenset[str] | None = None

    @property
    def content(self) -> bytes:
        if self._content is None:
            self._content = read_bytes(self.path, _RECORD_LIMIT) or b""
        return self._content

    @property
    def channel(self) -> str:
        """As it was recorded, without credentials."""
        # A search and no parser: most of a record are its files, and this comes before or after them.
        found = _CHANNEL.search(self.content)
        try:
            return strip(str(json.loads(found[1]))) if found else ""
        except ValueError:
            return ""

    @property
    def owned(self) -> frozenset[str]:
        """The entries of site-packages that hold the metadata of its Python part; none without a Python part."""
        if self._owned is None:
            # Python's own record is the largest and names none.
            content = b"" if self.name == "python" else self.content
            self._owned = frozenset(entry.decode(errors="replace") for entry in set(_OWNED.findall(content)))
        return self._owned

    def take(self, *entries: str) -> None:
        """What it owns is known without reading it."""
        self._owned = frozenset(entries)

    @property
    def may_own(self) -> bool:
        """Whether its build looks like that of a package with a Python part."""
        return "py" in self.build and self.name != "python"


def installed(prefix: str, folders: list[str]) -> tuple[InstalledPackage, ...]:
    """Sorted by name. `folders`: its site-packages ones, as `read_layout` finds them."""
    looks = Looks()
    records, others = _sorted_out(_records(prefix, looks), distributions(folders, looks), thoroughly=True)
    packages = [InstalledPackage("conda", r.name, r.version, r.build, r.channel) for r in records]
    packages += [_of_pip(one) for one in others]
    return tuple(sorted(packages, key=lambda p: (canonicalize_name(p.name), p.manager)))


def count(prefix: str, found: dict[str, list[Distribution]], looks: Looks) -> int:
    """How many `installed` would give, with as few files read as will do."""
    records, others = _sorted_out(_records(prefix, looks), found, thoroughly=False)
    return len(records) + len(others)


def _records(prefix: str, looks: Looks) -> list[_Record]:
    folder = f"{prefix}/conda-meta"
    found = []
    for entry in looks.entries(folder):
        parts = entry.removesuffix(".json").rsplit("-", 2)
        if len(parts) == 3 and parts[0] and entry.endswith(".json"):
            name, version, build = (shown(part, 100) for part in parts)
            found.append(_Record(f"{folder}/{entry}", name, version, build))
    return found


def _sorted_out(
    records: list[_Record], found: dict[str, list[Distribution]], *, thoroughly: bool
) -> tuple[list[_Record], list[Distribution]]:
    """The records that still hold, and the distributions that are none of conda's."""
    entries = {one.entry for many in found.values() for one in many}
    if not thoroughly:
        _spare_reading(records, found, entries)
    owner = {entry: record for record in records for entry in record.owned & entries}
    others, replaced = [], set()
    for many in found.values():
        strangers = [one for one in many if one.folder == many[0].folder and one.entry not in owner]
        if not strangers:
            continue
        latest = max(strangers, key=lambda one: _time(one.path))
        rivals = [one.entry for one in many if one.entry in owner]
        # Both have left their metadata: what came last has overwritten the other's files.
        if all(_time(latest.path) > _time(owner[entry].path) for entry in rivals):
            replaced.update(rivals)
            others.append(latest)
    kept = [record for record in records if not record.owned or (record.owned & entries) - replaced]
    return kept, others


def _spare_reading(records: list[_Record], found: dict[str, list[Distribution]], entries: set[str]) -> None:
    """Decides who owns what by names, and reads only the records whose names leave it open."""
    left, unlikely = set(entries), []
    for record in records:
        same = found.get(canonicalize_name(record.name), [])
        if len(same) == 1 and same[0].version == record.version:
            record.take(same[0].entry)
        elif same or record.may_own:
            left -= record.owned
            continue
        else:
            unlikely.append(record)
            continue
        left.discard(same[0].entry)
    for record in unlikely:
        if left:
            left -= record.owned
        else:
            record.take()


def _of_pip(one: Distribution) -> InstalledPackage:
    """With the name and version that its metadata gives, which are those of its entry but for how they are written."""
    name, version = one.name, one.version
    if one.suffix != ".egg-link":
        content = read_bytes(one.metadata, _METADATA_LIMIT) or read_bytes(one.path, _METADATA_LIMIT) or b""
        head = content.decode(errors="replace").partition("\n\n")[0]
        fields = dict(reversed(_FIELD.findall(head)))
        name, version = fields.get("Name", name), fields.get("Version", version)
    return InstalledPackage("pip", shown(name, 100), shown(version, 100), unreproducible=unreproducible(one))


def _time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0
