"""The requirements of a file, one after another: Python is found first, as conditions of the others may ask for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ..domain.lock import Manager
from .account import Account
from .asked import Asked, Unusable, fit, fit_python
from .conda_spec import parse_conda_spec
from .conditions import marker_holds, selector_holds
from .pip_spec import parse_pip_spec

_PARSE = {"conda": parse_conda_spec, "pip": parse_pip_spec}


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement as the file has it. `selector` is the one in its line's comment."""

    manager: Manager
    line: int
    text: str
    selector: str | None = None


@dataclass(frozen=True, slots=True)
class PythonComment:
    """Where the tool that wrote the file says for which Python."""

    line: int
    version: str


def take_entries(entries: Sequence[Entry], account: Account, comment: PythonComment | None = None) -> None:
    """Everything that can be taken goes into the account, and everything that can not, with its reason.

    `comment` counts where no entry names Python.
    """
    others: list[tuple[Entry, Asked]] = []
    for entry in entries:
        try:
            asked = _PARSE[entry.manager](entry.text)
        except Unusable as unusable:
            account.leave_out(entry.line, entry.text, unusable.message)
            continue
        if canonicalize_name(asked.name) == "python":
            _take_python(entry, asked, account)
        else:
            others.append((entry, asked))
    if account.python is None and comment is not None:
        account.python = comment.version
        account.note(f"Python {comment.version} is taken from the comment in line {comment.line}.")
    for entry, asked in others:
        _take(entry, asked, account)


def _take_python(entry: Entry, asked: Asked, account: Account) -> None:
    if not _applies(entry, asked, account):
        return
    if account.python is not None:
        account.leave_out(entry.line, entry.text, f"Python {account.python} is chosen already")
        return
    try:
        python, lost = fit_python(asked, account.target.pythons)
    except Unusable as unusable:
        account.leave_out(entry.line, entry.text, unusable.message)
        return
    if python is None:
        account.leave_out(entry.line, entry.text, f"choose a Python version (offered here: {_offered(account)})")
        return
    account.python = python
    pythons = account.target.pythons
    if pythons and not any(f"{p}.".startswith(f"{python}.") or f"{python}.".startswith(f"{p}.") for p in pythons):
        account.note(f"Line {entry.line}: Python {python} is not offered here; offered are {_offered(account)}.")
    if lost:
        account.change(entry.line, entry.text, f"Python {python}", lost)


def _take(entry: Entry, asked: Asked, account: Account) -> None:
    if not _applies(entry, asked, account):
        return
    try:
        line, lost = fit(asked, entry.manager, extended=account.target.extended)
    except Unusable as unusable:
        account.leave_out(entry.line, entry.text, unusable.message)
        return
    if asked.marker is not None:
        lost.insert(0, f"the marker holds {_where(account)}")
    account.take(entry.manager, entry.line, entry.text, line, lost)


def _applies(entry: Entry, asked: Asked, account: Account) -> bool:
    """Whether selector and marker hold where the environment is built; tells of it when they don't."""
    platform, python = account.target.platform, _python(account)
    if entry.selector is not None and selector_holds(entry.selector, platform, python) is False:
        account.leave_out(entry.line, entry.text, f"[{entry.selector}] does not hold {_where(account)}")
        return False
    if asked.marker is not None and not marker_holds(asked.marker, platform, python):
        account.leave_out(entry.line, entry.text, f"the marker does not hold {_where(account)}")
        return False
    return True


def _offered(account: Account) -> str:
    series = dict.fromkeys(".".join(version.split(".")[:2]) for version in account.target.pythons)
    return ", ".join(series) or "none that is known"


def _where(account: Account) -> str:
    return f"for Python {_python(account)} on {account.target.platform}"


def _python(account: Account) -> str:
    """The one of the file; where it names none, the newest that is offered, else the one that runs here."""
    if account.python is not None:
        return account.python
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return max(account.target.pythons, key=lambda v: [int(part) for part in v.split(".")], default=here)
