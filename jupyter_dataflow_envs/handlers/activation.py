"""Routes of environments in use: as kernels of this notebook server, and as commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from ..kernels.granted import Launcher
    from ..models import LauncherAnswer


class ActivateHandler(DataflowHandler):
    @operation("Make it a kernel of this notebook server.", body="ActivateRequest", answer="KernelAnswer")
    async def post(self, short_name: str) -> None:
        from ..models import ActivateRequest

        draft = self.body(ActivateRequest).draft
        activate = self.deployment.activations.activate
        self.answer({"kernel_name": await self.call_slow(activate, self.person, short_name, draft=draft)})


class ArrivalHandler(DataflowHandler):
    _track_activity = False

    @operation("How far its files are that an activation brings to this machine.", answer="ArrivalAnswer")
    async def get(self, short_name: str) -> None:
        found = await self.call(self.deployment.activations.arrival, self.person, short_name)
        done, total = (found.done, found.total) if found is not None else (0, 0)
        self.answer({"arriving": found is not None, "done": done, "total": total})


class DeactivateHandler(DataflowHandler):
    @operation("Take its kernel away.", answer="KernelAnswer")
    async def post(self, short_name: str) -> None:
        self.answer({"kernel_name": await self.call(self.deployment.activations.deactivate, self.person, short_name)})


class LauncherHandler(DataflowHandler):
    @operation("The script that starts commands in the version that you can use.", answer="LauncherAnswer")
    async def get(self, short_name: str) -> None:
        written = await self.call_slow(self.deployment.activations.launcher, self.person, short_name)
        self.answer(launcher_answer(written))


def launcher_answer(written: Launcher) -> LauncherAnswer:
    """Of a launcher that starts something."""
    grant = written.grant
    assert grant.version is not None
    assert grant.digest is not None
    return {"path": str(written.path), "version": grant.version, "digest": grant.digest}


ROUTES = [
    ("/environments/{short_name}/activate", ActivateHandler),
    ("/environments/{short_name}/arrival", ArrivalHandler),
    ("/environments/{short_name}/deactivate", DeactivateHandler),
    ("/environments/{short_name}/launcher", LauncherHandler),
]
