"""An identity provider as a hub has one: each token is another person's."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User

TOKENS = {"token-of-alice": "alice", "token-of-boss": "boss", "token-of-carol": "carol"}


class TokenUsers(IdentityProvider):
    """Loaded by the server under test."""

    def get_user(self, handler: Any) -> User | None:
        """Whose token the request carries."""
        token = handler.request.headers.get("Authorization", "").removeprefix("token ")
        if token not in TOKENS:
            return None
        handler._token_authenticated = True  # as Jupyter's own does: no cookie is in play, hence no XSRF check
        return User(TOKENS[token])
