"""`Client`: everything a person can do with environments, as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .deployment import DeploymentRoutes
from .kernels import KernelRoutes
from .local import LocalRoutes
from .publishing import PublishingRoutes
from .servers import find_address
from .trail import TrailRoutes
from .transport import Transport
from .versions import VersionRoutes

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Client(VersionRoutes, PublishingRoutes, KernelRoutes, LocalRoutes, DeploymentRoutes, TrailRoutes):
    """A connection to one deployment; close it, or use it as a context manager. It may be shared between threads.

    Without `url` it takes the Jupyter server that runs here (see `servers.find_address`), with that server's token.
    Making one raises ServerNotFound when there is none; every method raises ServerUnreachable when the server does not
    answer, NotSignedIn when it refuses the token, NotFound for what does not exist or may not be seen, and beside those
    what its own description says; `more` of an error holds what a refusal tells beside code and message. Answers are
    the dictionaries of `jupyter_dataflow_envs.models`: sizes in bytes, durations in seconds, times as ISO 8601 in UTC.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        super().__init__(Transport(find_address(url, token)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    @property
    def url(self) -> str:
        """The base URL of the Jupyter server."""
        return self._transport.address.url

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()
