"""Logging in, by the hub, and logging out."""

from __future__ import annotations

from typing import Any

from jupyterhub.services.auth import HubOAuthCallbackHandler
from tornado import web

from .page import Page, Shown


class CallbackHandler(Shown, HubOAuthCallbackHandler):  # type: ignore[misc]
    """Where the hub sends the browser after a login. One that was not begun here has to be begun again."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        why = "JupyterHub could not say who you are."
        if isinstance(error, web.HTTPError) and status_code in (400, 403):
            why = "The login was begun in another window, or too long ago."
        self.tell("Log in again", status_code, why, retry=True)


class LogoutPage(Page):
    """Out of these pages; the hub's own login is the hub's to end."""

    for_everybody = True

    async def post(self) -> None:
        self.pages.auth.clear_cookie(self)
        del self.person
        self.show("logged_out.html", title="Logged out")
