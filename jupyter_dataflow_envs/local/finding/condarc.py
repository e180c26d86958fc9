"""Where conda's configuration says that environments are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .looks import Looks

_NAMES = ("envs_dirs", "envs_path")


def condarc_files(home: Path, environ: Mapping[str, str], system: Path, roots: Iterable[Path]) -> Iterator[Path]:
    """All that conda and mamba read, existing or not. `system` is the file system's root."""
    settings = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    folders = [system / "etc/conda", system / "var/lib/conda", *roots, settings / "conda", home / ".config/conda"]
    for folder in dict.fromkeys([*folders, home / ".conda"]):
        yield folder / ".condarc"
        yield folder / "condarc"
    yield home / ".condarc"
    yield home / ".mambarc"
    for variable in ("CONDARC", "MAMBARC"):
        if environ.get(variable):
            yield Path(environ[variable])


def envs_dirs(file: Path, looks: Looks) -> list[str]:
    """The folders as they are written there; none where it is missing or no YAML."""
    text = looks.text(str(file))
    if text is None or not any(name in text for name in _NAMES):
        return []
    return _values(text)


def _values(text: str) -> list[str]:
    """Of the parser's events: composing the whole could be made to take for ever by merges of merges."""
    import yaml  # only people with such a setting pay for it

    found: list[str] = []
    depth, key = 0, None
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                continue
            depth -= isinstance(event, yaml.CollectionEndEvent)
            scalar = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if scalar and key in _NAMES and depth in (1, 2):
                found.append(scalar)
            if depth == 1 and isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                key = scalar if key is None else None
    except (yaml.YAMLError, ValueError):
        return []
    return found
