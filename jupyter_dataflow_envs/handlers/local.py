"""Routes of Local environments, and of copying them both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..domain.clock import to_text
from ..domain.draft import Draft, WantedBase
from ..domain.environment import Environment
from .answers import environment_answer
from .base import DataflowHandler, operation, send_log
from .log_stream import FRAME_BYTES, LogStreaming

if TYPE_CHECKING:
    from ..domain.local import CopiedFrom, Drift, InstalledPackage, LocalEnvironment
    from ..domain.permissions import Person
    from ..local.environments import LocalEnvironments
    from ..local.records import Record
    from ..local.reproduction import Reproduction
    from ..models import (
        CopiedFromAnswer,
        DriftAnswer,
        LocalAnswer,
        LocalPackageAnswer,
        LocalSpec,
        PlanBody,
        ReproductionAnswer,
    )

LOG_LIMIT = 1024 * 1024


class LocalSide(Protocol):
    """What this server keeps of Local environments: beside a deployment, or away from it."""

    environments: LocalEnvironments

    def create(self, person: Person, name: str, draft: Draft) -> LocalEnvironment: ...

    def copy_to_local(self, person: Person, short_name: str, name: str | None) -> LocalEnvironment: ...

    def reproduction(self, id: str) -> Reproduction: ...

    def free_short_name(self, name: str) -> str | None: ...

    def copy_to_dataflow(
        self, person: Person, id: str, short_name: str, draft: Draft, *, skip_unreproducible: bool = False
    ) -> Environment | dict[str, Any]: ...


class LocalRoute(DataflowHandler):
    """`local` and `environments` may have to open the person's folder first: for worker threads alone."""

    @property
    def local(self) -> LocalSide:
        return self.deployment.local

    @property
    def environments(self) -> LocalEnvironments:
        return self.deployment.local.environments

    def shown(self, environment: LocalEnvironment) -> LocalAnswer:
        return local_answer(self.environments, environment)


class LocalListHandler(LocalRoute):
    @operation("Local environments: made here, and found on this machine.", answer="LocalList")
    async def get(self) -> None:
        self.answer({"items": await self.call_reading(self._list)})

    @operation("Make a Local environment, at once.", body="LocalSpec", answer="LocalAnswer", status=202)
    async def post(self) -> None:
        from ..models import LocalSpec

        asked: LocalSpec = self.body(LocalSpec)
        person, draft = self.person, local_draft(asked)
        self.answer(await self.call(lambda: self.shown(self.local.create(person, asked.name, draft))), 202)

    def _list(self) -> list[LocalAnswer]:
        return [self.shown(environment) for environment in self.environments.list()]


class LocalHandler(LocalRoute):
    @operation("One with its packages; with ?size the bytes of its files.", answer="LocalDetails", query=("size",))
    async def get(self, local: str) -> None:
        sized = self.flag("size")
        call = self.call_slow if sized else self.call
        self.answer(await call(self._details, local, sized=sized))

    @operation("Delete one that was made here.", status=204)
    async def delete(self, local: str) -> None:
        await self.call_slow(lambda: self.environments.delete(local))
        self.set_status(204)
        self.finish()

    def _details(self, id: str, *, sized: bool) -> dict[str, Any]:
        environment = self.environments.get(id)
        packages = self.environments.packages(environment)
        size = self.environments.size(environment) if sized else None
        return {**self.shown(environment), "packages": [package_answer(p) for p in packages], "size": size}


class LocalCancelHandler(LocalRoute):
    @operation("Cancel what is being done with it.", status=202)
    async def post(self, local: str) -> None:
        await self.call(lambda: self.environments.cancel(local))
        self.answer({}, 202)


class LocalDriftHandler(LocalRoute):
    @operation("What has changed in it since it was made or copied.", answer="DriftAnswer")
    async def get(self, local: str) -> None:
        self.answer(await self.call(lambda: drift_answer(*self.environments.drift(local))))


class LocalKernelHandler(LocalRoute):
    @operation(
        "Make it a kernel, with ipykernel installed first if that is asked for.",
        body="LocalKernelBody",
        answer="LocalAnswer",
    )
    async def post(self, local: str) -> None:
        from ..models import LocalKernelBody

        install = self.body(LocalKernelBody).install_ipykernel
        self.answer(await self.call(self._register, local, install=install))

    @operation("Take its kernel away.", answer="LocalAnswer")
    async def delete(self, local: str) -> None:
        self.answer(await self.call(lambda: self.shown(self.environments.unregister(local))))

    def _register(self, id: str, *, install: bool) -> LocalAnswer:
        if install and not self.environments.get(id).has_ipykernel:
            return self.shown(self.environments.install_ipykernel(id))
        return self.shown(self.environments.register(id))


class LocalLogHandler(LocalRoute):
    @operation(
        "The log of what was done with it last, from a byte offset on.",
        media_type="text/plain",
        query=("offset", "limit"),
    )
    async def get(self, local: str) -> None:
        offset = self.integer("offset", 0, most=10**15)
        limit = self.integer("limit", LOG_LIMIT, most=LOG_LIMIT)
        part = await self.call(lambda: self.environments.read_log(local, offset, limit))
        send_log(self, part.data, part.next_offset, complete=part.outcome is not None)


class LocalLogStreamHandler(LogStreaming):
    """Of what is done with a Local environment, or was done last."""

    async def prepare_stream(self, local: str) -> None:  # type: ignore[override]
        self._offset = self.integer("offset", 0, most=10**15)
        self._id = local
        # Another work may begin as soon as this one has ended.
        self._number = await self.call(lambda: self.deployment.local.environments.last_log(local))

    def read_more(self, offset: int) -> tuple[bytes, int]:
        return self.deployment.local.environments.read_more(self._id, self._number, offset, FRAME_BYTES)

    def read_part(self, offset: int) -> tuple[bytes, int, str | None]:
        part = self.deployment.local.environments.read_log(self._id, offset, FRAME_BYTES, self._number)
        return part.data, part.next_offset, part.outcome


class CopyToDataflowHandler(LocalRoute):
    @operation("What Copy to Dataflow would ask for, and what it could not.", answer="ReproductionAnswer")
    async def get(self, local: str) -> None:
        self.answer(await self.call_slow(self._reproduction, local))

    @operation(
        "Make a Dataflow environment of exactly what is installed, and build it.",
        body="CopyToDataflowBody",
        answer="EnvironmentAnswer",
        status=202,
    )
    async def post(self, local: str) -> None:
        from ..models import CopyToDataflowBody

        asked: CopyToDataflowBody = self.body(CopyToDataflowBody)
        person, draft = self.person, Draft(full_name=asked.full_name, description=asked.description)
        made = await self.call_slow(
            lambda: self.local.copy_to_dataflow(
                person, local, asked.short_name, draft, skip_unreproducible=asked.skip_unreproducible
            )
        )
        # What comes from the service of a team is its answer already.
        self.answer(environment_answer(made, person) if isinstance(made, Environment) else made, 202)

    def _reproduction(self, id: str) -> ReproductionAnswer:
        wanted = self.local.reproduction(id)
        return {
            "short_name": self.local.free_short_name(self.environments.get(id).name),
            "python_version": wanted.python_version,
            "conda_requirements": list(wanted.conda_requirements),
            "pip_requirements": list(wanted.pip_requirements),
            "unreproducible": [package_answer(p) for p in wanted.unreproducible],
            "notes": list(wanted.notes),
        }


class CopyToLocalHandler(LocalRoute):
    @operation(
        "Copy the version that you can use to a Local environment.",
        body="CopyToLocalBody",
        answer="LocalAnswer",
        status=202,
    )
    async def post(self, short_name: str) -> None:
        from ..models import CopyToLocalBody

        name = self.body(CopyToLocalBody).name
        person = self.person
        self.answer(await self.call(lambda: self.shown(self.local.copy_to_local(person, short_name, name))), 202)


def local_draft(asked: PlanBody) -> Draft:
    return Draft(
        python_version=asked.python_version,
        conda_requirements=asked.conda_requirements,
        pip_requirements=asked.pip_requirements,
        base=WantedBase(asked.base.short_name, asked.base.version) if asked.base else None,
    )


def local_answer(environments: LocalEnvironments, environment: LocalEnvironment) -> LocalAnswer:
    kernel, created = environment.kernel, environment.created_at
    return {
        "id": environment.id,
        "name": environment.name,
        "kind": environment.kind.value,
        "prefix": str(environment.prefix),
        "python_version": environment.python_version,
        "package_count": environment.packages,
        "has_ipykernel": environment.has_ipykernel,
        "kernel": {"name": kernel.name, "display_name": kernel.display_name, "ours": kernel.ours} if kernel else None,
        "status": environment.status.value,
        "work": environment.work.value if environment.work else None,
        "reason": environment.reason,
        "phase": environment.phase,  # type: ignore[typeddict-item]
        "progress": environment.progress,  # type: ignore[typeddict-item]
        "copied_from": copied_from_answer(environment.copied_from),
        "requested": environment.requested,  # type: ignore[typeddict-item]
        "found_by": list(environment.found_by),
        "has_log": environment.has_log,
        "actions": {
            name: {"allowed": decision.allowed, "reason": decision.reason}
            for name, decision in environments.actions(environment).items()
        },
        "created_at": to_text(created) if created else None,
    }


def copied_from_answer(copied: CopiedFrom | None) -> CopiedFromAnswer | None:
    if copied is None:
        return None
    return {
        "short_name": copied.short_name,
        "full_name": copied.full_name,
        "version": copied.version,
        "digest": copied.digest,
    }


def package_answer(package: InstalledPackage) -> LocalPackageAnswer:
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "manager": package.manager,
        "channel": package.channel,
        "unreproducible": package.unreproducible,
    }


def drift_answer(record: Record, drift: Drift) -> DriftAnswer:
    return {
        "since": to_text(record.created_at),
        "copied_from": copied_from_answer(record.copied_from),
        "added": [package_answer(p) for p in drift.added],
        "removed": [package_answer(p) for p in drift.removed],
        "changed": [
            {
                "name": c.right.name,
                "manager": c.right.manager,
                "left": c.left.version,
                "right": c.right.version,
                "direction": c.direction,
            }
            for c in drift.changed
        ],
        "unchanged": drift.unchanged,
    }


ROUTES = [
    ("/local", LocalListHandler),
    ("/local/{local}", LocalHandler),
    ("/local/{local}/cancel", LocalCancelHandler),
    ("/local/{local}/drift", LocalDriftHandler),
    ("/local/{local}/kernel", LocalKernelHandler),
    ("/local/{local}/log", LocalLogHandler),
    ("/local/{local}/log/stream", LocalLogStreamHandler),
    ("/local/{local}/copy-to-dataflow", CopyToDataflowHandler),
    ("/environments/{short_name}/copy-to-local", CopyToLocalHandler),
]
