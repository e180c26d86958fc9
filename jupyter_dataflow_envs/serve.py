"""The service of a team, by itself: the environments' API and nothing else of a Jupyter server."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from jupyter_core.application import JupyterApp
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.auth.identity import IdentityProvider
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.httpserver import HTTPServer
from traitlets import Bool, Int, Type, Unicode, default

from .domain.errors import Unavailable
from .handlers import metrics, observed, ready
from .handlers.base import BODY_LIMIT, operating_system_user
from .handlers.gate import Gate
from .handlers.routes import SHARED, tornado_handlers
from .structured_log import JsonFormatter
from .traits import DeploymentTraits

if TYPE_CHECKING:
    from .service.core import Service


SWITCH_SECONDS = 0.0005
"""After which a thread lets another one have the interpreter. With Python's own 0.005 the loop that all requests go
through waits for that long after each of its calls to the system, as threads that read are at it: a queue of a second
formed while builds took the processors (`python -m bench team`)."""


def has_hub() -> bool:
    """Whether this process was started by a JupyterHub, or told of one."""
    return bool(os.environ.get("JUPYTERHUB_API_TOKEN"))


class DataflowEnvsService(DeploymentTraits, JupyterApp):
    """Serves the environments of a team.

    As a service that JupyterHub manages it takes address and token from the environment that the hub gives it. Its own
    settings stand in jupyter_dataflow_envs_service_config.py, in any of Jupyter's configuration folders.
    """

    name = "jupyter-dataflow-envs-service"
    description = __doc__

    ip = Unicode(help="Address to listen on. Default: the hub's word, else 127.0.0.1.").tag(config=True)

    port = Int(help="Port to listen on. Default: the hub's word, else 8998.").tag(config=True)

    base_url = Unicode(help="Path below which everything is. Default: the hub's word, else /.").tag(config=True)

    public_url = Unicode(
        help="URL, or path, at which browsers reach base_url: where people's panels send administrators to decide. "
        "Default: through the hub's proxy."
    ).tag(config=True)

    certfile = Unicode("", help="Certificate, to be reached by https.").tag(config=True)

    keyfile = Unicode("", help="Key of the certificate.").tag(config=True)

    identity_provider_class = Type(
        klass=IdentityProvider,
        help="Who people are. Default: whose JupyterHub token it is; without a hub, Jupyter's own token: one person.",
    ).tag(config=True)

    build_account = Unicode(
        help="Account under which builds and previews run; the service must run as root to change to it. Folders of "
        "prefixes and caches become its own, which Dask's workers on a shared disk may need too."
    ).tag(config=True)

    trust_builds = Bool(
        False,
        help="Whether builds may run under the service's own account, although strangers' code in them could read what "
        "the service can: its database and its tokens.",
    ).tag(config=True)

    json_log = Bool(
        None, allow_none=True, help="Whether log lines are JSON. Default: unless somebody looks at them in a terminal."
    ).tag(config=True)

    open_metrics = Bool(False, help="Whether /metrics is told without a token.").tag(config=True)

    @default("ip")
    def _default_ip(self) -> str:
        return urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", "")).hostname or "127.0.0.1"

    @default("port")
    def _default_port(self) -> int:
        return urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", "")).port or 8998

    @default("base_url")
    def _default_base_url(self) -> str:
        return os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or "/"

    @default("public_url")
    def _default_public_url(self) -> str:
        return os.environ.get("JUPYTERHUB_PUBLIC_URL") or os.environ.get("JUPYTERHUB_HOST", "") + self.base_url

    @default("database_url")
    def _database_url_of_the_environment(self) -> str:
        """A password does not belong on a command line, and some keep it in no file either. In a Jupyter server this
        would give it to every kernel."""
        return os.environ.get("DATAFLOW_ENVS_DATABASE_URL") or self._default_database_url()

    @default("allow_source_builds")
    def _default_allow_source_builds(self) -> bool:
        return False

    @default("identity_provider_class")
    def _default_identity_provider_class(self) -> type[IdentityProvider]:
        if not has_hub():
            return IdentityProvider
        from .handlers.hub_identity import HubIdentityProvider

        return HubIdentityProvider

    def start(self) -> None:
        super().start()
        if sys.platform == "win32":
            sys.exit("The environment service runs on Linux and macOS.")
        elsewhere = self.build_account or (self.dask_scheduler and not self.allow_source_builds)
        if not (self.trust_builds or elsewhere):
            sys.exit(
                "Builds would run under the service's own account, which can read its database and tokens: let them "
                "run under another one (build_account), or on Dask's workers (dask_scheduler) with previews that build "
                "no sources, or say that you trust them (--DataflowEnvsService.trust_builds=True)."
            )
        self._set_up_log()
        sys.setswitchinterval(SWITCH_SECONDS)
        asyncio.run(self._serve())

    def _set_up_log(self) -> None:
        """All of the process writes to standard error, our own and the libraries' lines alike."""
        handler = logging.StreamHandler()
        as_json = not sys.stderr.isatty() if self.json_log is None else self.json_log
        handler.setFormatter(
            JsonFormatter() if as_json else logging.Formatter("%(levelname).1s %(asctime)s %(message)s")
        )
        logging.basicConfig(handlers=[handler], level=cast("int | str", self.log_level), force=True)
        self.log = logging.getLogger("dataflow_envs")

    async def _serve(self) -> None:
        gate = Gate(self._open)
        server = HTTPServer(
            self._application(gate),
            ssl_options={"certfile": self.certfile, "keyfile": self.keyfile} if self.certfile else None,
            max_body_size=BODY_LIMIT + 1024,
            xheaders=False,
        )
        server.listen(self.port, self.ip)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        scheme = "https" if self.certfile else "http"
        self.log.info("Environments are served at %s://%s:%d%s", scheme, self.ip, self.port, self.base_url)
        opening = asyncio.create_task(self._keep_open(gate))
        await ended.wait()
        self.log.info("Stopping: running builds go back to the queue")
        server.stop()
        opening.cancel()
        await gate.stop()
        await server.close_all_connections()

    async def _keep_open(self, gate: Gate) -> None:
        """Builds wait for nobody's request; what can't be opened now is tried again."""
        while True:
            try:
                await gate.ready()
                return
            except Unavailable as error:
                self.log.error("Environments are not available: %s", error.message)
            await asyncio.sleep(5)

    def _application(self, gate: Gate) -> web.Application:
        provider = self.identity_provider_class(parent=self, log=self.log)
        if provider.token_generated:
            self.log.info("Token: %s", provider.token)
        settings: dict[str, Any] = {
            "base_url": self.base_url,
            "identity_provider": provider,
            "authorizer": AllowAllAuthorizer(parent=self, identity_provider=provider),
            "cookie_secret": secrets.token_bytes(32),
            # Tokens alone are taken: a page elsewhere can't send one that it does not have.
            "allow_remote_access": True,
            "xsrf_cookies": True,
            "log_function": observed.note,
            "dataflow_envs_gate": gate,
            "dataflow_envs_open_metrics": self.open_metrics,
        }
        own: list[Any] = [
            (url_path_join(self.base_url, "ready"), ready.ReadyHandler),
            (url_path_join(self.base_url, "metrics"), metrics.MetricsHandler),
            *self._pages(provider, gate, settings),
        ]
        return web.Application(
            [*own, *tornado_handlers(self.base_url, SHARED), (".*", ready.NowhereHandler)], **settings
        )

    def _pages(self, provider: IdentityProvider, gate: Gate, settings: dict[str, Any]) -> list[Any]:
        """Where administrators decide, if a hub can tell who they are; people's panels are told where that is."""
        if not has_hub():
            return []
        from .handlers.hub_identity import HubIdentityProvider
        from .handlers.pages import pages_of, routes

        if not isinstance(provider, HubIdentityProvider):
            return []
        try:
            pages = pages_of(self.base_url, provider, gate)
        except ValueError as error:
            self.log.warning("There are no pages to decide on: %s", error)
            return []
        settings["dataflow_envs_decision_page"] = self.public_url
        return routes(pages)

    def _open(self) -> Service:
        from .service.core import Service, ServiceSettings

        try:
            service = Service(
                ServiceSettings(
                    root=Path(self.root_dir),
                    database_url=self.database_url,
                    admins=tuple(self.admins),
                    creator=operating_system_user(),
                    builds=self.build_settings(),
                    dask_scheduler=self.dask_scheduler,
                    build_account=self.build_account,
                    allow_self_approval=self.allow_self_approval,
                    shared=True,
                ),
                self.log,
            )
        except Unavailable:
            raise
        except Exception:
            self.log.exception("Environments could not be opened")
            raise
        service.start()
        return service


main = DataflowEnvsService.launch_instance

if __name__ == "__main__":
    main()
