"""The server extension: its configuration, and the place where the parts are joined."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Enum, List, Unicode, default, validate

from .domain.errors import DataflowError, Unavailable
from .handlers.gate import Gate
from .handlers.routes import tornado_handlers
from .traits import DeploymentTraits, half_the_cores

if TYPE_CHECKING:
    from .local.environments import LocalSettings
    from .service.deployment import Deployment


SETTLE_SECONDS = 0.5
"""After the server's start, until the deployment is opened by itself: its imports would slow the server's first
answers. A request for environments opens it at once, and so does something to activate."""

CHOSEN_AT_LAUNCH = "DATAFLOW_ENVS_ACTIVATE"
"""The environment variable with short names, by commas, that were chosen when the server was launched: they are
activated, and the first of them that can be is the kernel of new notebooks."""


class DataflowEnvsApp(DeploymentTraits, ExtensionApp):
    """Environments for Jupyter: created, built with a live log, numbered, activated as kernels."""

    name = "jupyter_dataflow_envs"
    load_other_extensions = True
    extension_url = "/lab"

    activate = List(Unicode(), help="Short names of environments to activate when the server starts.").tag(config=True)

    local_dir = Unicode(
        help="Folder of the Local environments made here, which are this person's own. Default: dataflow-envs-local in "
        "Jupyter's data folder."
    ).tag(config=True)

    local_folders = List(
        Unicode(), help="More folders in which environments are looked for: projects, or folders full of them."
    ).tag(config=True)

    local_lifetime = Enum(
        ["keep", "session"], "keep", help="Whether Local environments made here outlive this server."
    ).tag(config=True)

    @default("local_dir")
    def _default_local_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "dataflow-envs-local")

    @validate("local_dir")
    def _absolute_local_dir(self, proposal: Any) -> str:
        return str(Path(proposal["value"]).expanduser().absolute())

    def initialize_settings(self) -> None:
        self._gate = Gate(self._open)
        self.settings["dataflow_envs_gate"] = self._gate

    def initialize_handlers(self) -> None:
        self.handlers.extend(tornado_handlers("/"))

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Called when the server answers: only now are the heavy parts imported, in a worker thread."""
        if sys.platform == "win32":
            self.log.error("jupyter_dataflow_envs runs on Linux and macOS; on Windows use it in WSL.")
            return
        self._starting = asyncio.create_task(self._open_quietly())

    async def stop_extension(self) -> None:
        await self._gate.stop()

    async def _open_quietly(self) -> None:
        chosen = [name.strip() for name in os.environ.get(CHOSEN_AT_LAUNCH, "").split(",") if name.strip()]
        if not (chosen or self.activate):
            await asyncio.sleep(SETTLE_SECONDS)
        try:
            deployment = await self._gate.ready()
        except Unavailable as error:
            self.log.error("Environments are not available: %s", error.message)
            return
        await self._activate_all(deployment, chosen)

    async def _activate_all(self, deployment: Deployment, chosen: list[str]) -> None:
        default: str | None = None
        for short_name in dict.fromkeys([*chosen, *self.activate]):
            kernel_name = await self._activate(deployment, short_name)
            if default is None and kernel_name is not None and short_name in chosen and self.serverapp:
                default = self.serverapp.kernel_manager.default_kernel_name = kernel_name

    async def _activate(self, deployment: Deployment, short_name: str) -> str | None:
        """The kernel's name; None, and the reason in the log, when it could not be activated."""
        from .handlers.base import operating_system_groups, operating_system_user

        person = deployment.person(operating_system_user(), operating_system_groups(), sole=True)
        if owner := os.environ.get("JUPYTERHUB_USER"):
            # On a hub it is its user who has a server, whatever account that runs as.
            person = deployment.person(owner)
        try:
            return await self._gate.call(deployment.activations.activate, person, short_name)
        except DataflowError as error:
            self.log.warning("'%s' was not activated: %s", short_name, error.message)
        except Exception:
            self.log.exception("'%s' was not activated", short_name)
        return None

    def _open(self) -> Deployment:
        from .handlers.base import operating_system_user
        from .kernels.kernelspecs import default_kernels_dir
        from .service.deployment import Deployment, DeploymentSettings

        try:
            return Deployment(
                DeploymentSettings(
                    root=Path(self.root_dir),
                    database_url=self.database_url,
                    admins=tuple(self.admins),
                    creator=operating_system_user(),
                    kernels_dir=default_kernels_dir(),
                    python=Path(sys.executable),
                    dask_scheduler=self.dask_scheduler,
                    allow_self_approval=self.allow_self_approval,
                    builds=self.build_settings(),
                    local=self._local_settings(),
                ),
                self.log,
            )
        except Unavailable:
            raise
        except Exception:
            self.log.exception("Environments could not be opened")
            raise

    def _local_settings(self) -> LocalSettings:
        from .kernels.kernelspecs import default_kernels_dir
        from .local.environments import LocalSettings
        from .local.finding.places import Surroundings

        server_root = Path(self.serverapp.root_dir) if self.serverapp else None
        return LocalSettings(
            folder=Path(self.local_dir),
            kernels_dir=default_kernels_dir(),
            python=Path(sys.executable),
            around=Surroundings.of_this_server([Path(f).expanduser() for f in self.local_folders], server_root),
            excluded=(Path(self.root_dir),),
            session=self.local_lifetime == "session",
            most=half_the_cores() if self.dask_scheduler else self.max_concurrent_builds,
            max_log_bytes=self.max_log_bytes,
        )


main = DataflowEnvsApp.launch_instance
