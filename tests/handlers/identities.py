"""An identity provider as a hub has one: each token is another person's, and people are in groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User

STEWARDS = ["grace", *(f"admin{n:02d}" for n in range(1, 51))]
"""Administrators by their group."""

PEOPLE = ["alice", "boss", "carol", "dave", *STEWARDS]

TOKENS = {f"token-of-{name}": name for name in PEOPLE}


@dataclass
class Member(User):
    """A user with groups, as hubs tell them."""

    groups: tuple[str, ...] = ()


class TokenUsers(IdentityProvider):
    """Loaded by the server under test."""

    def get_user(self, handler: Any) -> User | None:
        """Whose token the request carries."""
        token = handler.request.headers.get("Authorization", "").removeprefix("token ")
        if token not in TOKENS:
            return None
        handler._token_authenticated = True  # as Jupyter's own does: no cookie is in play, hence no XSRF check
        name = TOKENS[token]
        return Member(name, groups=("staff", "stewards") if name in STEWARDS else ("staff",))
