"""Why no name and version would bring a package again that pip has installed."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from ...domain.credentials import strip
from ...domain.names import shown
from .looks import read_bytes
from .site_packages import Distribution

_LIMIT = 64 * 1024
_TEXT = 300
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def unreproducible(one: Distribution) -> str | None:
    """The reason, as in "installed in editable mode from /src/lib"; None: an index has it, for all that is known."""
    if one.source is not None:
        return _editable(one.source)
    if one.suffix != ".dist-info":
        return None
    content = read_bytes(f"{one.path}/direct_url.json", _LIMIT)
    if content is not None:
        try:
            return _origin(json.loads(content))
        except (ValueError, RecursionError):
            return "installed from a place that its direct_url.json doesn't tell"
    # Old installers leave no direct_url.json.
    link = read_bytes(f"{one.folder}/__editable__.{one.entry.removesuffix('.dist-info')}.pth", _LIMIT)
    if link is None:
        return None
    line = link.decode(errors="replace").partition("\n")[0].strip()
    return _editable(line if line.startswith("/") else "")


def _origin(origin: Any) -> str:
    url = _text(origin, "url")
    folder, repository = _part(origin, "dir_info"), _part(origin, "vcs_info")
    place = shown(_place(url), _TEXT)
    if folder is not None and folder.get("editable") is True:
        return _editable(_place(url))
    if repository is not None:
        commit = _COMMIT.match(_text(repository, "commit_id"))
        words = ", ".join(filter(None, [shown(_text(repository, "vcs"), 20), commit and f"commit {commit[0][:12]}"]))
        return f"installed from the repository {place} ({words})" if words else f"installed from the repository {place}"
    if folder is not None:
        return f"installed from the folder {place}"
    return f"installed from the {'file' if url.lower().startswith('file:') else 'URL'} {place}"


def _editable(source: str) -> str:
    return f"installed in editable mode from {shown(source, _TEXT)}" if source else "installed in editable mode"


def _place(url: str) -> str:
    """A path of a file's URL; any other without credentials."""
    if not url.lower().startswith("file:"):
        return strip(url)
    try:
        return unquote(urlsplit(url).path) or url
    except ValueError:
        return url


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _part(value: Any, key: str) -> dict[str, Any] | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None
