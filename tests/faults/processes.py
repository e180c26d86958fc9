"""The processes of a deployment as the machine sees them, not as the product counts them."""

from __future__ import annotations

from pathlib import Path

import pytest

if not Path("/proc/self/cmdline").exists():
    pytest.skip("processes are counted in /proc", allow_module_level=True)


def of_root(root: Path) -> list[str]:
    """Command lines of all living processes that run in, from or on the deployment's folder: engine, uv, kernels."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = (folder / "cwd").readlink()
        except (OSError, ValueError):
            continue  # it ended while it was looked at
        if state not in "ZX" and (str(root) in command or where == root or root in where.parents):
            found.append(f"{folder.name} {command}")
    return found
