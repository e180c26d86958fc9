"""Routes of environments in use: as kernels of this notebook server, as commands, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.clock import to_text
from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from ..models import LauncherAnswer, UsageDetails
    from ..service import activation
    from ..service.launchers import Launcher


class ActivateHandler(DataflowHandler):
    @operation("Make it a kernel of this notebook server.", body="ActivateRequest", answer="KernelAnswer")
    async def post(self, short_name: str) -> None:
        from ..models import ActivateRequest

        draft = self.body(ActivateRequest).draft
        activate = self.deployment.activations.activate
        self.answer({"kernel_name": await self.call(activate, self.person, short_name, draft=draft)})


class DeactivateHandler(DataflowHandler):
    @operation("Take its kernel away.", answer="KernelAnswer")
    async def post(self, short_name: str) -> None:
        self.answer({"kernel_name": await self.call(self.deployment.activations.deactivate, self.person, short_name)})


class LauncherHandler(DataflowHandler):
    @operation("The script that starts commands in the version that you can use.", answer="LauncherAnswer")
    async def get(self, short_name: str) -> None:
        written = await self.call(self.deployment.activations.launcher, self.person, short_name)
        self.answer(launcher_answer(written))


class UsageHandler(DataflowHandler):
    @operation("Who and what uses it (its owner and administrators).", answer="UsageDetails")
    async def get(self, short_name: str) -> None:
        usage = await self.gate.call_reading(self.deployment.activations.usage, self.person, short_name)
        self.answer(usage_details(usage))


def launcher_answer(written: Launcher) -> LauncherAnswer:
    """Of a launcher that starts something."""
    assert written.version is not None
    assert written.digest is not None
    return {"path": str(written.path), "version": written.version, "digest": written.digest}


def usage_details(usage: activation.UsageDetails) -> UsageDetails:
    return {
        "active_people": usage.active_people,
        "last_started": to_text(usage.last_started) if usage.last_started else None,
        "activations": [
            {
                "person": a.person,
                "since": to_text(a.since),
                "last_started": to_text(a.last_started) if a.last_started else None,
                "leased_until": to_text(a.leased_until),
                "draft": a.draft,
            }
            for a in usage.activations
        ],
        "running_kernels": usage.running_kernels,
        "based_on_it": usage.based_on_it,
    }


ROUTES = [
    ("/environments/{short_name}/activate", ActivateHandler),
    ("/environments/{short_name}/deactivate", DeactivateHandler),
    ("/environments/{short_name}/launcher", LauncherHandler),
    ("/environments/{short_name}/usage", UsageHandler),
]
