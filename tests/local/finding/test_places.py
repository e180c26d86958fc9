from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.local import Kind
from jupyter_dataflow_envs.local.finding.looks import Looks
from jupyter_dataflow_envs.local.finding.places import Candidate, Surroundings, find_places
from tests.local.finding.conftest import Home


def found(around: Surroundings) -> dict[str, Candidate]:
    """By real prefix, without the server's own."""
    places = find_places(around, Looks())
    return {c.prefix: c for c in places.candidates if c.prefix != os.path.realpath(around.sys_prefix)}


def words(around: Surroundings) -> dict[str, tuple[str, ...]]:
    return {Path(prefix).name: candidate.found_by for prefix, candidate in found(around).items()}


def test_an_empty_home_has_the_servers_own_alone(home: Home) -> None:
    (own,) = find_places(home.around, Looks()).candidates
    assert (own.prefix, own.found_by) == (str(home.folder / "server"), ("this server's own Python",))


def test_environments_txt_without_its_stale_lines(home: Home) -> None:
    kept = home.conda(home.folder / "somewhere/kept")
    (home.folder / "emptied").mkdir()
    lines = [kept, home.folder / "gone", home.folder / "emptied", "relative", "", f"{kept}/", "\0"]
    (home.folder / ".conda").mkdir()
    (home.folder / ".conda/environments.txt").write_text("\n".join(map(str, lines)))
    assert words(home.around) == {"kept": ("~/.conda/environments.txt",)}


@pytest.mark.parametrize(
    "file", [".condarc", ".config/conda/.condarc", ".conda/condarc", "system/etc/conda/.condarc", "miniforge3/.condarc"]
)
@pytest.mark.parametrize(
    "text", ["envs_dirs:\n  - {}\n", "envs_dirs: [{}] # mine\n", "a: [1]\nb: {{c: d}}\nenvs_path: {}"]
)
def test_envs_dirs_of_every_condarc(home: Home, file: str, text: str) -> None:
    home.conda(home.folder / "disk/one")
    (home.folder / file).parent.mkdir(parents=True, exist_ok=True)
    (home.folder / file).write_text(text.format("~/disk"))
    assert words(home.around) == {"one": (f"envs_dirs of ~/{file}",)}


def test_a_named_condarc_and_variables_in_it(home: Home) -> None:
    home.conda(home.folder / "disk/one")
    (home.folder / "mine").write_text("envs_dirs: ['${DISK}/disk', $UNSET/x, relative]")
    around = home.with_environ(CONDARC=home.folder / "mine", DISK=home.folder)
    assert words(around) == {"one": ("envs_dirs of ~/mine",)}


@pytest.mark.parametrize(
    "content",
    [
        b"envs_dirs: [",
        b"envs_dirs: \xff\xfe\0",
        b"envs_dirs: {a: {b: c}}",
        b"envs_dirs: *none",
        b"[envs_dirs",
        b"\t- x\n",
    ],
)
def test_a_broken_condarc_is_passed_over(home: Home, content: bytes) -> None:
    home.conda(home.folder / ".conda/envs/one")
    (home.folder / ".condarc").write_bytes(content)
    assert words(home.around) == {"one": ("~/.conda",)}


def test_roots_of_conda_and_their_environments(home: Home) -> None:
    for name in ("miniforge3", "elsewhere/conda", "system/opt/conda"):
        home.conda(home.folder / name)
        home.conda(home.folder / name / "envs" / f"of-{Path(name).name}-{len(name)}")
    (home.folder / "micromamba/conda-meta").mkdir(parents=True)
    home.conda(home.folder / "micromamba/envs/micro")
    around = home.with_environ(CONDA_EXE=home.folder / "elsewhere/conda/bin/conda")
    prefixes = {str(Path(p).relative_to(home.folder)): c.found_by for p, c in found(around).items()}
    assert prefixes == {
        "elsewhere/conda": ("CONDA_EXE",),
        "elsewhere/conda/envs/of-conda-15": ("CONDA_EXE",),
        "miniforge3": ("~/miniforge3",),
        "miniforge3/envs/of-miniforge3-10": ("~/miniforge3",),
        "micromamba/envs/micro": ("~/micromamba",),
        "system/opt/conda": ("~/system/opt/conda",),
        "system/opt/conda/envs/of-conda-16": ("~/system/opt/conda",),
    }


def test_variables_of_conda(home: Home) -> None:
    home.conda(home.folder / "a/one")
    home.conda(home.folder / "b/two")
    home.conda(home.folder / "active")
    around = home.with_environ(
        CONDA_ENVS_DIRS=f"{home.folder}/a:{home.folder}/b:", CONDA_PREFIX=home.folder / "active", CONDA_EXE="conda"
    )
    assert words(around) == {"one": ("CONDA_ENVS_DIRS",), "two": ("CONDA_ENVS_DIRS",), "active": ("CONDA_PREFIX",)}


def test_virtual_environments(home: Home) -> None:
    for folder in (".virtualenvs/mine", "work/other", "shown/.venv", "active"):
        home.venv(home.folder / folder)
    (home.folder / ".virtualenvs/no-environment").mkdir()
    around = replace(home.with_environ(VIRTUAL_ENV=home.folder / "active"), root_dir=home.folder / "shown")
    assert words(around) == {
        "mine": ("~/.virtualenvs",),
        "active": ("VIRTUAL_ENV",),
        ".venv": ("this server's folder",),
    }
    assert "other" in words(home.with_environ(WORKON_HOME="~/work"))


def test_named_folders_are_one_or_hold_some(home: Home) -> None:
    home.venv(home.folder / "single")
    home.venv(home.folder / "project/.venv")
    home.venv(home.folder / "many/plain")
    home.venv(home.folder / "many/app/.venv")
    home.conda(home.folder / "many/conda")
    home.venv(home.folder / "many/too/deep")
    around = replace(home.around, folders=tuple(map(Path, ("~/single", "~/project", "~/many", "~/none"))))
    prefixes = {str(Path(p).relative_to(home.folder)): c.found_by for p, c in found(around).items()}
    assert prefixes == {
        "single": ("~/single (local_folders)",),
        "project/.venv": ("~/project (local_folders)",),
        "many/plain": ("~/many (local_folders)",),
        "many/app/.venv": ("~/many (local_folders)",),
        "many/conda": ("~/many (local_folders)",),
    }


def test_interpreters_of_uv_and_pyenv(home: Home) -> None:
    uv = home.interpreter(home.folder / ".local/share/uv/python/cpython-3.11.4-linux-x86_64-gnu")
    uv.with_name("cpython-3.11-linux-x86_64-gnu").symlink_to(uv.name)
    uv.with_name(".temp").mkdir()
    pyenv = home.interpreter(home.folder / ".pyenv/versions/3.11.4")
    inner = home.venv(pyenv / "envs/mine")
    (pyenv.parent / "mine").symlink_to(inner)
    kinds = {Path(p).name: (c.kind, c.found_by) for p, c in found(home.around).items()}
    assert kinds == {
        uv.name: (Kind.UV, ("uv",)),
        "3.11.4": (Kind.PYENV, ("pyenv",)),
        "mine": (Kind.VENV, ("pyenv",)),
    }
    assert not words(home.with_environ(UV_PYTHON_INSTALL_DIR="/nowhere", PYENV_ROOT="/nowhere"))


def test_kernelspecs_name_environments(home: Home) -> None:
    torch = home.venv(home.folder / "torch")
    home.kernel("torch", torch / "bin/python")
    home.kernel("torch-too", torch / "bin/python")
    home.kernel("gone", home.folder / "gone/bin/python3")
    home.kernel("r", home.folder / "R/bin/R")
    (home.folder / "python").touch()
    home.kernel("loose", home.folder / "python")
    home.kernel("shim", home.folder / ".pyenv/shims/python")
    home.kernel("bad name", torch / "bin/python")
    home.kernel("python3", "python")
    assert words(home.around) == {
        "torch": ("kernelspec 'torch'", "kernelspec 'torch-too'"),
        "gone": ("kernelspec 'gone'",),
    }
    (server,) = [c for c in find_places(home.around, Looks()).candidates if c.name == "server"]
    assert server.found_by == ("kernelspec 'python3'", "this server's own Python")


def test_of_equal_kernel_names_the_first_counts(home: Home) -> None:
    one, two = home.venv(home.folder / "one"), home.venv(home.folder / "two")
    home.kernel("mine", one / "bin/python", "first")
    home.kernel("Mine", two / "bin/python", "second")
    around = replace(home.around, kernels_dirs=(home.folder / "first", home.folder / "second", home.folder / "none"))
    assert set(words(around)) == {"one"}


def test_a_link_to_an_environments_interpreter_is_that_environment(home: Home) -> None:
    torch = home.venv(home.folder / "torch")
    (home.folder / "links").mkdir()
    (home.folder / "links/python3").symlink_to(torch / "bin/python")
    home.kernel("torch", home.folder / "links/python3")
    assert set(found(home.around)) == {str(torch)}


def test_one_prefix_under_several_names_is_one(home: Home) -> None:
    """And a virtual environment is never the interpreter that it links to."""
    mine = home.venv(home.folder / ".virtualenvs/mine")
    (home.folder / "alias").symlink_to(mine)
    home.kernel("mine", home.folder / "alias/bin/python")
    assert words(home.around) == {"mine": ("~/.virtualenvs", "kernelspec 'mine'")}


def test_the_real_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    around = Surroundings.of_this_server([tmp_path], tmp_path)
    assert tmp_path / "kernels" in around.kernels_dirs
    assert (around.folders, around.root_dir, around.home) == ((tmp_path,), tmp_path, Path.home())
