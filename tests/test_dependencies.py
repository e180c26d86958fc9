"""Who may import whom: the contracts of pyproject.toml hold, and they would notice a breach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "jupyter_dataflow_envs"

HEAVY = (
    "alembic",
    "conda_lock",
    "dask",
    "distributed",
    "fsspec",
    "jupyter_scheduler",
    "jupyterhub",
    "pydantic",
    "rattler",
    "sqlalchemy",
    "uv",
    "zstandard",
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "breach", "contract"),
    [
        ("domain/clock.py", f"from {PACKAGE}.store import root", "A layer uses those below it"),
        ("store/root.py", f"from {PACKAGE}.engine import run", "A layer uses those below it"),
        ("builds/log.py", f"from {PACKAGE}.service import policies", "A layer uses those below it"),
        ("service/policies.py", f"from {PACKAGE} import models", "The models of REST bodies"),
        ("client/log.py", f"from {PACKAGE}.domain import lock", "Client and command line speak REST"),
        ("handlers/gate.py", f"import {PACKAGE}.service.deployment", "Only the app joins routes and deployment"),
        ("domain/spec.py", "import pathlib", "The domain is plain Python"),
        ("service/solver.py", "import rattler", "Conda and pip are the engine's business"),
        ("new_module.py", "", "A layer uses those below it"),
    ],
)
def test_a_breach_is_noticed(tmp_path: Path, module: str, breach: str, contract: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "labextension"))
    with (tmp_path / PACKAGE / module).open("a") as file:
        file.write(f"\n{breach}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert contract in (done.stdout + done.stderr).partition("Broken contracts")[2]


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    code += "; import sys; print('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        f"import {PACKAGE}.app",
        f"import {PACKAGE}; {PACKAGE}._jupyter_server_extension_points()",
        f"from {PACKAGE} import Client",
        f"import {PACKAGE}.cli",
        f"import {PACKAGE}.handlers.forward",
    ],
)
def test_what_starts_a_server_or_a_command_loads_nothing_heavy(code: str) -> None:
    loaded = {name.partition(".")[0] for name in loaded_by(code)}
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_what_a_persons_server_keeps_loads_no_database() -> None:
    loaded = loaded_by(f"import {PACKAGE}.home.home")
    assert not loaded & {"alembic", "psycopg", "sqlalchemy", f"{PACKAGE}.service", f"{PACKAGE}.store"}


@pytest.mark.parametrize("code", [f"from {PACKAGE} import Client", f"import {PACKAGE}.cli.program"])
def test_client_and_command_line_load_nothing_of_the_server(code: str) -> None:
    own = {name.removeprefix(f"{PACKAGE}.") for name in loaded_by(code) if name.startswith(f"{PACKAGE}.")}
    others = {name for name in own if name.partition(".")[0] not in ("cli", "client", "_version")}
    assert others == {"domain", "domain.errors"}


def test_what_runs_in_jupyterhub_loads_nothing_of_the_server() -> None:
    loaded = loaded_by(f"from {PACKAGE} import hub; hub.configure")
    own = {name.removeprefix(f"{PACKAGE}.") for name in loaded if name.startswith(f"{PACKAGE}.")}
    assert {name.partition(".")[0] for name in own} <= {"hub", "_version"}
    assert {name.partition(".")[0] for name in loaded}.isdisjoint({*HEAVY, "httpx", "jupyter_server"})
