"""conda-lock.yml, read with conda-lock's own models: every package of one platform at its exact version."""

from __future__ import annotations

import warnings
from typing import Any

from ..domain.errors import Malformed
from ..domain.names import shown
from .account import Account, Imported, Target
from .entries import Entry, take_entries
from .lines import normalised
from .yaml_tree import Mapping, Scalar, Sequence, pairs, plain, read_yaml


def read_conda_lock(text: str, target: Target, file_name: str | None = None) -> Imported:
    """Raises Malformed for another format, and for a lock that has nothing for the target's platform."""
    root, _ = read_yaml(normalised(text))
    sections = {k.text: v for k, v in pairs(root) if isinstance(k, Scalar)} if isinstance(root, Mapping) else {}
    version = plain(sections.get("version"))
    packages = sections.get("package")
    if version not in ("1", "2") or not isinstance(packages, Sequence):
        raise Malformed("This is no lock file of conda-lock: expected version: 1 and a list under package.")
    account = Account(target)
    entries: list[Entry] = []
    others: set[str] = set()
    platforms: set[str] = set()
    for node in packages.items:
        package = plain(node)
        if not isinstance(package, dict):
            account.leave_out(node.line, "package", "expected the fields of one package")
            continue
        platforms.add(str(package.get("platform")))
        if package.get("platform") == target.platform:
            entries += _entry(package, str(version), node.line, account, others)
    if target.platform not in platforms:
        made_for = shown(", ".join(sorted(platforms)), 200) or "no platform"
        raise Malformed(f"This lock is for {made_for}, and this deployment builds for {target.platform}.")
    take_entries(entries, account)
    if others:
        named = ", ".join(sorted(others))
        account.note(f"Only the category main is taken; left out: {shown(named, 200)}.")
    account.note(f"{len(entries)} packages at their exact versions for {target.platform}: the lock's dependencies too.")
    if account.python is None:
        account.note("The lock holds no Python: choose a version.")
    return account.finish("conda-lock.yml", None, file_name, None)


def _entry(package: dict[str, Any], version: str, line: int, account: Account, others: set[str]) -> list[Entry]:
    """Of a package that conda-lock itself would take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, on being imported
        from conda_lock.lockfile.v1.models import LockedDependency
        from conda_lock.lockfile.v2prelim.models import LockedDependency as LockedDependency2
    shown_text = f"{package.get('name')} {package.get('version')}"
    try:
        if version == "1":
            one = LockedDependency.model_validate(
                {**package, "optional": str(package.get("optional")).lower() in ("true", "yes", "on")}
            )
            categories = {one.category}
        else:
            one = LockedDependency2.model_validate({k: v for k, v in package.items() if k != "optional"})
            categories = set(one.categories)
    except (ValueError, KeyError) as error:
        account.leave_out(line, shown_text, f"conda-lock does not take this package: {_first_line(error)}")
        return []
    if "main" not in categories:
        others |= categories
        account.leave_out(line, shown_text, f"of the category {', '.join(sorted(categories))}, not main")
        return []
    return [Entry("conda" if one.manager == "conda" else "pip", line, f"{one.name}=={one.version}")]


def _first_line(error: Exception) -> str:
    found = getattr(error, "errors", None)
    if callable(found) and (faults := found()):
        return f"{'.'.join(str(p) for p in faults[0]['loc'])}: {shown(str(faults[0]['msg']), 120)}"
    return shown(str(error), 120)
