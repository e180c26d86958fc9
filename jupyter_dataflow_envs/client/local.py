"""Local environments: of the person and the machine of one notebook server, and copied from and to Dataflow ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from .environments import base_body
from .log import LogPart, LogStream, read_log
from .routes import SLOW_SECONDS, Routes, environment_path
from .transport import segment
from .waiting import wait_for

if TYPE_CHECKING:
    from ..models import DriftAnswer, EnvironmentAnswer, LocalAnswer, LocalDetails, ReproductionAnswer
    from .environments import WantedBase


class LocalRoutes(Routes):
    """Those made here and those found; each is named by its `id`. All raise Unavailable where none can be kept."""

    def local_environments(self) -> list[LocalAnswer]:
        """All of them, those made here first."""
        return cast("list[LocalAnswer]", self._transport.json("GET", "local")["items"])

    def local_environment(self, id: str, *, size: bool = False) -> LocalDetails:
        """One with its packages; with `size`, which walks through all its files, also how large it is."""
        answer = self._transport.json("GET", _path(id), query={"size": size or None}, timeout=SLOW_SECONDS)
        return cast("LocalDetails", answer)

    def create_local(
        self,
        name: str,
        *,
        python_version: str | None = None,
        base: WantedBase | None = None,
        conda_requirements: Sequence[str] = (),
        pip_requirements: Sequence[str] = (),
    ) -> LocalAnswer:
        """Begin to make one: with a Python version, or on a `base`, a Dataflow environment that brings its own.

        Its `id` is its name in lower case; `wait_local` waits for it. Raises InvalidSpec with field and line,
        LocalNameTaken whose `more` tells a free `suggestion`, and Conflict.
        """
        body = {
            "name": name,
            "python_version": python_version,
            "conda_requirements": list(conda_requirements),
            "pip_requirements": list(pip_requirements),
            **base_body(base),
        }
        return cast("LocalAnswer", self._transport.json("POST", "local", body=body))

    def delete_local(self, id: str) -> None:
        """Delete one that was made here, with its kernel. Conflict for any other, and while something runs in it."""
        self._transport.send("DELETE", _path(id), timeout=SLOW_SECONDS)

    def cancel_local(self, id: str) -> None:
        """Stop what is being done with it; Conflict when that is nothing."""
        self._transport.send("POST", _path(id, "cancel"), body={})

    def drift(self, id: str) -> DriftAnswer:
        """What has changed in it since it was made or copied. Conflict for one that was not made here."""
        return cast("DriftAnswer", self._transport.json("GET", _path(id, "drift")))

    def register_local_kernel(self, id: str, *, install_ipykernel: bool = False) -> LocalAnswer:
        """Make it a kernel of the Jupyter server. Conflict when it is one, or has no ipykernel.

        With `install_ipykernel` that is installed first where it is missing; the answer comes when it has begun.
        """
        body = {"install_ipykernel": install_ipykernel}
        return cast("LocalAnswer", self._transport.json("POST", _path(id, "kernel"), body=body))

    def remove_local_kernel(self, id: str) -> LocalAnswer:
        """Take its kernel away; running ones go on. Conflict for a kernel that was not registered here."""
        return cast("LocalAnswer", self._transport.json("DELETE", _path(id, "kernel")))

    def wait_local(self, id: str, timeout: float | None = None, *, patience: float = 30.0) -> LocalAnswer:
        """Return it once nothing is being done with it any more; `status` and `reason` say how that ended.

        Raises TimeoutError after `timeout` seconds, and ServerUnreachable when the server is away for `patience`
        seconds.
        """

        def settled() -> LocalAnswer | None:
            environment = self.local_environment(id)
            return None if environment["status"] == "In Progress" else environment

        return wait_for(settled, f"What is done with {id}", timeout, patience)

    def local_log(self, id: str, *, offset: int = 0) -> LogPart:
        """The log of what was done with it last, from a byte offset to its present end. NotFound without any."""
        return read_log(self._transport, _path(id, "log"), offset=offset)

    def follow_local_log(self, id: str, *, offset: int = 0, patience: float = 30.0) -> LogStream:
        """Iterate over that log's text as it is written, until what it tells of has ended; as `follow_log`."""
        return LogStream(self._transport.address, _path(id, "log", "stream"), offset=offset, patience=patience)

    def copy_to_local(self, short_name: str, name: str | None = None) -> LocalAnswer:
        """Begin to copy the version that this person can use to a Local environment (default: of the short name).

        Raises LocalNameTaken whose `more` tells a free `suggestion`, InvalidSpec for what is no name, and Conflict
        while no version is usable.
        """
        answer = self._transport.json("POST", environment_path(short_name, "copy-to-local"), body={"name": name})
        return cast("LocalAnswer", answer)

    def reproduction(self, id: str) -> ReproductionAnswer:
        """What `copy_to_dataflow` would ask for, and what it could not. Conflict for one that can't be used."""
        answer = self._transport.json("GET", _path(id, "copy-to-dataflow"), timeout=SLOW_SECONDS)
        return cast("ReproductionAnswer", answer)

    def copy_to_dataflow(
        self,
        id: str,
        short_name: str,
        *,
        full_name: str,
        description: str = "",
        skip_unreproducible: bool = False,
    ) -> EnvironmentAnswer:
        """Save a new environment of exactly what is installed, and queue its first build.

        `skip_unreproducible` leaves out what no name and version would bring again; without it that is Unreproducible,
        with an error for each package. Raises Conflict for one that can't be used, and what `create` and `build` raise.
        """
        body = {
            "short_name": short_name,
            "full_name": full_name,
            "description": description,
            "skip_unreproducible": skip_unreproducible,
        }
        answer = self._transport.json("POST", _path(id, "copy-to-dataflow"), body=body, timeout=SLOW_SECONDS)
        return cast("EnvironmentAnswer", answer)


def _path(id: str, *more: str) -> str:
    return "/".join(["local", segment(id), *more])
