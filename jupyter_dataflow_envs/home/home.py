"""The environments of one person's notebook server, where a team's service has them: what is kept at home."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..builds.runner import LocalRunner
from ..client.servers import Address
from ..domain.errors import Unavailable
from ..domain.permissions import Person
from ..engine.protocol import Caches
from ..kernels.launcher import write_fallback
from ..local.environments import LocalSettings
from .activations import Activations
from .fetching import Fetching
from .following import Following
from .local import Local
from .memory import Memory
from .running import RunningKernels
from .team_service import TeamService

NAME_LIMIT = 150
"""Of what a server may call itself."""


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """`url` and `token` of the service. `root`: a folder of this person's own. `python`: runs the kernel that says why
    another one can't start. `allow_source_builds`: for what is added to Local environments."""

    url: str
    token: str
    root: Path
    kernels_dir: Path
    python: Path
    local: LocalSettings
    allow_source_builds: bool


class Home:
    """What handlers use of a Deployment, as far as it is personal. Making one needs no service; `Unavailable` when the
    person's own folder can't be written."""

    def __init__(self, settings: HomeSettings, log: logging.Logger) -> None:
        self._log = log
        self._settings = settings
        root = settings.root
        _create(root)
        write_fallback(root, settings.python)
        self._runner = LocalRunner(root)
        self._caches = Caches(*(str(root / "cache" / name) for name in ("packages", "repodata", "uv", "bytecode")))
        self._service = TeamService(Address(settings.url, settings.token))
        self._memory = Memory(root / "home.json", settings.url)
        self._fetching = Fetching(self._service, self._runner, self._caches, log)
        self.activations = Activations(
            self._service,
            self._memory,
            self._fetching,
            log,
            server=server_name(root, settings.kernels_dir),
            root=root,
            kernels_dir=settings.kernels_dir,
            changed=self._look_again,
        )
        self.running = RunningKernels(self._memory, root)
        self._local: Local | None = None
        self._opening_local = threading.Lock()
        self._following = Following(self._service, self.activations, self._memory, self._fetching, root, log)
        try:
            self.activations.show_last_known()
        except OSError as error:
            log.error("Kernels could not be put right: %s", error)
        self._following.start()
        threading.Thread(target=self._open_local, name="dataflow-envs local", daemon=True).start()

    @property
    def local(self) -> Local:
        """Raises Unavailable when their folder can't be used; the team's environments need none of it."""
        with self._opening_local:
            if self._local is None:
                self._local = Local(
                    self._service,
                    self._memory,
                    self._runner,
                    self._caches,
                    self._settings.local,
                    allow_source_builds=self._settings.allow_source_builds,
                )
            return self._local

    def person(
        self,
        name: str,
        groups: Sequence[str] = (),
        *,
        sole: bool = False,
        admin: bool = False,
        decides: bool = True,
    ) -> Person:
        """Who asks; what they may do is the service's to say, by this server's token."""
        return Person(name)

    def stop(self) -> None:
        """Kernels go on; what is being made or fetched is given up."""
        self._following.stop()
        self._fetching.stop()
        with self._opening_local:
            if self._local is not None:
                self._local.stop()
        self._service.close()

    def _look_again(self) -> None:
        self._following.look_again()

    def _open_local(self) -> None:
        """Kernels of Local environments are put right at the start, whether anybody asks for them or not."""
        try:
            assert self.local is not None
        except Unavailable as error:
            self._log.error("Local environments are not available: %s", error.message)


def server_name(root: Path, kernels_dir: Path) -> str:
    """What the servers of one kernels folder call themselves towards the service; it is kept in `root`.

    One after another, in new containers too, they have the same name; and so have those that run side by side, as a
    hub's named servers do: they share their kernelspecs. Where the folder is new each time, the hub's path is the name.
    """
    file = root / f"server-{hashlib.sha256(str(kernels_dir).encode()).hexdigest()[:12]}"
    with suppress(FileExistsError), file.open("x", encoding="utf-8") as made:
        made.write(
            (os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or f"{socket.gethostname()}:{kernels_dir}")[-NAME_LIMIT:]
        )
    return file.read_text(encoding="utf-8")


def _create(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
    except OSError as error:
        raise Unavailable(
            f"The folder {root} can't be written ({error.strerror}): set DataflowEnvsApp.root_dir to one that can."
        ) from error
