"""Wheels: downloaded by an interpreter's own pip, and repacked as conda packages."""

from __future__ import annotations

import configparser
import email
import email.message
import hashlib
import json
import re
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from .archive import PLACEHOLDER, Package, PackageFile
from .interpreter import Interpreter

# What the wheels' own metadata fails to say: specs added to a package's `depends`.
MORE_DEPENDS = {"pandas": ("<2.2.2", "numpy <2")}
# Packages that conda knows under another name than pip.
CONDA_NAMES = {"msgpack": "msgpack-python"}


class DownloadError(Exception):
    """pip could not bring the wheels; the message is what it said."""


def download(interpreter: Interpreter, specs: str, into: Path) -> list[Path]:
    """The wheels of `specs` (requirements with spaces between) and of all that they need.

    What pip found the first time stays in `into` and is taken from there later, without a network.
    Raises DownloadError.
    """
    report = into / f"{interpreter.minor}-{hashlib.sha256(specs.encode()).hexdigest()[:12]}.json"
    if report.exists():
        kept = [into / name for name in json.loads(report.read_text())]
        if all(wheel.exists() for wheel in kept):
            return kept
    command = [str(interpreter.executable), "-m", "pip", "-q", "--disable-pip-version-check", "download"]
    with tempfile.TemporaryDirectory(dir=into) as fresh:
        command += ["--only-binary=:all:", "--find-links", str(into), "-d", fresh, *specs.split()]
        got = subprocess.run(command, check=False, capture_output=True, text=True)
        if got.returncode:
            raise DownloadError(f"pip of Python {interpreter.minor} can't download {specs}:\n{got.stderr.strip()}")
        names = sorted(wheel.name for wheel in Path(fresh).glob("*.whl"))
        for name in names:
            (Path(fresh) / name).replace(into / name)
    report.write_text(json.dumps(names))
    return [into / name for name in names]


def wheel_package(wheel: Path, interpreters: list[Interpreter]) -> Package:
    """A wheel as a conda package: noarch for all of `interpreters`, or compiled for the first."""
    name, version, _, tags = parse_wheel_filename(wheel.name)
    noarch = all(t.platform == "any" for t in tags)
    python = interpreters[0]
    site = "site-packages" if noarch else python.site_packages
    with zipfile.ZipFile(wheel) as z:
        info = next(n.split("/")[0] for n in z.namelist() if re.fullmatch(r"[^/]*\.dist-info/METADATA", n))
        meta = email.message_from_bytes(z.read(f"{info}/METADATA"))
        commands = _commands(z, info)
        files = _files(z, site, "python-scripts" if noarch else "bin", f"include/{name}")
    files[f"{site}/{info}/INSTALLER"] = PackageFile(f"{site}/{info}/INSTALLER", b"conda\n")
    if not noarch:
        files |= {f"bin/{c}": _script(c, target) for c, target in commands.items()}
    return Package(
        CONDA_NAMES.get(name, name),
        str(version),
        list(files.values()),
        build="pyh0_0" if noarch else f"py{python.minor.replace('.', '')}_0",
        depends=_depends(meta, name, str(version), interpreters if noarch else [python], noarch),
        license=meta.get("License-Expression") or "",
        noarch="python" if noarch else None,
        entry_points=[f"{command} = {target}" for command, target in commands.items()] if noarch else [],
    )


def conda_spec(name: str, specifiers: SpecifierSet) -> str:
    """`numpy <2,>=1.26` for a requirement of a wheel."""
    parts = sorted(re.sub(r"^==(.*\*)$", r"\1", str(s).replace("===", "==")) for s in specifiers)
    known = canonicalize_name(name)
    return f"{CONDA_NAMES.get(known, known)} {','.join(parts)}".strip()


def _commands(z: zipfile.ZipFile, info: str) -> dict[str, str]:
    points = configparser.ConfigParser(delimiters="=")
    points.optionxform = str  # type: ignore[assignment, method-assign]
    if f"{info}/entry_points.txt" in z.namelist():
        points.read_string(z.read(f"{info}/entry_points.txt").decode())
    return dict(points["console_scripts"]) if points.has_section("console_scripts") else {}


def _files(z: zipfile.ZipFile, site: str, scripts: str, headers: str) -> dict[str, PackageFile]:
    folders = {"purelib": site, "platlib": site, "scripts": scripts, "data": "", "headers": headers}
    files: dict[str, PackageFile] = {}
    for entry in z.infolist():
        if entry.is_dir():
            continue
        top, _, rest = entry.filename.partition("/")
        path = f"{site}/{entry.filename}"
        if top.endswith(".data"):
            key, _, rest = rest.partition("/")
            path = f"{folders[key]}/{rest}".lstrip("/")
        f = PackageFile(path, z.read(entry), mtime=int(time.mktime((*entry.date_time, 0, 0, -1))))
        if (entry.external_attr >> 16) & 0o111 or path.startswith(scripts + "/"):
            f.mode = 0o755
        if path.startswith(scripts + "/") and f.data.startswith(b"#!python"):
            f.data = f"#!{PLACEHOLDER}/bin/python".encode() + f.data[8:]
            f.placeholder = PLACEHOLDER
        files[path] = f
    return files


def _script(command: str, target: str) -> PackageFile:
    module, _, call = target.partition(":")
    call = call.split("[")[0].strip()
    code = f"#!{PLACEHOLDER}/bin/python\nimport sys\nfrom {module} import {call.split('.')[0]}\nsys.exit({call}())\n"
    return PackageFile(f"bin/{command}", code.encode(), mode=0o755, placeholder=PLACEHOLDER)


def _depends(
    meta: email.message.Message, name: str, version: str, interpreters: list[Interpreter], noarch: bool
) -> list[str]:
    requirements = [Requirement(text) for text in meta.get_all("Requires-Dist") or []]
    depends = [
        conda_spec(r.name, r.specifier)
        for r in requirements
        if r.marker is None or any(r.marker.evaluate(i.markers) for i in interpreters)
    ]
    if noarch:
        depends.append(conda_spec("python", SpecifierSet(meta.get("Requires-Python") or "")))
    else:
        depends.append(f"python {interpreters[0].minor}.*")
    versions, more = MORE_DEPENDS.get(name, ("<0", ""))
    return [*depends, more] if more and version in SpecifierSet(versions) else depends
