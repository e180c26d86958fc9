"""Routes of environments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..domain.clock import now
from ..domain.draft import Draft, WantedBase
from ..domain.environment import LocalOrigin, Status
from ..domain.errors import Malformed, Stale
from ..domain.page import Page
from .answers import environment_answer, preview_answer
from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from ..domain.permissions import Person
    from ..models import EnvironmentList, Request

PAGE_LIMIT = 1000
_ETAG = re.compile(r'(?:W/)?"?([^"]+)"?')


class EnvironmentsHandler(DataflowHandler):
    @operation(
        "The environments that you may see, by page.",
        answer="EnvironmentList",
        query=("q", "status", "owner", "mine", "sort", "limit", "cursor"),
    )
    async def get(self) -> None:
        person = self.person
        mine = self.flag("mine")
        status = self.get_query_argument("status", None)
        if status is not None and status not in {s.value for s in Status}:
            raise Malformed(f"status must be one of {', '.join(s.value for s in Status)}.")
        page = Page(
            text=self.get_query_argument("q", "")[:200],
            status=Status(status) if status else None,
            owner=person.name if mine else self.get_query_argument("owner", None),
            sort=self.get_query_argument("sort", "short_name"),
            limit=max(1, self.integer("limit", 100, most=PAGE_LIMIT)),
            cursor=self.get_query_argument("cursor", None),
        )
        self.answer(await self.call_reading(self._read, person, page))

    def _read(self, person: Person, page: Page) -> EnvironmentList:
        """In a worker thread; so are the answers, which take as long as what they tell."""
        items, cursor = self.deployment.environments.list(person, page)
        return {"items": [environment_answer(e, person) for e in items], "next": cursor}

    @operation(
        "Create an environment; it is saved, not built.", body="EnvironmentSpec", answer="EnvironmentAnswer", status=201
    )
    async def post(self) -> None:
        from ..models import EnvironmentSpec

        spec = self.body(EnvironmentSpec)
        draft = _draft(spec, "short_name", "copied_from")
        copied = LocalOrigin(spec.copied_from.name, spec.copied_from.prefix, now()) if spec.copied_from else None
        made = await self.call(self.deployment.environments.create, self.person, spec.short_name, draft, copied)
        self.set_header("Location", f"{self.base_url}dataflow-envs/environments/{made.short_name}")
        self.set_header("ETag", f'"{made.etag}"')
        self.answer(environment_answer(made, self.person), 201)


class EnvironmentHandler(DataflowHandler):
    @operation("One environment.", answer="EnvironmentAnswer")
    async def get(self, short_name: str) -> None:
        environment = await self.call_reading(self.deployment.environments.get, self.person, short_name)
        self.set_header("ETag", f'"{environment.etag}"')
        self.answer(environment_answer(environment, self.person))

    @operation(
        "Change what is saved. With If-Match: only if nobody else has.",
        body="EnvironmentEdit",
        answer="EnvironmentAnswer",
    )
    async def patch(self, short_name: str) -> None:
        from ..models import EnvironmentEdit

        draft = _draft(self.body(EnvironmentEdit))
        edited = await self.call(self.deployment.environments.edit, self.person, short_name, draft, self._if_match())
        self.set_header("ETag", f'"{edited.etag}"')
        self.answer(environment_answer(edited, self.person))

    @operation("Delete it, with its versions, logs and kernels.", status=204, query=("force",))
    async def delete(self, short_name: str) -> None:
        force = self.flag("force")
        await self.call(self.deployment.environments.delete, self.person, short_name, force=force)
        self.deployment.notify()
        self.set_status(204)
        self.finish()

    def _if_match(self) -> str | None:
        header = self.request.headers.get("If-Match")
        if header is None or header.strip() == "*":
            return None
        match = _ETAG.fullmatch(header.strip())
        if match is None:
            raise Stale("If-Match must hold one ETag, as the answer before gave it.")
        return match[1]


class ShortNameHandler(DataflowHandler):
    @operation("Whether a new environment can have this short name, and why not.", answer="ShortNameAnswer")
    async def get(self, name: str) -> None:
        refusal = await self.call_reading(self.deployment.environments.refusal_of_short_name, name)
        self.answer({"short_name": name.strip().lower(), "available": refusal is None, "message": refusal})


class NewPreviewHandler(DataflowHandler):
    @operation(
        "What the first build of an environment that is not saved yet would install; nothing is kept of it.",
        body="PreviewRequest",
        answer="PreviewAnswer",
    )
    async def post(self) -> None:
        from ..models import PreviewRequest

        # Without an installed version there is nothing to pin.
        draft = _draft(self.body(PreviewRequest), "pin_installed")
        self.answer(preview_answer(await self.call_slow(self.deployment.solver.preview_new, self.person, draft)))


class PreviewHandler(DataflowHandler):
    @operation(
        "What a build would install, and what would change; nothing is installed.",
        body="PreviewRequest",
        answer="PreviewAnswer",
    )
    async def post(self, short_name: str) -> None:
        from ..models import PreviewRequest

        asked = self.body(PreviewRequest)
        draft = _draft(asked, "pin_installed")
        preview = await self.call_slow(
            self.deployment.solver.preview, self.person, short_name, draft, pin_installed=asked.pin_installed
        )
        self.answer(preview_answer(preview))


def _draft(body: Request, *beside: str) -> Draft:
    """Of the fields of a body, without those beside the draft. A base that is not named stays, null takes it away."""
    fields = body.model_dump(exclude={"base", *beside})
    if "base" in body.model_fields_set:
        base = body.base  # type: ignore[attr-defined]
        fields["base"] = WantedBase(base.short_name, base.version) if base else None
    return Draft(**fields)


ROUTES = [
    ("/environments", EnvironmentsHandler),
    ("/environments/{short_name}", EnvironmentHandler),
    ("/environments/{short_name}/preview", PreviewHandler),
    ("/preview", NewPreviewHandler),
    ("/short-names/{name}", ShortNameHandler),
]
