"""One environment, and what administrators do with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ...domain.environment import Environment, Status
from ...domain.errors import Conflict, DataflowError, Malformed
from ...domain.permissions import Action, Decision, decide
from .once import Done
from .page import Page, refusing

OFFERED = (
    Action.CANCEL,
    Action.DEPRECATE,
    Action.UNDEPRECATE,
    Action.UNPUBLISH,
    Action.TRANSFER,
    Action.DELETE,
)


@dataclass(frozen=True, slots=True)
class Use:
    """What stands against a deletion, as it was shown to who wants it all the same."""

    message: str
    digest: str

    @classmethod
    def told_by(cls, refusal: Conflict) -> Use:
        told = json.dumps([refusal.message, refusal.more], sort_keys=True, default=str)
        return cls(refusal.message, hashlib.sha256(told.encode()).hexdigest())


class EnvironmentPage(Page):
    section = "environments"

    @refusing
    async def get(self, short_name: str) -> None:
        await self._show(short_name)

    @refusing
    async def post(self, short_name: str) -> None:
        name = self.field("action")
        ways: dict[str, Callable[[str], Awaitable[str]]] = {
            "cancel": self._cancel,
            "deprecate": self._deprecate,
            "undeprecate": self._undeprecate,
            "unpublish": self._unpublish,
            "transfer": self._transfer,
            "delete": self._delete,
        }
        if name not in ways:
            raise Malformed("The form does not say what to do.")

        async def act() -> Done:
            message = await ways[name](short_name)
            return Done(message, self.url("environments", *([] if name == "delete" else [short_name])))

        try:
            await self.do(act)
        except DataflowError as error:
            await self._show(short_name, error, name)

    async def _cancel(self, short_name: str) -> str:
        await self.call(self.deployment.versions.cancel, self.person, short_name)
        return f"The build of {short_name} is being cancelled."

    async def _deprecate(self, short_name: str) -> str:
        await self.call(self.deployment.publishing.deprecate, self.person, short_name, self.field("reason"))
        return f"{short_name} is deprecated: who has it active keeps it and reads why."

    async def _undeprecate(self, short_name: str) -> str:
        await self.call(self.deployment.publishing.undeprecate, self.person, short_name, self.field("reason"))
        return f"{short_name} is not deprecated any more."

    async def _unpublish(self, short_name: str) -> str:
        await self.call(self.deployment.publishing.unpublish, self.person, short_name, self.field("reason"))
        return f"{short_name} is not published any more."

    async def _transfer(self, short_name: str) -> str:
        owner = self.field("owner")
        moved = await self.call(self.deployment.publishing.transfer, self.person, short_name, owner)
        return f"{short_name} belongs to {moved.owner} now."

    async def _delete(self, short_name: str) -> str:
        """By force only against what the person was shown: what has come since is shown first."""
        delete = self.deployment.environments.delete
        try:
            await self.call(delete, self.person, short_name)
        except Conflict as refusal:
            if self.field("confirmed") != Use.told_by(refusal).digest:
                raise
            await self.call(delete, self.person, short_name, force=True)
        self.deployment.notify()
        return f"{short_name} is deleted."

    async def _show(self, short_name: str, problem: DataflowError | None = None, tried: str = "") -> None:
        deployment, person = self.deployment, self.person
        environment = await self.call(deployment.environments.get, person, short_name)
        usage = await self.call(deployment.usages.of, person, short_name)
        in_use = Use.told_by(problem) if isinstance(problem, Conflict) and tried == "delete" else None
        self.show(
            "environment.html",
            title=environment.full_name,
            problem=problem,
            environment=environment,
            usage=usage,
            tried=tried,
            decisions=_decisions(environment, lambda action: decide(action, environment, person)),
            in_use=in_use,
            typed={name: self.field(name) if tried else "" for name in ("reason", "owner")},
        )


def _decisions(environment: Environment, decided: Callable[[Action], Decision]) -> dict[str, Decision]:
    """By action, in order; of two that undo each other, the one that can be meant."""
    away = {Action.DEPRECATE if environment.deprecated else Action.UNDEPRECATE}
    if environment.status is not Status.IN_PROGRESS:
        away.add(Action.CANCEL)
    return {action.value: decided(action) for action in OFFERED if action not in away}
