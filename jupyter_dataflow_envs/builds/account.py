"""The account under which builds run on this machine: strangers' code in them must not read what the service can."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class BuildAccount:
    """Another account of this machine, to which this process can change: it runs as root."""

    name: str
    uid: int
    gid: int
    home: Path

    @classmethod
    def named(cls, name: str) -> BuildAccount:
        """Raises Unavailable when there is none of that name, or when it is not one to build under."""
        try:
            known = pwd.getpwnam(name)
        except KeyError as error:
            raise Unavailable(
                f"There is no account '{name}' for builds: make it (useradd --system {name}), or name another in "
                "build_account."
            ) from error
        if known.pw_uid == 0 or known.pw_uid == os.geteuid():
            raise Unavailable(f"Builds under the account '{name}' could read what the service can: name another one.")
        if os.geteuid() != 0:
            raise Unavailable(
                "Only root can run builds under another account: run the service as root, or builds on Dask's workers."
            )
        return cls(name, known.pw_uid, known.pw_gid, Path(known.pw_dir))

    def own(self, folders: Iterable[Path]) -> None:
        """Make these folders, and what is in the caches among them, the account's."""
        for folder in folders:
            if folder.stat().st_uid == self.uid:
                continue
            for place, _, names in os.walk(folder):
                for path in (place, *(f"{place}/{name}" for name in names)):
                    os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def environment(self) -> dict[str, str]:
        """What names the account to programs."""
        return {"HOME": str(self.home), "USER": self.name, "LOGNAME": self.name}
