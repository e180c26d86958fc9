"""Where tools put environments, and where people keep theirs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...domain.local import Kind
from .condarc import condarc_files, envs_dirs
from .kernelspecs import Kernelspec, read_kernelspecs
from .looks import Looks

FOLDER_LIMIT = 500
"""Entries that are looked at of one folder of environments or projects."""

_ROOTS = (
    *("miniforge3", "miniconda3", "anaconda3", "mambaforge", "micromamba", ".local/share/mamba"),
    *("miniforge", "miniconda", "anaconda", "mambaforge3", ".miniforge3", ".miniconda3", ".conda"),
)
"""Where conda's installers put themselves in a home; under the last `conda create` puts environments without them."""

_SYSTEM_ROOTS = ("opt/conda", "opt/miniforge3", "opt/miniconda3", "opt/anaconda3", "opt/mambaforge")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where to look. `folders` are those of the setting `local_folders`; `root_dir` is what the server shows."""

    home: Path
    environ: Mapping[str, str]
    kernels_dirs: tuple[Path, ...]
    sys_prefix: Path
    folders: tuple[Path, ...] = ()
    root_dir: Path | None = None
    system: Path = Path("/")
    """The file system's root."""

    @classmethod
    def of_this_server(cls, folders: Iterable[Path] = (), root_dir: Path | None = None) -> Surroundings:
        from jupyter_core.paths import jupyter_path

        kernels_dirs = tuple(Path(folder) for folder in jupyter_path("kernels"))
        return cls(Path.home(), dict(os.environ), kernels_dirs, Path(sys.prefix), tuple(folders), root_dir)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be an environment. `prefix` is its real path; `name` is that of the folder as it was found.

    `kind` is what the place says of it, where it says something; `python` and `kernel` are a kernelspec's.
    """

    prefix: str
    name: str
    found_by: tuple[str, ...]
    kind: Kind | None = None
    python: str | None = None
    kernel: str | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """What was found; no prefix is there twice."""

    candidates: tuple[Candidate, ...]
    kernelspecs: tuple[Kernelspec, ...]


def find_places(around: Surroundings, looks: Looks) -> Places:
    """Every candidate, with the words for people of how it was found. Raises nothing for what lies on the disk."""
    search = _Search(around, looks)
    search.conda()
    search.virtual_environments()
    search.interpreters()
    kernelspecs = read_kernelspecs(around.kernels_dirs, around.sys_prefix, looks)
    for spec in kernelspecs:
        search.add(spec.prefix, f"kernelspec '{spec.name}'", python=spec.python, kernel=spec.name)
    search.add(str(around.sys_prefix), "this server's own Python")
    return Places(tuple(search.found.values()), tuple(kernelspecs))


@dataclass
class _Search:
    around: Surroundings
    looks: Looks
    found: dict[str, Candidate] = field(default_factory=dict)

    def add(
        self, prefix: str, words: str, kind: Kind | None = None, python: str | None = None, kernel: str | None = None
    ) -> None:
        try:
            prefix = os.path.abspath(prefix)  # noqa: PTH100  it must not be resolved for its name
            real = os.path.realpath(prefix)
            real.encode()
        except (OSError, ValueError):
            return  # its path is no text: neither Jupyter nor a browser could name it
        known = self.found.get(real)
        if known is None:
            name = os.path.basename(prefix) or prefix  # noqa: PTH119
            self.found[real] = Candidate(real, name, (words,), kind, python, kernel)
            return
        self.found[real] = replace(
            known,
            found_by=tuple(dict.fromkeys((*known.found_by, words))),
            kind=known.kind or kind,
            python=known.python or python,
            kernel=known.kernel or kernel,
        )

    def conda(self) -> None:
        environ, home = self.around.environ, self.around.home
        listed = home / ".conda/environments.txt"
        for line in (self.looks.text(str(listed)) or "").splitlines():
            self._add_conda(line.strip(), self._tilde(listed))
        roots = self._roots()
        for root, words in roots.items():
            # micromamba's root is a folder of environments, seldom one itself.
            if any(name.endswith(".json") for name in self.looks.entries(f"{root}/conda-meta")):
                self._add_conda(str(root), words)
            self._add_conda_of(root / "envs", words)
        for file in condarc_files(home, environ, self.around.system, roots):
            for folder in envs_dirs(file, self.looks):
                self._add_conda_of(self._expanded(folder), f"envs_dirs of {self._tilde(file)}")
        for variable in ("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"):
            for folder in filter(None, environ.get(variable, "").split(os.pathsep)):
                self._add_conda_of(self._expanded(folder), variable)
        if environ.get("CONDA_PREFIX"):
            self._add_conda(environ["CONDA_PREFIX"], "CONDA_PREFIX")

    def virtual_environments(self) -> None:
        around = self.around
        folder, words = around.home / ".virtualenvs", "~/.virtualenvs"
        if around.environ.get("WORKON_HOME"):
            folder, words = self._expanded(around.environ["WORKON_HOME"]), "WORKON_HOME"
        for name in self.looks.entries(str(folder), FOLDER_LIMIT):
            self._add_venv(f"{folder}/{name}", words)
        if around.environ.get("VIRTUAL_ENV"):
            self._add_venv(around.environ["VIRTUAL_ENV"], "VIRTUAL_ENV")
        if around.root_dir is not None:
            self._add_venv(f"{around.root_dir}/.venv", "this server's folder")
        for folder in around.folders:
            self._add_named(self._expanded(str(folder)))

    def interpreters(self) -> None:
        environ, home = self.around.environ, self.around.home
        data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
        uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
        for name in self.looks.entries(str(uv), FOLDER_LIMIT):
            # Links from "3.11" to "3.11.7" lie beside them.
            if not name.startswith(".") and not (uv / name).is_symlink():
                self._add_interpreter(f"{uv}/{name}", "uv", Kind.UV)
        versions = Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
        for name in self.looks.entries(str(versions), FOLDER_LIMIT):
            self._add_interpreter(f"{versions}/{name}", "pyenv", Kind.PYENV)
            for inner in self.looks.entries(f"{versions}/{name}/envs", FOLDER_LIMIT):
                self._add_venv(f"{versions}/{name}/envs/{inner}", "pyenv")
                self._add_conda(f"{versions}/{name}/envs/{inner}", "pyenv")

    def _roots(self) -> dict[Path, str]:
        """The folders that conda, mamba or micromamba may be installed in."""
        environ, around = self.around.environ, self.around
        roots: dict[Path, str] = {}
        for variable in ("CONDA_EXE", "MAMBA_EXE"):
            program = Path(environ.get(variable, ""))
            if program.is_absolute() and program.parent.name in ("bin", "condabin"):
                roots[program.parent.parent] = variable
        for variable in ("CONDA_ROOT", "CONDA_PREFIX_1", "CONDA_PREFIX", "MAMBA_ROOT_PREFIX"):
            if environ.get(variable, "").startswith("/"):
                roots.setdefault(Path(environ[variable]), variable)
        if around.sys_prefix.parent.name == "envs":
            roots.setdefault(around.sys_prefix.parent.parent, "this server's own Python")
        for folder in (*(around.home / name for name in _ROOTS), *(around.system / name for name in _SYSTEM_ROOTS)):
            roots.setdefault(folder, self._tilde(folder))
        return roots

    def _add_conda_of(self, folder: Path, words: str) -> None:
        for name in self.looks.entries(str(folder), FOLDER_LIMIT):
            self._add_conda(f"{folder}/{name}", words)

    def _add_conda(self, prefix: str, words: str) -> None:
        """Not where nothing of conda is left, as behind most lines of environments.txt after a while."""
        if prefix.startswith("/") and self._has(prefix, "conda-meta"):
            self.add(prefix, words, Kind.CONDA)

    def _add_venv(self, prefix: str, words: str) -> None:
        if prefix.startswith("/") and self._has(prefix, "pyvenv.cfg"):
            self.add(prefix, words, Kind.VENV)

    def _add_interpreter(self, prefix: str, words: str, kind: Kind) -> None:
        if self._has(prefix, "bin"):
            self.add(prefix, words, kind)

    def _add_named(self, folder: Path) -> None:
        """A folder of `local_folders`: an environment, a project, or a folder of them."""
        words = f"{self._tilde(folder)} (local_folders)"
        if self._is_environment(str(folder)):
            self.add(str(folder), words)
            return
        for project in (folder, *(folder / name for name in self.looks.entries(str(folder), FOLDER_LIMIT))):
            for prefix in (project, project / ".venv"):
                if self._is_environment(str(prefix)):
                    self.add(str(prefix), words)
                    break

    def _is_environment(self, prefix: str) -> bool:
        return self.looks.is_file(f"{prefix}/pyvenv.cfg") or self.looks.is_folder(f"{prefix}/conda-meta")

    def _has(self, prefix: str, name: str) -> bool:
        """True where it can't be known for want of permission: such an environment is listed, with that reason."""
        found = self.looks.at(f"{prefix}/{name}")
        return not isinstance(found, int) or self.looks.is_denied(f"{prefix}/{name}")

    def _expanded(self, text: str) -> Path:
        environ = self.around.environ
        text = _VARIABLE.sub(lambda m: environ.get(m[1] or m[2], m[0]), text)
        return self.around.home / text[2:] if text.startswith("~/") else Path(text)

    def _tilde(self, path: Path) -> str:
        home = self.around.home
        return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path)
