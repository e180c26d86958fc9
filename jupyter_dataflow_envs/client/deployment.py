"""What a deployment is, offers and allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from .routes import SLOW_SECONDS, Routes
from .transport import segment

if TYPE_CHECKING:
    from ..models import (
        DoctorAnswer,
        HealthAnswer,
        MeAnswer,
        PackageVersions,
        PolicyAnswer,
        PolicyChangedAnswer,
        ViolatingAnswer,
    )

Manager = Literal["conda", "pip"]


class DeploymentRoutes(Routes):
    """The deployment as a whole."""

    def health(self) -> HealthAnswer:
        """Whether the service is up, and why not; needs no token."""
        return cast("HealthAnswer", self._transport.json("GET", "health", accept=(503,)))

    def me(self) -> MeAnswer:
        """Who is asking, what they are allowed and have used."""
        return cast("MeAnswer", self._transport.json("GET", "me"))

    def policy(self) -> PolicyAnswer:
        """What the deployment allows."""
        return cast("PolicyAnswer", self._transport.json("GET", "policy"))

    def set_policy(self, policy: PolicyAnswer) -> PolicyChangedAnswer:
        """Replace the policy; `violating` of the answer are the published environments that it would not allow.

        An earlier answer may be given back: its `violating` is left out. Administrators only (NotAllowed); InvalidSpec
        for what is no policy.
        """
        body = {k: v for k, v in policy.items() if k != "violating"}
        answer = self._transport.json("PUT", "policy", body=body, timeout=SLOW_SECONDS)
        return cast("PolicyChangedAnswer", answer)

    def policy_violating(self) -> list[ViolatingAnswer]:
        """The published environments that the policy would not allow now. Administrators only (NotAllowed)."""
        answer = self._transport.json("GET", "policy/violating", timeout=SLOW_SECONDS)
        return cast("list[ViolatingAnswer]", answer["items"])

    def package_names(self, query: str, *, manager: Manager = "conda") -> list[str]:
        """Names in the channels or indexes that begin so."""
        answer = self._transport.json("GET", "packages", query={"manager": manager, "q": query}, timeout=SLOW_SECONDS)
        return cast("list[str]", answer["items"])

    def package_versions(self, name: str, *, manager: Manager = "conda") -> PackageVersions:
        """The versions of a package that exist for this platform, newest first."""
        path = f"packages/{segment(manager)}/{segment(name)}"
        return cast("PackageVersions", self._transport.json("GET", path, timeout=SLOW_SECONDS))

    def doctor(self) -> DoctorAnswer:
        """What the service finds when it examines itself. Administrators only (NotAllowed)."""
        return cast("DoctorAnswer", self._transport.json("GET", "doctor", timeout=SLOW_SECONDS))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document of the REST interface."""
        return cast("dict[str, Any]", self._transport.json("GET", "openapi.json"))
