from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uv import find_uv_bin

from jupyter_dataflow_envs.domain.local import FoundPrefix, Kind
from jupyter_dataflow_envs.local.finding.places import Candidate
from jupyter_dataflow_envs.local.finding.prefix import read_prefix
from tests.local.finding.conftest import Home


def read(prefix: Path, **more: object) -> FoundPrefix:
    candidate = {"prefix": os.path.realpath(prefix), "name": prefix.name, "found_by": ("a test",), **more}
    return read_prefix(Candidate(**candidate))  # type: ignore[arg-type]


def test_a_real_venv(real_venv: Path) -> None:
    found = read(real_venv)
    version = ".".join(map(str, sys.version_info[:3]))
    assert (found.kind, found.name, found.python_version) == (Kind.VENV, "real", version)
    assert (found.packages, found.has_ipykernel, found.broken) == (0, False, None)
    assert (found.python, found.found_by) == (found.prefix / "bin/python", ("a test",))


def test_a_real_venv_of_uv(tmp_path: Path) -> None:
    command = [find_uv_bin(), "venv", "-q", "--offline", "--python", sys.executable, tmp_path / "project/.venv"]
    subprocess.run(command, check=True)
    found = read(tmp_path / "project/.venv")
    assert (found.kind, found.name, found.broken) == (Kind.VENV, "project", None)
    assert found.python_version == ".".join(map(str, sys.version_info[:3]))


def test_a_real_conda_environment(conda_prefix: Path) -> None:
    found = read(conda_prefix)
    records = list(conda_prefix.glob("conda-meta/*.json"))
    (python,) = (r.name.split("-")[1] for r in records if r.name.startswith("python-3"))
    assert (found.kind, found.name, found.python_version) == (Kind.CONDA, "real", python)
    assert (found.packages, found.has_ipykernel, found.broken) == (len(records), False, None)


def test_a_real_interpreter_of_pyenv(pyenv_root: Path) -> None:
    for prefix in sorted((pyenv_root / "versions").glob("3.*")):
        if (prefix / "bin/python3").exists():
            found = read(prefix, kind=Kind.PYENV)
            assert (found.kind, found.name, found.python_version, found.broken) == (
                Kind.PYENV, prefix.name, prefix.name, None,
            )  # fmt: skip
            assert found.packages >= 1


def test_ipykernel_is_seen(home: Home) -> None:
    assert read(home.venv(home.folder / "mine", "ipykernel-7.0")).has_ipykernel
    assert read(home.conda(home.folder / "theirs", "ipykernel-7.0-pyh0_0")).has_ipykernel
    assert not read(home.venv(home.folder / "other", "ipykernel_launcher-7.0")).has_ipykernel


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("app/.venv", "app"), ("app/venv", "app"), ("app/.conda", "app"), ("app/env", "app"), ("mine", "mine"),
        ("envs/env", "env"), (".virtualenvs/venv", "venv"), ("ma\nin", "ma\N{REPLACEMENT CHARACTER}in"),
    ],
)  # fmt: skip
def test_what_it_is_called(home: Home, path: str, name: str) -> None:
    assert read(home.venv(home.folder / path)).name == name


def test_a_root_of_conda_is_base(home: Home) -> None:
    (home.conda(home.folder / "miniforge3") / "condabin").mkdir()
    assert read(home.folder / "miniforge3").name == "base"


@pytest.mark.parametrize("line", ["version = 3.10.2", "version_info = 3.10.2.final.0", "VERSION=3.10.2"])
def test_the_version_of_a_venv(home: Home, line: str) -> None:
    prefix = home.venv(home.folder / "mine")
    (prefix / "pyvenv.cfg").write_text(f"home = {home.base}/bin\n{line}\n")
    assert read(prefix).python_version == "3.10.2"


def test_the_version_of_a_venv_that_does_not_say_it_is_its_bases(home: Home) -> None:
    prefix = home.venv(home.folder / "mine")
    (prefix / "pyvenv.cfg").write_text(f"home = {home.base}/bin\n")
    assert read(prefix).python_version == "3.11.4"


def test_the_version_of_an_interpreter_without_headers(home: Home) -> None:
    prefix = home.interpreter(home.folder / "cpython-3.11.9+freethreaded-linux-x86_64-gnu")
    (prefix / "include/python3.11/patchlevel.h").unlink()
    assert read(prefix, kind=Kind.UV).python_version == "3.11.9"
    assert read(prefix.rename(home.folder / "other")).python_version == "3.11"


def test_system_packages_of_a_venv_that_sees_them(home: Home) -> None:
    base = home.interpreter(home.folder / "python")
    home.distribution(base / "lib/python3.11/site-packages", "ipykernel-7.0")
    seeing = {"home": f"{base}/bin", "include-system-site-packages": "true"}
    found = read(home.venv(home.folder / "mine", "rich-1.0", **seeing))
    assert (found.packages, found.has_ipykernel) == (2, True)


def test_packages_of_debians_python(home: Home) -> None:
    prefix = home.interpreter(home.folder / "usr")
    for folder in ("lib/python3/dist-packages", "local/lib/python3.11/dist-packages"):
        (prefix / folder).mkdir(parents=True)
        home.distribution(prefix / folder, f"from-{folder.count('/')}-1.0".replace("from-", "from"))
    assert read(prefix).packages == 2


def broken(prefix: Path, **more: object) -> str:
    reason = read(prefix, **more).broken
    assert reason is not None
    assert reason.endswith(".")
    return reason


def test_a_dangling_interpreter(home: Home) -> None:
    prefix = home.venv(home.folder / "mine")
    (home.base / "bin/python3.11").unlink()
    target = home.base / "bin/python3.11"
    assert broken(prefix) == (
        f"Its interpreter {prefix}/bin/python points to {target}, which is gone: "
        "install that Python again, or make the environment anew."
    )


def test_a_base_that_is_gone(home: Home) -> None:
    prefix = home.venv(home.folder / "mine", home="/nowhere/bin")
    assert "was made from, in /nowhere/bin, is gone" in broken(prefix)


def test_a_venv_that_does_not_know_its_base(home: Home) -> None:
    prefix = home.venv(home.folder / "mine")
    (prefix / "pyvenv.cfg").write_bytes(b"\xff\0\x7fELF" * 1000)
    assert "doesn't say which Python it was made from" in broken(prefix)


@pytest.mark.parametrize("content", ["link", "folder", "empty", "text", "none"])
def test_an_interpreter_that_is_none(home: Home, content: str) -> None:
    prefix = home.venv(home.folder / "mine")
    python = prefix / "bin/python"
    python.unlink()
    if content == "link":
        python.symlink_to(python)
        assert "leads back to itself" in broken(prefix)
    elif content == "folder":
        python.mkdir()
        assert "is no program" in broken(prefix)
    elif content == "empty":
        python.touch(0o755)
        assert "is no program" in broken(prefix)
    elif content == "text":
        python.write_text("#!/bin/sh\n")
        assert "is not executable" in broken(prefix)
    else:
        assert f"There is no Python in {prefix}" in broken(prefix)


def test_conda_without_a_python(home: Home) -> None:
    prefix = home.conda(home.folder / "tools", "zlib-1.3-h1_0", python=None)
    found = read(prefix)
    assert (found.kind, found.packages, found.python_version) == (Kind.CONDA, 1, None)
    assert f"'conda install --prefix {prefix} python'" in (found.broken or "")


def test_a_kernelspecs_interpreter_that_is_gone(home: Home) -> None:
    prefix = home.folder / "gone"
    more = {"python": f"{prefix}/bin/python3", "kernel": "torch"}
    assert "jupyter kernelspec remove torch" in broken(prefix, **more)
    (prefix / "bin").mkdir(parents=True)
    assert f"{prefix}/bin/python3 is gone" in broken(prefix, **more)


def test_denied_by_the_system(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = home.venv(home.folder / "mine")
    scandir = os.scandir

    def denying(path: str) -> object:
        if path == str(prefix):
            raise PermissionError(13, "denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denying)
    assert f"no permission to read {prefix}" in broken(prefix)


_AS_NOBODY = """
import os, sys
os.setgid(65534); os.setgroups([]); os.setuid(65534)
from jupyter_dataflow_envs.domain.local import Kind
from jupyter_dataflow_envs.local.finding.places import Candidate
from jupyter_dataflow_envs.local.finding.prefix import read_prefix
found = read_prefix(Candidate(sys.argv[1], "mine", ("a test",), Kind.VENV))
print(found.kind.value, found.name, found.broken)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mode", [0o000, 0o711])
def test_denied_to_somebody_else(home: Home, mode: int) -> None:
    prefix = home.venv(home.folder / "mine")
    for folder in (home.folder, *home.folder.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    prefix.chmod(mode)
    # What root's Python imports may not be readable to others: it reads before it becomes one of them.
    code = _AS_NOBODY.replace("import os, sys\n", "import os, sys\nimport jupyter_dataflow_envs.local.finding.prefix\n")
    said = subprocess.run([sys.executable, "-c", code, prefix], check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"venv mine You have no permission to read {prefix}: ask")


_TEXTS = st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode))


@given(config=_TEXTS, record=_TEXTS, header=_TEXTS, metadata=_TEXTS, name=st.text(min_size=1, max_size=40))
def test_garbage_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, config: bytes, record: bytes, header: bytes, metadata: bytes, name: str
) -> None:
    home = Home(Path(os.path.realpath(tmp_path_factory.mktemp("garbage"))))
    venv, conda = home.venv(home.folder / "mine", "rich-1.0"), home.conda(home.folder / "conda", "rich-1.0-py_0")
    (venv / "pyvenv.cfg").write_bytes(config)
    (venv / "lib/python3.11/site-packages/rich-1.0.dist-info/METADATA").write_bytes(metadata)
    (conda / "conda-meta/rich-1.0-py_0.json").write_bytes(record)
    (home.base / "include/python3.11/patchlevel.h").write_bytes(header)
    for prefix in (venv, conda, home.base):
        found = read(prefix, name=name)
        assert found.name.isprintable() or found.name
        found.name.encode()
        (found.python_version or "").encode()
        (found.broken or "").encode()
