"""Python environments for Jupyter that are built once, locked, versioned and shared.

Importing this package loads nothing heavy: Jupyter imports it in every server, and `Client` comes on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from ._version import __version__
except ImportError:
    # A source tree that was never built or installed: the version comes from package.json at build time.
    __version__ = "0.0.0.dev0"

if TYPE_CHECKING:
    from .client import (
        Client,
        Conflict,
        DataflowError,
        EventStream,
        InvalidSpec,
        LocalNameTaken,
        LogPart,
        Malformed,
        NotAllowed,
        NotFound,
        NotSignedIn,
        PolicyViolated,
        QuotaExceeded,
        ServerError,
        ServerNotFound,
        ServerUnreachable,
        ShortNameTaken,
        Stale,
        TooLarge,
        Unavailable,
        Unreproducible,
        Unsolvable,
    )

__all__ = [
    "Client",
    "Conflict",
    "DataflowError",
    "EventStream",
    "InvalidSpec",
    "LocalNameTaken",
    "LogPart",
    "Malformed",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "PolicyViolated",
    "QuotaExceeded",
    "ServerError",
    "ServerNotFound",
    "ServerUnreachable",
    "ShortNameTaken",
    "Stale",
    "TooLarge",
    "Unavailable",
    "Unreproducible",
    "Unsolvable",
    "__version__",
]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the built front end lies, for development installs."""
    return [{"src": "labextension", "dest": "jupyter_dataflow_envs"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """The server extension that Jupyter loads."""
    from .app import DataflowEnvsApp

    return [{"module": "jupyter_dataflow_envs", "app": DataflowEnvsApp}]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
