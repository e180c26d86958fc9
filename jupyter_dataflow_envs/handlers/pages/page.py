"""What all pages share: who looks at them, the headers that keep them apart from all else, forms and refusals."""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from jupyterhub.services.auth import HubOAuthenticated
from tornado import web
from tornado.escape import url_escape

from ...domain.errors import DataflowError, FieldError, InvalidSpec
from ...domain.permissions import Person
from ..base import groups_of, status_of
from ..gate import Gate
from . import style
from .login import Pages
from .looks import TEMPLATES
from .once import Done

if TYPE_CHECKING:
    from ...service.core import Service

T = TypeVar("T")
Method = Callable[..., Awaitable[None]]

LOGIN_DAYS = 0.5
"""How long a login to the pages lasts: they are opened to decide, not to stay open."""

FORM_LIMIT = 512 * 1024
"""Bytes of the largest form; a policy of some thousand lines needs less."""

MESSAGE_COOKIE = "dataflow-envs-message"


def refusing(method: Method) -> Method:
    """What the service refuses becomes a page that says so."""

    @functools.wraps(method)
    async def inner(self: Page, *args: Any, **kwargs: Any) -> None:
        try:
            await method(self, *args, **kwargs)
        except DataflowError as error:
            self.refuse(error)

    return inner


class Shown(HubOAuthenticated, web.RequestHandler):  # type: ignore[misc]
    """What is shown in a browser, before its login and after it. The login's cookie counts here and nowhere else."""

    pages: Pages
    section: str = ""
    """Which entry of the navigation it belongs to."""

    def initialize(self, pages: Pages) -> None:
        self.pages = pages
        self.hub_auth = pages.auth

    def get_current_user(self) -> None:
        """Never asked for: the library would block everybody while it asks the hub."""

    def set_default_headers(self) -> None:
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'",
        )
        self.set_header("X-Frame-Options", "DENY")
        self.set_header("X-Content-Type-Options", "nosniff")
        # Other pages of the same address, such as anybody's notebook, can't reach into a window that shows this one.
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Server")

    @property
    def _login(self) -> str | None:
        """The hub's token that the login left in the cookie."""
        value = self.get_secure_cookie(self.pages.auth.cookie_name, max_age_days=LOGIN_DAYS)
        return value.decode("ascii", "replace") if value else None

    @property
    def xsrf_token(self) -> bytes:
        """Of this login's forms; nobody can make one who can't read a page of this login."""
        return hmac.new(self.pages.key, (self._login or "").encode(), hashlib.sha256).hexdigest().encode()

    def url(self, *parts: str) -> str:
        """Of a page, from its parts, which may be anybody's text."""
        return self.pages.base_url + "/".join(url_escape(part, plus=False) for part in parts)

    def show(self, template: str, *, title: str, problem: DataflowError | None = None, **values: Any) -> None:
        """Finish with a page; with `problem`, one that tells at its top what was not done."""
        if problem is not None:
            self.set_status(status_of(type(problem)))
        errors = problem.errors if isinstance(problem, InvalidSpec) else ()
        page = TEMPLATES.get_template(template).render(
            title=title,
            problem=problem,
            faults=_by_field(errors),
            message=self._message(),
            section=self.section,
            person=getattr(self, "person", None),
            url=self.url,
            base=self.pages.base_url,
            hub=self.pages.auth.hub_host + self.pages.auth.hub_prefix,
            css=f"{self.pages.base_url}decisions.css?v={style.VERSION}",
            xsrf=self.xsrf_token.decode(),
            **values,
        )
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(page)

    def tell(self, title: str, status: int, text: str, *, retry: bool = False) -> None:
        """A page that only says something."""
        self.set_status(status)
        self.show("message.html", title=title, text=text, retry=retry)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        text = "The service failed at this; its log says why. Nothing was changed."
        if isinstance(error, web.HTTPError):
            text = {404: "There is no such page.", 405: "This page takes no forms."}.get(
                status_code, f"{error.reason or 'That was not possible'}. Nothing was done."
            )
        self.tell("That was not done", status_code, text)

    def _message(self) -> str | None:
        value = self.get_secure_cookie(MESSAGE_COOKIE, max_age_days=0.01)
        if value is None:
            return None
        self.clear_cookie(MESSAGE_COOKIE, path=self.pages.base_url)
        return value.decode("utf-8", "replace")


class Page(Shown):
    """One page, for administrators who logged in to decide."""

    person: Person
    deployment: Service

    for_everybody = False
    """Otherwise for administrators whose login may decide."""

    def check_xsrf_cookie(self) -> None:
        """Called before anything of a form is looked at. Without a login `prepare` says so."""
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise web.HTTPError(403, reason="A form of another site was refused")
        given = self.get_body_argument("_xsrf", "").encode("utf-8", "replace")
        if self._login is not None and not hmac.compare_digest(given, self.xsrf_token):
            raise web.HTTPError(403, reason="The form was not from this login")

    @refusing
    async def prepare(self) -> None:
        headers = self.request.headers
        # Scripts of other pages at the same address would be sent the cookie too: they may not read what it opens.
        if headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            raise web.HTTPError(403, reason="Only a browser's window can open this page")
        if headers.get("Sec-Fetch-Dest", "document") != "document":
            raise web.HTTPError(403, reason="Only a browser's window can open this page")
        if len(self.request.body) > FORM_LIMIT:
            raise web.HTTPError(413, reason="The form is too long")
        provider, posting = self.pages.provider, self.request.method == "POST"
        # What is decided is decided with the rights of this moment.
        model = await provider.ask(self._login, fresh=posting) if self._login else None
        if model is None:
            if posting:
                self.tell("Log in again", 403, "Your login has ended, and nothing was done.", retry=True)
            else:
                self.redirect(self.get_login_url())
            return
        user = provider.user_of(model)
        self._jupyter_current_user = user  # as all handlers name it, for the log of requests
        self.deployment = await self.gate.ready()
        person = self.deployment.person(
            user.username, groups_of(user), admin=user.is_admin, decides=user.decides and provider.may_use(model)
        )
        if self.for_everybody or (person.is_admin and person.decides):
            self.person = person
            return
        self.set_status(403)
        self.show("forbidden.html", title="Not open to you", viewer=person, scope=provider.decision_scope)

    @property
    def gate(self) -> Gate:
        return self.pages.gate

    async def call(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.gate.call(method, *args, **kwargs)

    async def call_reading(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.gate.call_reading(method, *args, **kwargs)

    async def call_slow(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.gate.call_slow(method, *args, **kwargs)

    def field(self, name: str) -> str:
        """Of the form that was sent, with line ends as everywhere else."""
        return self.get_body_argument(name, "", strip=False).replace("\r\n", "\n")

    def refuse(self, error: DataflowError) -> None:
        if not self._finished:
            titles = {404: "There is no such thing", 503: "Not available now"}
            status = status_of(type(error))
            self.tell(titles.get(status, "That was not done"), status, error.message)

    async def do(self, act: Callable[[], Awaitable[Done]]) -> None:
        """Do what a form asks for, once however often it is sent, and lead to the page that tells of it."""
        # Of equal forms that were shown to be filled in anew, each is another one.
        form = hashlib.sha256(self.request.body).hexdigest() if self.field("once") else secrets.token_hex()
        done = await self.pages.once.do(f"{self.person.name} {self.request.path} {form}", act)
        self.set_secure_cookie(
            MESSAGE_COOKIE,
            done.message.encode(),
            path=self.pages.base_url,
            expires_days=None,
            httponly=True,
            samesite="Lax",
        )
        self.redirect(done.location, status=303)


def _by_field(errors: tuple[FieldError, ...]) -> dict[str, list[str]]:
    """What to say at each field of a form."""
    found: dict[str, list[str]] = {}
    for error in errors:
        where = f"Line {error.line}: " if error.line else ""
        quoted = f" (not “{error.text}”)" if error.text else ""
        found.setdefault(error.field, []).append(f"{where}{error.message}{quoted}.")
    return found
