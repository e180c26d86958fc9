from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uv import find_uv_bin

from jupyter_dataflow_envs.domain.local import InstalledPackage
from jupyter_dataflow_envs.local.finding.inventory import packages_of
from jupyter_dataflow_envs.local.finding.places import Candidate
from jupyter_dataflow_envs.local.finding.prefix import read_prefix
from tests.channel.wheelhouse import write_wheel
from tests.local.finding.conftest import Home

SITE = "lib/python3.11/site-packages"
CONDA_SITE = "lib/python3.12/site-packages"


def packages(prefix: Path) -> dict[str, InstalledPackage]:
    """By name; their number is what the list of environments says."""
    found = packages_of(prefix)
    assert list(found) == sorted(found, key=lambda p: (p.name.lower().replace("_", "-").replace(".", "-"), p.manager))
    assert read_prefix(Candidate(os.path.realpath(prefix), "x", ())).packages == len(found)
    return {p.name: p for p in found}


def pip(prefix: Path, *arguments: object) -> None:
    command = [find_uv_bin(), "pip", *map(str, arguments)]
    # Tests must not depend on what this machine's own installer is set to, nor leave anything in its cache.
    subprocess.run(
        [*command, "--python", prefix / "bin/python", "--offline", "--no-cache", "--no-config"],
        check=True,
        capture_output=True,
    )


def managers(prefix: Path) -> dict[str, tuple[str, str]]:
    return {name: (p.manager, p.version) for name, p in packages(prefix).items()}


def test_a_real_conda_environment(conda_prefix: Path, channel: Path) -> None:
    found = packages(conda_prefix)
    records = [json.loads(file.read_bytes()) for file in conda_prefix.glob("conda-meta/*.json")]
    assert {(p.name, p.version, p.build, p.manager) for p in found.values()} == {
        (r["name"], r["version"], r["build"], "conda") for r in records
    }
    assert {p.channel.rstrip("/") for p in found.values()} == {channel.as_uri()}


def test_pip_over_condas_package(own_conda: Path, wheelhouse: Path) -> None:
    before = managers(own_conda)
    assert before["click"] == ("conda", "8.1.7")
    pip(own_conda, "install", "--find-links", wheelhouse, "--no-index", "click==7.0", "tinywheel-01==1.3")
    assert managers(own_conda) == {**before, "click": ("pip", "7.0"), "tinywheel-01": ("pip", "1.3")}
    pip(own_conda, "uninstall", "tqdm")
    del before["tqdm"]
    assert managers(own_conda) == {**before, "click": ("pip", "7.0"), "tinywheel-01": ("pip", "1.3")}


def test_a_real_venv(real_venv: Path, wheelhouse: Path, tmp_path: Path) -> None:
    assert packages(real_venv) == {}
    wheel = write_wheel(tmp_path, "from-a-file", "2.0", {"from_a_file.py": b""})
    source = tmp_path / "my source"
    (source / "mine").mkdir(parents=True)
    (source / "mine/__init__.py").touch()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "mine"\nversion = "0.1"\n'
    )
    (source / "backend.py").write_text(_BACKEND)
    pip(real_venv, "install", "--find-links", wheelhouse, "--no-index", "tinywheel-00==1.0", wheel, "-e", source)
    assert packages(real_venv) == {
        "from-a-file": InstalledPackage("pip", "from-a-file", "2.0", unreproducible=f"installed from the file {wheel}"),
        "mine": InstalledPackage("pip", "mine", "0.1", unreproducible=f"installed in editable mode from {source}"),
        "tinywheel-00": InstalledPackage("pip", "tinywheel-00", "1.0"),
    }


_BACKEND = """
import pathlib, zipfile

def build_editable(directory, config_settings=None, metadata_directory=None):
    name, info = "mine-0.1-py3-none-any.whl", "mine-0.1.dist-info"
    with zipfile.ZipFile(pathlib.Path(directory) / name, "w") as z:
        z.writestr("mine.pth", str(pathlib.Path.cwd()))
        z.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 0.1\\n")
        z.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr(f"{info}/RECORD", "")
    return name
"""


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ({"url": "file:///a%20b", "dir_info": {"editable": True}}, "installed in editable mode from /a b"),
        ({"url": "file:///src", "dir_info": {}}, "installed from the folder /src"),
        ({"url": "file:///x-1.whl", "archive_info": {}}, "installed from the file /x-1.whl"),
        ({"url": "https://me:secret@host/x.whl", "archive_info": {}}, "installed from the URL https://host/x.whl"),
        (
            {"url": "https://tok@host/r", "vcs_info": {"vcs": "git", "commit_id": "ab" * 20}},
            "installed from the repository https://host/r (git, commit abababababab)",
        ),
        ({"url": "ssh://host/r", "vcs_info": {"vcs": "hg"}}, "installed from the repository ssh://host/r (hg)"),
        ({"url": "x", "vcs_info": {}}, "installed from the repository x"),
        ({"url": "a\u202eb"}, "installed from the URL a\N{REPLACEMENT CHARACTER}b"),
        ({"url": "file://["}, "installed from the file file://["),
        ([], "installed from the URL "),
    ],
)
def test_why_it_can_not_be_reproduced(home: Home, origin: object, reason: str) -> None:
    prefix = home.venv(home.folder / "mine")
    home.distribution(prefix / SITE, "x-1.0", direct_url__json=json.dumps(origin))
    assert packages(prefix)["x"].unreproducible == reason


def test_a_direct_url_that_is_garbage(home: Home) -> None:
    prefix = home.venv(home.folder / "mine")
    home.distribution(prefix / SITE, "x-1.0", direct_url__json="[" * 60_000)
    assert packages(prefix)["x"].unreproducible == "installed from a place that its direct_url.json doesn't tell"


@pytest.mark.parametrize(
    ("line", "reason"),
    [("/src\n", "installed in editable mode from /src"), ("import finder", "installed in editable mode")],
)
def test_setuptools_own_mark_of_editable_mode(home: Home, line: str, reason: str) -> None:
    prefix = home.venv(home.folder / "mine", "my-lib-1.0")
    (prefix / SITE / "__editable__.my_lib-1.0.pth").write_text(line)
    assert packages(prefix)["my-lib"].unreproducible == reason


@pytest.mark.parametrize("link", [True, False])
def test_develop_mode(home: Home, link: bool) -> None:
    source, prefix = home.folder / "source", home.venv(home.folder / "mine")
    (source / "old_lib.egg-info").mkdir(parents=True)
    (source / "old_lib.egg-info/PKG-INFO").write_text("Name: Old.Lib\nVersion: 0.3\n")
    (prefix / SITE / "easy-install.pth").write_text(f"{source}\n{prefix}/{SITE}/x.egg\nimport sys\n")
    if link:
        (prefix / SITE / "old-lib.egg-link").write_text(f"{source}\n.")
        (prefix / SITE / "lost.egg-link").write_text("/nowhere\n.")
    found = packages(prefix)
    assert found.pop("Old.Lib") == InstalledPackage(
        "pip", "Old.Lib", "0.3", unreproducible=f"installed in editable mode from {source}"
    )
    assert [p.unreproducible for p in found.values()] == ["installed in editable mode from /nowhere"] * link


def test_egg_infos_and_eggs(home: Home) -> None:
    prefix = home.venv(home.folder / "mine")
    (prefix / SITE / "six-1.16.0-py3.11.egg-info").write_text("Metadata-Version: 1.1\nName: six\nVersion: 1.16.0\n")
    (prefix / SITE / "egg-2.0-py3.11.egg/EGG-INFO").mkdir(parents=True)
    (prefix / SITE / "egg-2.0-py3.11.egg/EGG-INFO/PKG-INFO").write_text("Name: egg\nVersion: 2.0\n")
    assert managers(prefix) == {"egg": ("pip", "2.0"), "six": ("pip", "1.16.0")}


def test_what_a_removal_left_is_not_installed(home: Home) -> None:
    prefix = home.venv(home.folder / "mine", "~ich-1.0")
    (prefix / SITE / "empty-1.0.dist-info").mkdir()
    (prefix / SITE / "noversion.dist-info").mkdir()
    assert packages(prefix) == {}


def test_names_are_those_of_the_metadata(home: Home) -> None:
    prefix = home.venv(home.folder / "mine", "Ruamel.Yaml-0.18", "jupyter-client-8")
    assert list(packages(prefix)) == ["jupyter-client", "Ruamel.Yaml"]


def test_condas_name_may_be_another_than_pips(home: Home) -> None:
    prefix = home.conda(home.folder / "c", "zlib-1.3-h1_0")
    for build in ("py312_0", "h1_0"):
        name = f"torch{build[0]}"
        home.record(prefix, f"py{name}-2.0-{build}", [f"{CONDA_SITE}/{name}-2.0.dist-info/METADATA"])
        home.distribution(prefix / CONDA_SITE, f"{name}-2.0")
    home.distribution(prefix / CONDA_SITE, "rich-1.0")
    assert set(managers(prefix).items()) == {
        ("python", ("conda", "3.12.1")), ("zlib", ("conda", "1.3")), ("rich", ("pip", "1.0")),
        ("pytorchp", ("conda", "2.0")), ("pytorchh", ("conda", "2.0")),
    }  # fmt: skip


def test_a_tool_and_its_bindings_of_one_name_are_two(home: Home) -> None:
    prefix = home.conda(home.folder / "c", "graphviz-2.50-h1_0")
    home.distribution(prefix / CONDA_SITE, "graphviz-0.20")
    assert {(p.name, p.manager) for p in packages_of(prefix)} >= {("graphviz", "conda"), ("graphviz", "pip")}


@pytest.mark.parametrize("later", ["conda", "pip"])
def test_of_two_metadata_of_one_name_the_later_counts(home: Home, later: str) -> None:
    prefix = home.conda(home.folder / "c", "rich-1.0-py_0")
    other = home.distribution(prefix / CONDA_SITE, "rich-2.0")
    moment = time.time() + (60 if later == "pip" else -60)
    os.utime(other, (moment, moment))
    assert managers(prefix)["rich"] == (later, "2.0" if later == "pip" else "1.0")


@pytest.mark.parametrize(
    ("recorded", "channel"),
    [
        ("https://u:p@host/t/tk-1/main", "https://host/main"),
        ("file:///my/channel", "file:///my/channel"),
        ('a "quoted" \u00fc', 'a "quoted" \u00fc'),
        (None, ""),
    ],
)
def test_the_channel_as_it_was_recorded(home: Home, recorded: str | None, channel: str) -> None:
    prefix = home.conda(home.folder / "c")
    # The first key of that name that is one: a file's name may look like it.
    home.record(prefix, "x-1-0", ['lib/"channel": "no"'], channel=recorded)
    assert packages(prefix)["x"].channel == channel


def test_400_packages(home: Home) -> None:
    """Generous: on a shared machine this only tells that nothing is quadratic; `bench.local` has the figures."""
    prefix = home.conda(home.folder / "c")
    for number in range(200):
        files = [f"{CONDA_SITE}/c{number}/module_{i}.py" for i in range(100)]
        files.append(f"{CONDA_SITE}/c{number}-1.0.dist-info/METADATA")
        home.record(prefix, f"c{number}-1.0-py_0", files)
        home.distribution(prefix / CONDA_SITE, f"c{number}-1.0")
        home.distribution(prefix / CONDA_SITE, f"p{number}-1.0")
    began = time.perf_counter()
    found = packages_of(prefix)
    assert time.perf_counter() - began < 3
    assert len(found) == len(packages(prefix)) == 401


_GARBAGE = st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode))
_ENTRIES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=60).filter(
    lambda name: name not in (".", "..")
)


@given(content=_GARBAGE, entry=_ENTRIES, suffix=st.sampled_from([".dist-info", ".egg-info", ".egg", ".egg-link", ""]))
def test_garbage_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, entry: str, suffix: str
) -> None:
    home = Home(tmp_path_factory.mktemp("garbage"))
    prefix = home.conda(home.folder / "c", "rich-1.0-py_0")
    entry = entry.encode()[:200].decode(errors="ignore") + suffix
    site, generator = prefix / CONDA_SITE, random.Random(content)
    if generator.random() < 0.5:
        (site / entry).write_bytes(content)
    else:
        (site / entry).mkdir(exist_ok=True)
        for file in ("METADATA", "PKG-INFO", "direct_url.json"):
            (site / entry / file).write_bytes(content)
    (site / "easy-install.pth").write_bytes(content)
    (prefix / "conda-meta/odd-1-0.json").write_bytes(content)
    for package in packages_of(prefix):
        json.dumps(
            [package.name, package.version, package.channel, package.unreproducible], ensure_ascii=False
        ).encode()
