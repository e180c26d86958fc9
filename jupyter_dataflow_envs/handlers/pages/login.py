"""The login of the pages, by OAuth of the hub, in a cookie that nothing else looks at."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyterhub.services.auth import HubOAuth
from jupyterhub.utils import get_browser_protocol
from tornado import web

from ..gate import Gate
from .once import Once

if TYPE_CHECKING:
    from ..hub_identity import HubIdentityProvider


class PageLogin(HubOAuth):  # type: ignore[misc]
    """The hub's own client; its cookie lasts as long as the browser is open, and comes with none of the hub's XSRF
    cookie: the forms have tokens of their own."""

    def set_cookie(self, handler: web.RequestHandler, access_token: str) -> None:
        """Remember who logged in. Scripts can't read it, and no other site's form or picture brings it along."""
        secure = get_browser_protocol(handler.request) == "https" or self.cookie_host_prefix_enabled
        options = {"path": self.cookie_path, "httponly": True, "secure": secure, "samesite": "Lax"}
        handler.set_secure_cookie(
            self.cookie_name, access_token, **{**options, **self.cookie_options, "expires_days": None}
        )


@dataclass(frozen=True)
class Pages:
    """What the pages of one application share."""

    base_url: str
    provider: HubIdentityProvider
    gate: Gate
    auth: PageLogin
    once: Once = field(default_factory=Once)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Signs the tokens of forms."""


def pages_of(base_url: str, provider: HubIdentityProvider, gate: Gate) -> Pages:
    """Raises ValueError unless the hub has made the service known to browsers' logins (its OAuth client)."""
    auth = PageLogin(parent=provider.parent, base_url=base_url)
    if not auth.oauth_client_id:
        raise ValueError("the hub gave no JUPYTERHUB_CLIENT_ID")
    # Of the cookie that lasts while somebody logs in, too.
    auth.cookie_options = {"samesite": "Lax", **auth.cookie_options}
    return Pages(auth.base_url, provider, gate, auth)
