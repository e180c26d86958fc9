"""Accounts of the operating system, made for a test and gone after it."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

REACH = Path(__file__).with_name("reach.py")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int
    home: Path

    def command(self, *words: str) -> list[str]:
        """The command as this account runs it, which then reaches this project and its interpreter."""
        switch = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--inh-caps=-all"]
        named = ["env", f"HOME={self.home}", f"USER={self.name}", f"LOGNAME={self.name}"]
        return [*reaching(), *switch, *named, *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What becomes of the command as this account runs it."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False, cwd="/", timeout=60)


def reaching() -> list[str]:
    """What stands before a command in which other accounts are to reach this project and its interpreter."""
    return [sys.executable, str(REACH)]


@contextmanager
def accounts(folder: Path, *names: str) -> Iterator[dict[str, Account]]:
    """New ones with homes of their own below `folder`, by the begins of their names: others may be made elsewhere."""
    assert os.geteuid() == 0, "only root can make accounts"
    with ExitStack() as stack:
        made = {}
        for name in names:
            whole = f"{name}-{os.urandom(3).hex()}"
            home = folder / whole
            subprocess.run(["useradd", "--create-home", "--home-dir", str(home), whole], check=True)
            stack.callback(_remove, whole)
            home.chmod(0o700)
            known = pwd.getpwnam(whole)
            made[name] = Account(whole, known.pw_uid, known.pw_gid, home)
        yield made


def _remove(name: str) -> None:
    subprocess.run(["pkill", "-KILL", "-u", name], check=False)
    subprocess.run(["userdel", "--force", name], check=False, capture_output=True)
