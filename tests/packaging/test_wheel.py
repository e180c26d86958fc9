"""The wheel, built from a clean copy of the tree, does what `pip install` promises."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
NAME = "jupyter_dataflow_envs"
LABEXTENSION = f"share/jupyter/labextensions/{NAME}"

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(1200)]


def clean_copy(target: Path) -> None:
    """Copy what git tracks or would track, as it stands in the work tree: no build results, no installed packages."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TREE,
        check=True,
        capture_output=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        source = TREE / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command outside this environment; its output, both streams. Fails the test with that output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER_", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    clean_copy(tree)
    assert not (tree / NAME / "labextension").exists()
    assert not (tree / "node_modules").exists()
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--installer", "uv", "--outdir", out, cwd=tree)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that holds the wheel and what it asks for, nothing else."""
    prefix = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "uv", "venv", "--python", sys.executable, prefix)
    run(sys.executable, "-m", "uv", "pip", "install", "--python", prefix / "bin" / "python", wheel)
    return prefix


def data_files(contents: dict[str, bytes]) -> dict[str, bytes]:
    """The files that land below the environment's prefix, by their place there."""
    return {name.partition(".data/data/")[2]: content for name, content in contents.items() if ".data/data/" in name}


def test_front_end_is_a_production_build(contents: dict[str, bytes]) -> None:
    static = {
        name.removeprefix(f"{LABEXTENSION}/static/"): content.decode()
        for name, content in data_files(contents).items()
        if name.startswith(f"{LABEXTENSION}/static/")
    }
    assert "style.js" in static
    assert "third-party-licenses.json" in static
    assert [name for name in static if re.fullmatch(r"remoteEntry\.[0-9a-f]+\.js", name)]
    assert not [name for name in static if name.endswith(".map")]
    scripts = {name: text for name, text in static.items() if name.endswith(".js")}
    assert not [name for name, text in scripts.items() if re.search(r"^//# sourceMappingURL=", text, re.MULTILINE)]
    # A development build keeps modules under their paths, with their comments and line breaks.
    assert not [name for name, text in scripts.items() if "./lib/index.js" in text and text.count("\n") > 20]


def test_panel_is_a_chunk_of_its_own(contents: dict[str, bytes]) -> None:
    holders = [
        name
        for name, content in data_files(contents).items()
        if name.endswith(".js") and b"The environments could not be read." in content
    ]
    assert len(holders) == 1
    assert b"dataflow-envs:open" not in data_files(contents)[holders[0]]


def test_data_files_are_where_jupyter_looks(contents: dict[str, bytes]) -> None:
    files = data_files(contents)
    server_config = json.loads(files[f"etc/jupyter/jupyter_server_config.d/{NAME}.json"])
    assert server_config == {"ServerApp": {"jpserver_extensions": {NAME: True}}}
    assert json.loads(files[f"{LABEXTENSION}/install.json"])["packageName"] == NAME
    assert json.loads(files[f"{LABEXTENSION}/package.json"])["jupyterlab"]["_build"]["load"].startswith(
        "static/remoteEntry."
    )
    schema = json.loads(files[f"{LABEXTENSION}/schemas/{NAME}/plugin.json"])
    assert schema["properties"]["pollInterval"]["default"] == 10


def test_python_package_holds_no_front_end(contents: dict[str, bytes]) -> None:
    package = [name for name in contents if name.startswith(f"{NAME}/")]
    assert f"{NAME}/py.typed" in package
    assert f"{NAME}/_version.py" in package
    assert not [name for name in package if "labextension" in name]


def test_server_extension_is_enabled(installed: Path) -> None:
    listing = run(installed / "bin" / "jupyter", "server", "extension", "list")
    assert re.search(rf"{NAME} enabled", listing)
    assert re.search(rf"{NAME} \S+ OK", listing)


def test_lab_extension_is_enabled(installed: Path) -> None:
    listing = run(installed / "bin" / "jupyter", "labextension", "list")
    assert re.search(rf"{NAME} v\S+ enabled OK", listing)


def test_command_is_a_jupyter_subcommand(installed: Path) -> None:
    assert "Usage:" in run(installed / "bin" / "jupyter", "dataflow-envs", "--help")
