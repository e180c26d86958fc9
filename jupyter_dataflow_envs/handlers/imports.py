"""The route that reads other tools' files."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..exchange.lines import FILE_LIMIT, decode
from .base import JSON_TYPE, DataflowHandler, operation

if TYPE_CHECKING:
    from ..exchange.account import Imported
    from ..models import ImportAnswer


class ImportHandler(DataflowHandler):
    body_limit: ClassVar[int] = 2 * FILE_LIMIT
    """JSON writes some characters with two."""

    @operation(
        "A file of another tool as a specification to look over, and line by line what could not be taken. "
        "The body may also be the file itself, of any other type than JSON, with its name in the query.",
        body="ImportBody",
        answer="ImportAnswer",
        query=("name",),
    )
    async def post(self) -> None:
        from ..models import ImportBody

        kind = self.request.headers.get("Content-Type", JSON_TYPE).partition(";")[0].strip().lower()
        if kind == JSON_TYPE:
            body = self.body(ImportBody)
            text, name = body.text, body.name
        else:
            text, name = decode(self.request.body), self.get_query_argument("name", None)
        imported = await self.call_slow(self.deployment.imports.read, self.person, text, (name or "")[:300] or None)
        self.answer(import_answer(imported))


def import_answer(imported: Imported) -> ImportAnswer:
    return {
        "format": imported.format,
        "spec": {
            "short_name": imported.short_name,
            "full_name": imported.full_name,
            "description": "",
            "python_version": imported.python_version,
            "conda_requirements": list(imported.conda_requirements),
            "pip_requirements": list(imported.pip_requirements),
        },
        "left_out": [{"line": n.line, "text": n.text, "message": n.message} for n in imported.left_out],
        "changed": [
            {"line": c.line, "text": c.text, "became": c.became, "message": c.message} for c in imported.changed
        ],
        "notes": list(imported.notes),
    }


ROUTES = [("/import", ImportHandler)]
