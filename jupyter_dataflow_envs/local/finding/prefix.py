"""What a prefix is, from a look at its folders."""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ...domain.local import FoundPrefix, Kind
from ...domain.names import shown
from .looks import Looks, real
from .packages import count
from .places import Candidate
from .site_packages import distributions, minor_of, site_folders

_CONFIG_LIMIT = 16 * 1024
_PYTHONS = ("python", "python3", "pypy3")
_PROJECT_FOLDERS = (".venv", "venv", ".conda", ".env", "env")
_COLLECTIONS = ("envs", ".virtualenvs", "versions")
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?(?:(?:a|b|rc)\d+)?")
_HEADER = re.compile(r'#define\s+PY_VERSION\s+"([^"]{1,40})"')


@dataclass(frozen=True, slots=True)
class Layout:
    """How a prefix is laid out: what both its description and its packages start from."""

    kind: Kind
    python_version: str | None
    site_folders: list[str]
    config: dict[str, str]
    """Of its pyvenv.cfg."""


def read_prefix(candidate: Candidate, looks: Looks | None = None) -> FoundPrefix:
    """Raises nothing, whatever lies there; `looks` remembers what the answer depends on."""
    looks = looks or Looks()
    prefix = candidate.prefix
    layout = read_layout(prefix, looks, candidate.kind, candidate.python)
    python = _python(candidate)
    found = distributions(layout.site_folders, looks)
    return FoundPrefix(
        prefix=Path(prefix),
        kind=layout.kind,
        name=_name(candidate, layout, looks),
        python=Path(python),
        python_version=layout.python_version,
        packages=count(prefix, found, looks),
        has_ipykernel="ipykernel" in found,
        broken=_fault(candidate, python, layout, looks),
        found_by=candidate.found_by,
    )


def read_layout(prefix: str, looks: Looks, hint: Kind | None = None, python: str | None = None) -> Layout:
    """`hint`: what the place where it was found says of its kind; `python`: the interpreter, where it is known."""
    config = _config(f"{prefix}/pyvenv.cfg", looks)
    if looks.is_folder(f"{prefix}/conda-meta"):
        kind, version = Kind.CONDA, _conda_version(prefix, looks)
    elif config is not None:
        kind, version = Kind.VENV, _config_version(config, looks)
    else:
        kind, version = hint or Kind.PYTHON, _interpreter_version(prefix, python, looks)
    folders = site_folders(prefix, minor_of(version), looks)
    if kind is not Kind.CONDA:  # whose records tell it, or that there is none
        version = version or _library_version(folders)
    if config and config.get("include-system-site-packages", "").lower() == "true" and "home" in config:
        base = os.path.dirname(real(config["home"]))  # noqa: PTH120
        folders += [folder for folder in site_folders(base, minor_of(version), looks) if folder not in folders]
    return Layout(kind, version, folders, config or {})


def _python(candidate: Candidate) -> str:
    folder = f"{candidate.prefix}/bin"
    if candidate.python and real(os.path.dirname(candidate.python)) == folder:  # noqa: PTH120
        return f"{folder}/{os.path.basename(candidate.python)}"  # noqa: PTH119
    return next((f"{folder}/{name}" for name in _PYTHONS if os.path.lexists(f"{folder}/{name}")), f"{folder}/python")


def _name(candidate: Candidate, layout: Layout, looks: Looks) -> str:
    if layout.kind in (Kind.PYENV, Kind.UV, Kind.PYTHON):
        return layout.python_version or shown(candidate.name)
    if layout.kind is Kind.CONDA and looks.is_folder(f"{candidate.prefix}/condabin"):
        return "base"
    folder = os.path.dirname(candidate.prefix)  # noqa: PTH120
    project = os.path.basename(folder)  # noqa: PTH119
    if candidate.name in _PROJECT_FOLDERS and project and project not in _COLLECTIONS:
        return shown(project)
    return shown(candidate.name)


def _config(path: str, looks: Looks) -> dict[str, str] | None:
    """What pyvenv.cfg says, its names in lower case; None where there is none."""
    text = looks.text(path, _CONFIG_LIMIT)
    if text is None:
        return None
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _conda_version(prefix: str, looks: Looks) -> str | None:
    for name in looks.entries(f"{prefix}/conda-meta"):
        package, _, rest = name.partition("-")
        if package == "python" and rest[:1].isdigit() and rest.endswith(".json"):
            return shown(rest.partition("-")[0], 40)
    return None


def _config_version(config: dict[str, str], looks: Looks) -> str | None:
    for name in ("version", "version_info"):
        found = _VERSION.match(config.get(name, ""))
        if found:
            return found[0]
    home = config.get("home", "")
    return _interpreter_version(os.path.dirname(home), None, looks) if home.startswith("/") else None  # noqa: PTH120


def _interpreter_version(prefix: str, python: str | None, looks: Looks) -> str | None:
    """Of its headers; else of its folder's name (3.11.7, cpython-3.11.7-linux-x86_64-gnu); else of its file's."""
    program = os.path.basename(real(python or f"{prefix}/bin/python3"))  # noqa: PTH119
    minor = minor_of(program.removeprefix("python").removeprefix("pypy"))
    for name in looks.entries(f"{prefix}/include"):
        if name.startswith("python") and minor in (None, minor_of(name.removeprefix("python"))):
            found = _HEADER.search(looks.text(f"{prefix}/include/{name}/patchlevel.h", _CONFIG_LIMIT) or "")
            if found:
                return shown(found[1].rstrip("+"), 40)
    folder = re.fullmatch(r"(?:[a-z]+-?)?(\d+\.\d+\.\d+\w*)(?:[+-].*)?", os.path.basename(prefix))  # noqa: PTH119
    return folder[1] if folder else minor


def _library_version(folders: list[str]) -> str | None:
    found = (re.search(r"/(?:python|pypy)(\d+\.\d+)t?/[^/]+$", folder) for folder in folders)
    return next((match[1] for match in found if match), None)


def _fault(candidate: Candidate, python: str, layout: Layout, looks: Looks) -> str | None:
    """Why it can't be used, and what to do."""
    prefix = candidate.prefix
    here = shown(prefix, 200)
    there = looks.at(prefix)
    if isinstance(there, int) and there in (errno.ENOENT, errno.ENOTDIR):
        return _gone(candidate)
    for folder in (prefix, f"{prefix}/bin", f"{prefix}/conda-meta", *layout.site_folders):
        if not looks.may_list(folder):
            return f"You have no permission to read {shown(folder, 200)}: ask the one who owns it, or make your own."
    if not os.path.lexists(python):
        return _missing(candidate, layout)
    fault = _interpreter_fault(python, looks)
    if fault or layout.kind is not Kind.VENV:
        return fault
    home = layout.config.get("home", "")
    if not home:
        return f"The pyvenv.cfg in {here} doesn't say which Python it was made from: make the environment anew."
    if home.startswith("/") and not looks.is_folder(home):
        return (
            f"The Python that it was made from, in {shown(home, 200)}, is gone: "
            "install that again, or make the environment anew."
        )
    return None


def _interpreter_fault(python: str, looks: Looks) -> str | None:
    found, named = looks.at(python), shown(python, 200)
    if not isinstance(found, int):
        if not stat.S_ISREG(found.st_mode) or found.st_size == 0:
            return f"Its interpreter {named} is no program: make the environment anew."
        if not os.access(python, os.X_OK):
            return f"Its interpreter {named} is not executable: 'chmod +x' mends that, or make the environment anew."
        return None
    if found == errno.ELOOP:
        return f"Its interpreter {named} is a link that leads back to itself: make the environment anew."
    target = shown(real(python), 200)
    if found in (errno.EACCES, errno.EPERM):
        return f"You have no permission to use its interpreter {target}: ask the one who owns it."
    return (
        f"Its interpreter {named} points to {target}, which is gone: "
        "install that Python again, or make the environment anew."
    )


def _missing(candidate: Candidate, layout: Layout) -> str:
    here = shown(candidate.prefix, 200)
    if candidate.kernel is not None and candidate.python is not None and layout.kind is Kind.PYTHON:
        return _gone(candidate)
    if layout.kind is Kind.CONDA:
        return f"There is no Python in {here}: 'conda install --prefix {here} python' puts one in."
    return f"There is no Python in {here}: make the environment anew."


def _gone(candidate: Candidate) -> str:
    if candidate.kernel is None:
        return f"Its folder {shown(candidate.prefix, 200)} is gone."
    return (
        f"Its interpreter {shown(candidate.python or candidate.prefix, 200)} is gone: make the environment anew, "
        f"or remove its kernel with 'jupyter kernelspec remove {candidate.kernel}'."
    )
