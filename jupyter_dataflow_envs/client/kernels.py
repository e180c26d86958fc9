"""Environments in use: as kernels, as commands, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .routes import SLOW_SECONDS, Routes, environment_path

if TYPE_CHECKING:
    from ..models import ArrivalAnswer, KernelAnswer, LauncherAnswer, RunningKernelAnswer, UsageDetails


class KernelRoutes(Routes):
    """Kernels of this Jupyter server, and commands."""

    def activate(self, short_name: str, *, draft: bool = False) -> KernelAnswer:
        """Register its kernel in the Jupyter server; Conflict while there is no version to start.

        `draft` (administrators only): the latest version of somebody else's environment, although it is not published.
        """
        body = {"draft": True} if draft else {}
        path = environment_path(short_name, "activate")
        return cast("KernelAnswer", self._transport.json("POST", path, body=body, timeout=SLOW_SECONDS))

    def arrival(self, short_name: str) -> ArrivalAnswer:
        """How far its files are, while an activation brings them to the server's machine."""
        return cast("ArrivalAnswer", self._transport.json("GET", environment_path(short_name, "arrival")))

    def deactivate(self, short_name: str) -> KernelAnswer:
        """Remove its kernel from the Jupyter server; running kernels go on."""
        return cast("KernelAnswer", self._transport.json("POST", environment_path(short_name, "deactivate"), body={}))

    def kernels(self) -> list[RunningKernelAnswer]:
        """The environments' kernels that run in the Jupyter server, each with the version that it was started from."""
        return cast("list[RunningKernelAnswer]", self._transport.json("GET", "kernels")["items"])

    def launcher(self, short_name: str) -> LauncherAnswer:
        """The script that starts commands in the usable version, as `PATH --run COMMAND…`, on the service's machine.

        It always starts the version that is usable when it is called. Raises Conflict while there is none.
        """
        path = environment_path(short_name, "launcher")
        return cast("LauncherAnswer", self._transport.json("GET", path, timeout=SLOW_SECONDS))

    def usage(self, short_name: str) -> UsageDetails:
        """Who has it active, since when, and what runs from it. For its owner and administrators (NotAllowed)."""
        return cast("UsageDetails", self._transport.json("GET", environment_path(short_name, "usage")))
