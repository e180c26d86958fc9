"""The server extension: its configuration, and the place where the parts are joined."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Enum, List, TraitError, Unicode, default, validate

from .domain.errors import DataflowError, Unavailable
from .handlers.gate import Gate
from .handlers.routes import PERSONAL, ROUTES, SHARED, tornado_handlers
from .traits import DeploymentTraits, half_the_cores

if TYPE_CHECKING:
    from .handlers.upstream import Upstream
    from .home.home import Home
    from .local.environments import LocalSettings
    from .service.deployment import Deployment


SERVICE_SECONDS = 5.0
"""Between two tries to activate with a service that is away."""

SETTLE_SECONDS = 0.5
"""After the server's start, until the deployment is opened by itself: its imports would slow the server's first
answers. A request for environments opens it at once, and so does something to activate."""

CHOSEN_AT_LAUNCH = "DATAFLOW_ENVS_ACTIVATE"
"""The environment variable with short names, by commas, that were chosen when the server was launched: they are
activated, and the first of them that can be is the kernel of new notebooks."""


class DataflowEnvsApp(DeploymentTraits, ExtensionApp):
    """Environments for Jupyter: created, built with a live log, numbered, activated as kernels."""

    _starting: asyncio.Task[None] | None = None
    _upstream: Upstream | None = None

    name = "jupyter_dataflow_envs"
    load_other_extensions = True
    extension_url = "/lab"

    activate = List(Unicode(), help="Short names of environments to activate when the server starts.").tag(config=True)

    service_url = Unicode(
        help="Base URL of a team's environment service, as http://127.0.0.1:9000/services/environments/: environments "
        "are its, and only kernels and Local environments are this server's own. Default: $DATAFLOW_ENVS_SERVICE_URL, "
        "else this server is its own service."
    ).tag(config=True)

    service_token = Unicode(
        help="Token by which that service knows this server's person. Default: $DATAFLOW_ENVS_SERVICE_TOKEN, else the "
        "token that JupyterHub gives each server."
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

    @default("service_url")
    def _default_service_url(self) -> str:
        return os.environ.get("DATAFLOW_ENVS_SERVICE_URL", "")

    @default("service_token")
    def _default_service_token(self) -> str:
        return os.environ.get("DATAFLOW_ENVS_SERVICE_TOKEN") or os.environ.get("JUPYTERHUB_API_TOKEN", "")

    @validate("service_url")
    def _whole_service_url(self, proposal: Any) -> str:
        url = str(proposal["value"]).strip()
        parts = urlsplit(url)
        if not url:
            return ""
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise TraitError("service_url must be like https://hub.example.org/services/environments/.")
        return url.rstrip("/") + "/"

    @default("local_dir")
    def _default_local_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "dataflow-envs-local")

    @validate("local_dir")
    def _absolute_local_dir(self, proposal: Any) -> str:
        return str(Path(proposal["value"]).expanduser().absolute())

    def initialize_settings(self) -> None:
        self._gate = Gate(self._open)
        self.settings["dataflow_envs_gate"] = self._gate
        if self.service_url:
            from .handlers.upstream import Upstream

            self._upstream = Upstream(self.service_url, self.service_token)
            self.settings["dataflow_envs_upstream"] = self._upstream
            self.settings["dataflow_envs_owner"] = self._owner()

    def initialize_handlers(self) -> None:
        routes = ROUTES
        if self.service_url:
            from .handlers.forward import forwarded

            routes = [*forwarded(SHARED), *PERSONAL]
        self.handlers.extend(tornado_handlers("/", routes))

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Called when the server answers: only now are the heavy parts imported, in a worker thread."""
        if sys.platform == "win32":
            self.log.error("jupyter_dataflow_envs runs on Linux and macOS; on Windows use it in WSL.")
            return
        self._starting = asyncio.create_task(self._open_quietly())

    async def stop_extension(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
        await self._gate.stop()
        if self._upstream is not None:
            await self._upstream.close()

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

    async def _activate_all(self, deployment: Deployment | Home, chosen: list[str]) -> None:
        """A team's service that is away is waited for."""
        default: str | None = None
        waiting = list(dict.fromkeys([*chosen, *self.activate]))
        while waiting:
            tried, waiting = waiting, []
            for short_name in tried:
                try:
                    kernel_name = await self._activate(deployment, short_name)
                except Unavailable as error:
                    self.log.warning("'%s' is not activated yet: %s", short_name, error.message)
                    waiting.append(short_name)
                    continue
                if default is None and kernel_name is not None and short_name in chosen and self.serverapp:
                    default = self.serverapp.kernel_manager.default_kernel_name = kernel_name
            if waiting:
                await asyncio.sleep(SERVICE_SECONDS)

    async def _activate(self, deployment: Deployment | Home, short_name: str) -> str | None:
        """The kernel's name; None, and the reason in the log, when it could not be activated.

        Raises ServiceAway while a team's service is.
        """
        from .handlers.base import operating_system_groups, operating_system_user

        person = deployment.person(operating_system_user(), operating_system_groups(), sole=True)
        if owner := os.environ.get("JUPYTERHUB_USER"):
            # On a hub it is its user who has a server, whatever account that runs as.
            person = deployment.person(owner)
        try:
            return await self._gate.call_slow(deployment.activations.activate, person, short_name)
        except DataflowError as error:
            if self.service_url and _is_away(error):
                raise
            self.log.warning("'%s' was not activated: %s", short_name, error.message)
        except Exception:
            self.log.exception("'%s' was not activated", short_name)
        return None

    def _owner(self) -> str:
        """Whose server this is: nobody else is served in their name."""
        from .handlers.base import operating_system_user

        return os.environ.get("JUPYTERHUB_USER") or operating_system_user()

    def _open(self) -> Deployment | Home:
        return self._open_home() if self.service_url else self._open_deployment()

    def _open_home(self) -> Home:
        from .home.home import Home, HomeSettings
        from .kernels.kernelspecs import default_kernels_dir

        try:
            return Home(
                HomeSettings(
                    url=self.service_url,
                    token=self.service_token,
                    root=Path(self.root_dir),
                    kernels_dir=default_kernels_dir(),
                    python=Path(sys.executable),
                    local=self._local_settings(),
                    allow_source_builds=self.allow_source_builds,
                ),
                self.log,
            )
        except Unavailable:
            raise
        except Exception:
            self.log.exception("Environments could not be opened")
            raise

    def _open_deployment(self) -> Deployment:
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


def _is_away(error: DataflowError) -> bool:
    from .home.team_service import ServiceAway

    return isinstance(error, ServiceAway)


main = DataflowEnvsApp.launch_instance
