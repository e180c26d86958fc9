"""What `conda list --explicit` and `conda list --export` write: conda packages, by URL or with their builds."""

from __future__ import annotations

import re
from urllib.parse import unquote

from .account import Account, Imported, Target
from .entries import Entry, take_entries
from .lines import normalised

MARK = "@EXPLICIT"

_FILE = re.compile(r"(?P<name>[^/]+)-(?P<version>[^-/]+)-(?P<build>[^-/]+)\.(?:conda|tar\.bz2)")
_EXPORTED = re.compile(r"[^\s=]+=[^\s=]+=[^\s=]+", re.ASCII)
_PIP = re.compile(r"# pip (?P<name>\S+) @ (?P<url>\S+)")
_WHEEL = re.compile(r"[^/]+?-(?P<version>[^-/]+)-[^/]+\.whl|[^/]+-(?P<source>[^-/]+)\.(?:tar\.gz|zip)")


def is_explicit(text: str) -> bool:
    """Whether conda wrote it rather than pip: both are kept in files called requirements.txt."""
    lines = [line.strip() for line in text.split("\n", 2000) if line.strip() and not line.lstrip().startswith("#")]
    return MARK in lines or (bool(lines) and all(_EXPORTED.fullmatch(line) for line in lines[:2000]))


def read_explicit_txt(text: str, target: Target, file_name: str | None = None) -> Imported:
    """Every package at its exact version; what pip installed is in the comments that conda-lock writes."""
    account = Account(target)
    entries: list[Entry] = []
    for number, line in enumerate(normalised(text).split("\n"), 1):
        content = line.strip()
        if pip := _PIP.fullmatch(content):
            file = _WHEEL.fullmatch(unquote(pip["url"].partition("#")[0].rsplit("/", 1)[-1]))
            if file:
                entries.append(Entry("pip", number, f"{pip['name']}=={file['version'] or file['source']}"))
            else:
                account.leave_out(number, content, "its version can't be told from its URL")
        elif not content or content == MARK or content.startswith("#"):
            continue
        elif _EXPORTED.fullmatch(content):
            entries.append(_exported(content, number))
        elif file := _FILE.fullmatch(unquote(content.partition("#")[0].rsplit("/", 1)[-1])):
            entries.append(Entry("conda", number, f"{file['name']}=={file['version']}"))
        else:
            account.leave_out(number, content, "expected the URL of a conda package")
    take_entries(entries, account)
    account.note(f"{len(entries)} packages at their exact versions: dependencies too.")
    if account.python is None:
        account.note("The file holds no Python: choose a version.")
    return account.finish("explicit.txt", None, file_name, None)


def _exported(content: str, number: int) -> Entry:
    name, version, build = content.split("=")
    if build in ("pypi_0", "pypi"):
        return Entry("pip", number, f"{name}=={version}")
    return Entry("conda", number, f"{name}=={version}")
