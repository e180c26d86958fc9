"""Which format a file has, and what it says."""

from __future__ import annotations

import re

from ..domain.errors import Malformed
from .account import Imported, Target
from .conda_lock import read_conda_lock
from .environment_yml import read_environment_yml
from .explicit_txt import is_explicit, read_explicit_txt
from .lines import check_size, normalised
from .requirements_txt import read_requirements_txt

_KEY = r"^[\"']?(?:{})[\"']?[ \t]*:"
_LOCK = re.compile(_KEY.format("package"), re.MULTILINE)
_OTHER_LOCK = re.compile(_KEY.format("packages"), re.MULTILINE)
_VERSION = re.compile(_KEY.format("version"), re.MULTILINE)
_ENVIRONMENT = re.compile(_KEY.format("name|channels|dependencies|prefix|variables"), re.MULTILINE)


def read_file(text: str, target: Target, file_name: str | None = None) -> Imported:
    """The format shows in the text; the name decides where the text does not.

    Raises Malformed for a file that none of the readers takes, and TooLarge.
    """
    check_size(len(text.encode(errors="replace")))
    text = normalised(text)
    if not text.strip():
        raise Malformed("The file is empty.")
    if _VERSION.search(text) and _LOCK.search(text):
        return read_conda_lock(text, target, file_name)
    if _VERSION.search(text) and _OTHER_LOCK.search(text):
        raise Malformed(
            "This is a lock file of another tool than conda-lock: export an environment.yml with that tool."
        )
    yaml_name = (file_name or "").lower().endswith((".yml", ".yaml"))
    if yaml_name or _ENVIRONMENT.search(text) or text.lstrip().startswith("{"):
        return read_environment_yml(text, target, file_name)
    if is_explicit(text):
        return read_explicit_txt(text, target, file_name)
    return read_requirements_txt(text, target, file_name)
