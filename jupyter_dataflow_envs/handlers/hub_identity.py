"""Who asks the service of a team: whose JupyterHub token it is. No cookie is looked at: no page can ask for them."""

from __future__ import annotations

import re
from functools import cached_property

from jupyter_server.auth.identity import IdentityProvider, User
from jupyterhub.services.auth import HubAuth
from tornado import web
from traitlets import Instance, Unicode, default

from ..domain.errors import Unavailable
from .known_tokens import KnownTokens, Model

_HEADER = re.compile(r"(?:token|bearer)\s+(\S+)", re.IGNORECASE)


class HubUser(User):
    """`hub_user` is the hub's model. `is_admin` as the hub says, `decides` by the scope of the token that was sent."""

    hub_user: Model
    is_admin: bool
    decides: bool

    def __init__(self, hub_user: Model, decides: bool) -> None:
        self.hub_user = hub_user
        self.is_admin = hub_user.get("admin") is True
        self.decides = decides
        name = hub_user["name"]
        # A service of the hub is nobody's namesake.
        super().__init__(username=name if hub_user.get("kind", "user") == "user" else f"(service {name})")


class HubIdentityProvider(IdentityProvider):
    """Takes `Authorization: token …` alone. Asks the hub without blocking, and again while a socket is open."""

    hub_auth = Instance(HubAuth, help="Asks the hub.")

    decision_scope = Unicode(
        "custom:dataflow-envs:decide", help="What a token needs so that its administrator may decide with it."
    ).tag(config=True)

    revalidates = True
    """Open sockets are closed when their token is no longer valid."""

    @default("hub_auth")
    def _default_hub_auth(self) -> HubAuth:
        return HubAuth(parent=self)

    @default("token")
    def _token_default(self) -> str:
        return ""

    async def get_user(self, handler: web.RequestHandler) -> HubUser | None:
        """None without a token that the hub knows and that may use this service. Raises Unavailable without the hub."""
        match = _HEADER.fullmatch(handler.request.headers.get("Authorization", "").strip())
        if match is None:
            return None
        model = await self.model_of(match[1])
        if model is None:
            return None
        handler._token_authenticated = True  # type: ignore[attr-defined]
        return self.user_of(model)

    async def model_of(self, token: str) -> Model | None:
        """What the hub says of a token, if that may use this service."""
        model = await self.ask(token)
        return model if model is not None and self.may_use(model) else None

    async def ask(self, token: str, *, fresh: bool = False) -> Model | None:
        """What the hub says of a token, whatever it is for; `fresh`: now, not what it said within the last minute."""
        return await self._tokens.model_of(token, fresh=fresh)

    @cached_property
    def _tokens(self) -> KnownTokens:
        return KnownTokens(self._ask_hub)

    async def _ask_hub(self, token: str) -> Model | None:
        try:
            model: Model | None = await self.hub_auth.user_for_token(token, use_cache=False, sync=False)
        except web.HTTPError as error:
            raise Unavailable(
                "JupyterHub can't be asked who you are: try again in a moment. Kernels and Local environments go on."
            ) from error
        return model

    def may_use(self, model: Model) -> bool:
        """Whether a token of which the hub says this is one for this service."""
        return bool(self.hub_auth.check_scopes(self.hub_auth.access_scopes, model))

    def user_of(self, model: Model) -> HubUser:
        return HubUser(model, decides=self.decision_scope in model.get("scopes", ()))
