"""People who log in: the identity provider of `server.py --people`, on Jupyter's own signed cookie and XSRF check.

A spec logs in as a browser does, each person in a browser context of their own: GET /login sets the `_xsrf` cookie and
shows a form with the fields `username`, `password` and `_xsrf`; posting it sets the signed cookie and leads on. Tokens
are not taken: whoever talks REST sends these cookies, and the value of `_xsrf` as the header X-XSRFToken with all but
GET. alice and bob are people, root is an administrator. `login` of tests/servers.ts does all that.
"""

from __future__ import annotations

import hmac
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.auth.login import LoginFormHandler
from tornado.escape import url_escape, xhtml_escape
from traitlets import default

PASSWORDS = {"alice": "alice has a key", "bob": "bob has a key", "root": "root has a key"}
ADMINISTRATORS = ["root"]

FORM = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Log in</title></head>
<body><main>
<h1>Log in</h1>
{error}
<form action="{action}" method="post">
{xsrf}
<p><label>Name <input name="username" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button type="submit">Log in</button></p>
</form>
</main></body>
</html>
"""


class LoginForm(LoginFormHandler):
    """Asks for a name as well, which Jupyter's own form does not."""

    def _render(self, message: dict[str, str] | None = None) -> None:
        next_url = self.get_argument("next", default=self.base_url)
        error = f'<p role="alert">{xhtml_escape(message["error"])}</p>' if message else ""
        action = xhtml_escape(f"{self.base_url}login?next={url_escape(next_url)}")
        self.finish(FORM.format(error=error, action=action, xsrf=self.xsrf_form_html()))


class People(IdentityProvider):
    """Knows a person by the cookie that the form gave them, and by nothing else."""

    @default("login_handler_class")
    def _default_login_handler_class(self) -> type[LoginForm]:
        return LoginForm

    def process_login_form(self, handler: Any) -> User | None:
        """Who has typed this, if the password is theirs."""
        name = handler.get_body_argument("username", "")
        typed = handler.get_body_argument("password", "", strip=False)
        right = PASSWORDS.get(name)
        if right is None or not hmac.compare_digest(typed.encode(), right.encode()):
            return None
        return User(name, display_name=name.capitalize())

    async def get_user_token(self, handler: Any) -> User | None:
        """Nobody: there are no tokens."""
        return None
