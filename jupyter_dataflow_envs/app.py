"""The server extension: its configuration, and the place where the parts are joined."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Dict, Enum, Int, List, Unicode, default, validate

from .domain.errors import DataflowError, Unavailable
from .handlers.gate import Gate
from .handlers.routes import tornado_handlers

if TYPE_CHECKING:
    from .local.environments import LocalSettings
    from .service.deployment import Deployment


SETTLE_SECONDS = 0.5
"""After the server's start, until the deployment is opened by itself: its imports would slow the server's first
answers. A request for environments opens it at once, and so does something to activate."""

CHOSEN_AT_LAUNCH = "DATAFLOW_ENVS_ACTIVATE"
"""The environment variable with short names, by commas, that were chosen when the server was launched: they are
activated, and the first of them that can be is the kernel of new notebooks."""


class DataflowEnvsApp(ExtensionApp):
    """Environments for Jupyter: created, built with a live log, numbered, activated as kernels."""

    name = "jupyter_dataflow_envs"
    load_other_extensions = True
    extension_url = "/lab"

    root_dir = Unicode(
        help="Folder of the database, package caches, prefixes and logs; on a local disk. Default: dataflow-envs in "
        "Jupyter's data folder."
    ).tag(config=True)

    database_url = Unicode(help="SQLAlchemy URL of the database. Default: SQLite in root_dir.").tag(config=True)

    channels = List(
        Unicode(), ["conda-forge"], help="Where conda packages come from: names, URLs, file:// folders; the first wins."
    ).tag(config=True)

    pip_index_url = Unicode("", help="Where pip packages come from. Default: what uv is configured to use.").tag(
        config=True
    )

    pip_extra_index_urls = List(Unicode(), help="More indexes for pip packages.").tag(config=True)

    admins = List(Unicode(), help="Administrators: names, or group:NAME. Default: whoever created root_dir.").tag(
        config=True
    )

    activate = List(Unicode(), help="Short names of environments to activate when the server starts.").tag(config=True)

    allow_source_builds = Bool(
        True, help="Whether pip packages without a wheel may be built, which runs their authors' code."
    ).tag(config=True)

    run_link_scripts = Bool(
        False, help="Whether conda packages' post-link scripts are run, which is their authors' code."
    ).tag(config=True)

    virtual_packages = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="What the machines that run the kernels have, for example {'__cuda': '12.4'}. Default: what this one has.",
    ).tag(config=True)

    allow_self_approval = Bool(
        None,
        allow_none=True,
        help="Whether administrators may approve what they submitted themselves. Default: only where the operating "
        "system's user is the only identity, as with Jupyter's own token login.",
    ).tag(config=True)

    extended_requirements = Bool(
        False, help="Whether requirements may hold several specifiers, and <, >, !=, ~= as well."
    ).tag(config=True)

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

    max_concurrent_builds = Int(
        1, min=1, help="Builds that run side by side. Default: half the cores, at least 1."
    ).tag(config=True)

    max_log_bytes = Int(64 * 1024 * 1024, help="Bytes after which a build's log is cut.").tag(config=True)

    @default("root_dir")
    def _default_root_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "dataflow-envs")

    @validate("root_dir")
    def _absolute_root_dir(self, proposal: Any) -> str:
        return str(Path(proposal["value"]).expanduser().absolute())

    @default("local_dir")
    def _default_local_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "dataflow-envs-local")

    @validate("local_dir")
    def _absolute_local_dir(self, proposal: Any) -> str:
        return str(Path(proposal["value"]).expanduser().absolute())

    @default("database_url")
    def _default_database_url(self) -> str:
        return f"sqlite:///{self.root_dir}/dataflow-envs.sqlite"

    @default("max_concurrent_builds")
    def _default_max_concurrent_builds(self) -> int:
        return max(1, (os.cpu_count() or 2) // 2)

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
        from .builds.workshop import BuildSettings
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
                    allow_self_approval=self.allow_self_approval,
                    builds=BuildSettings(
                        channels=tuple(self.channels),
                        pip_index_url=self.pip_index_url or None,
                        pip_extra_index_urls=tuple(self.pip_extra_index_urls),
                        allow_source_builds=self.allow_source_builds,
                        run_link_scripts=self.run_link_scripts,
                        virtual_packages=dict(self.virtual_packages) or None,
                        max_concurrent_builds=self.max_concurrent_builds,
                        max_log_bytes=self.max_log_bytes,
                        extended_requirements=self.extended_requirements,
                    ),
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
            most=self.max_concurrent_builds,
            max_log_bytes=self.max_log_bytes,
        )


main = DataflowEnvsApp.launch_instance
