"""What a process gets that runs from a prefix: variables, and the prefix' own activation scripts."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from .processes import clean_environment


def scripts(prefix: Path) -> list[Path]:
    """The scripts that conda packages want sourced, in the order conda sources them."""
    return sorted((prefix / "etc" / "conda" / "activate.d").glob("*.sh"))


def environment(prefix: Path, name: str = "") -> dict[str, str]:
    """The variables of a process of this prefix, before its activation scripts ran."""
    variables = clean_environment(
        CONDA_PREFIX=str(prefix), CONDA_DEFAULT_ENV=name or str(prefix), CONDA_SHLVL="1", PYTHONDONTWRITEBYTECODE="1"
    )
    return {**variables, "PATH": f"{prefix / 'bin'}:{variables.get('PATH', '/usr/bin:/bin')}"}


def command(prefix: Path, arguments: Sequence[str]) -> list[str]:
    """The command that runs these arguments activated: by bash only where there is something to source."""
    found = scripts(prefix)
    if not found:
        return list(arguments)
    lines = [f". {shlex.quote(str(script))}" for script in found]
    return ["bash", "-c", "\n".join([*lines, 'exec "$@"']), "activate", *arguments]
