"""Routes of the deployment as a whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from .._version import __version__
from ..domain.errors import NotAllowed
from .answers import policy_answer, violating_answer
from .base import DataflowHandler, Operation, operation

if TYPE_CHECKING:
    from ..domain.permissions import Person
    from ..domain.policy import Policy
    from ..models import PolicyBody

FEATURES = [
    "build",
    "preview",
    "bases",
    "revert",
    "publish",
    "compare",
    "export",
    "import",
    "activate",
    "run",
    "events",
    "audit",
    "policy",
]


class HealthHandler(DataflowHandler):
    _track_activity = False

    @allow_unauthenticated
    async def get(self) -> None:
        deployment, failure = self.gate.deployment, self.gate.failure
        alive = deployment is not None and await self.call(deployment.diagnosis.coordinator_alive)
        self.answer(
            {
                "status": "up" if deployment else "disabled" if failure else "starting",
                "version": __version__,
                "schema_version": deployment.diagnosis.schema_version if deployment else None,
                "coordinator_alive": alive,
                "message": failure.message if failure else None,
                "service": None,
            }
        )

    get.operation = Operation("Whether the service is up; without a login.", answer="HealthAnswer")  # type: ignore[attr-defined]


class MeHandler(DataflowHandler):
    @operation("Who you are here, and what you may have.", answer="MeAnswer")
    async def get(self) -> None:
        person, deployment = self.person, self.deployment
        policy, used = await self.call_reading(deployment.policies.limits, person)
        settings = deployment.workshop.settings
        self.answer(
            {
                "name": person.name,
                "is_admin": person.is_admin,
                "is_sole": self.is_sole,
                "approves_own": person.approves_own,
                "extended_requirements": settings.extended_requirements,
                "limits": {
                    "max_environments": policy.max_environments,
                    "environments": used.environments,
                    "max_bytes": policy.max_bytes,
                    "bytes": used.bytes,
                    "max_versions": policy.max_versions,
                    "max_concurrent_builds": settings.max_concurrent_builds,
                },
                "features": FEATURES,
                "policy": policy_answer(policy),
                "channels": deployment.diagnosis.channels(),
                "indexes": deployment.diagnosis.indexes(),
                "decision_page": self._decision_page(person),
            }
        )

    def _decision_page(self, person: Person) -> str | None:
        """For whom it is the only place to decide."""
        page: str | None = self.settings.get("dataflow_envs_decision_page")
        return page if person.is_admin and not person.decides else None


class PolicyHandler(DataflowHandler):
    @operation("What this deployment allows.", answer="PolicyAnswer")
    async def get(self) -> None:
        self.answer(policy_answer(await self.call_reading(self.deployment.policies.get)))

    @operation(
        "Change what this deployment allows (administrators); tells which published environments violate it.",
        body="PolicyBody",
        answer="PolicyChangedAnswer",
    )
    async def put(self) -> None:
        from ..models import PolicyBody

        policy = policy_of(self.body(PolicyBody))
        violating = await self.call_slow(self.deployment.policies.set, self.person, policy)
        self.answer({**policy_answer(policy), "violating": [violating_answer(v) for v in violating]})


def policy_of(body: PolicyBody) -> Policy:
    """As it was sent; whether its values mean something is the service's to say."""
    from ..domain.policy import DeniedPackage, Policy

    return Policy(
        channels=tuple(body.channels),
        indexes=tuple(body.indexes),
        denied_packages=tuple(DeniedPackage(d.name, d.specifier, d.reason) for d in body.denied_packages),
        required_packages=tuple(body.required_packages),
        python_versions=tuple(body.python_versions),
        max_environments=body.max_environments,
        max_versions=body.max_versions,
        max_bytes=body.max_bytes,
    )


class ViolatingHandler(DataflowHandler):
    @operation("Published environments that the policy would not allow now (administrators).", answer="ViolatingList")
    async def get(self) -> None:
        violating = await self.call_slow(self.deployment.policies.violating, self.person)
        self.answer({"items": [violating_answer(v) for v in violating]})


class NamesHandler(DataflowHandler):
    @operation("Names of packages that begin so.", answer="NamesAnswer", query=("manager", "q", "limit"))
    async def get(self) -> None:
        names = await self.call_slow(
            self.deployment.solver.names,
            self.get_query_argument("manager", "conda"),
            self.get_query_argument("q", "")[:200],
            self.integer("limit", 50, most=500),
        )
        self.answer({"items": names})


class PackageVersionsHandler(DataflowHandler):
    @operation("Versions of one package that exist for this platform, newest first.", answer="PackageVersions")
    async def get(self, manager: str, name: str) -> None:
        versions = await self.call_slow(self.deployment.solver.versions, manager, name)
        self.answer({"name": name.lower(), "manager": manager, "versions": versions})


class DoctorHandler(DataflowHandler):
    @operation("What is wrong with the installation (administrators).", answer="DoctorAnswer")
    async def get(self) -> None:
        if not self.person.is_admin:
            raise NotAllowed("Only an administrator can look into the installation.")
        self.answer({"checks": [asdict(c) for c in await self.call_slow(self.deployment.diagnosis.checks)]})


class OpenApiHandler(DataflowHandler):
    @operation("This interface, described.")
    async def get(self) -> None:
        from ..openapi import document

        self.answer(await self.call(document))


class UnknownHandler(DataflowHandler):
    """Whatever else is asked for below our name: refused in the one shape, not with a page."""

    async def _refuse_unknown(self, *_: str) -> None:
        raise web.HTTPError(404)

    get = post = put = patch = delete = web.authenticated(_refuse_unknown)


ROUTES = [
    ("/health", HealthHandler),
    ("/me", MeHandler),
    ("/policy", PolicyHandler),
    ("/policy/violating", ViolatingHandler),
    ("/packages", NamesHandler),
    ("/packages/{manager}/{name}", PackageVersionsHandler),
    ("/doctor", DoctorHandler),
    ("/openapi.json", OpenApiHandler),
]
