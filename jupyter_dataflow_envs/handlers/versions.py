"""Routes of builds and versions."""

from __future__ import annotations

from ..domain.errors import Malformed
from .answers import compared_answer, version_answer, version_summary
from .base import DataflowHandler, operation, send_log

LOG_LIMIT = 1024 * 1024


class BuildHandler(DataflowHandler):
    @operation("Build the saved requirements.", body="BuildRequest", answer="VersionSummary", status=202)
    async def post(self, short_name: str) -> None:
        from ..models import BuildRequest

        asked = self.body(BuildRequest)
        version = await self.call(
            self.deployment.versions.build,
            self.person,
            short_name,
            pin_installed=asked.pin_installed,
            from_scratch=asked.from_scratch,
        )
        self.answer(version_summary(version), 202)


class CancelHandler(DataflowHandler):
    @operation("Cancel the build that is queued or in progress.", status=202)
    async def post(self, short_name: str) -> None:
        await self.call(self.deployment.versions.cancel, self.person, short_name)
        self.answer({}, 202)


class RevertHandler(DataflowHandler):
    @operation(
        "Go back to an earlier version: exactly its packages, without a solve, as a new version.",
        body="RevertRequest",
        answer="VersionSummary",
        status=202,
    )
    async def post(self, short_name: str) -> None:
        from ..models import RevertRequest

        number = self.body(RevertRequest).version
        version = await self.call(self.deployment.versions.revert, self.person, short_name, number)
        self.answer(version_summary(version), 202)


class VersionsHandler(DataflowHandler):
    @operation("Its versions, newest first.", answer="VersionList")
    async def get(self, short_name: str) -> None:
        versions = await self.call_reading(self.deployment.versions.list, self.person, short_name)
        self.answer({"items": [version_summary(v) for v in versions]})


class VersionHandler(DataflowHandler):
    @operation("One version with its requirements, packages and attempts.", answer="VersionAnswer")
    async def get(self, short_name: str, number: str) -> None:
        self.answer(version_answer(await self.call(self.deployment.versions.get, self.person, short_name, int(number))))


class NewerHandler(DataflowHandler):
    @operation("Its packages of which the channels and indexes hold a newer version.", answer="NewerList")
    async def get(self, short_name: str, number: str) -> None:
        newer = await self.call_slow(self.deployment.solver.newer, self.person, short_name, int(number))
        self.answer({"items": newer})


class CompareHandler(DataflowHandler):
    @operation(
        "Two versions side by side: left and right are short@version, or short for what you can use.",
        answer="ComparedAnswer",
        query=("left", "right"),
    )
    async def get(self) -> None:
        left, right = (self.get_query_argument(side, None) for side in ("left", "right"))
        if left is None or right is None:
            raise Malformed("Say what to compare: ?left=mlenv@1&right=mlenv@2.")
        compared = await self.call(self.deployment.comparison.compare, self.person, left, right)
        self.answer(compared_answer(compared))


class LogHandler(DataflowHandler):
    @operation("The build log from a byte offset on.", media_type="text/plain", query=("attempt", "offset", "limit"))
    async def get(self, short_name: str, number: str) -> None:
        versions = self.deployment.versions
        attempt = self.integer("attempt", 0, most=10**9) or None
        offset = self.integer("offset", 0, most=10**15)
        limit = self.integer("limit", LOG_LIMIT, most=LOG_LIMIT)
        place = await self.call(versions.log_place, self.person, short_name, int(number), attempt)
        part = await self.call(versions.read_log, place, offset, limit)
        send_log(self, part.data, part.next_offset, complete=part.outcome is not None)


class ExportHandler(DataflowHandler):
    @operation("A version as a file for other tools.", media_type="text/plain")
    async def get(self, short_name: str, number: str, format: str) -> None:
        from ..service.versions import EXPORTS

        text = await self.call(self.deployment.versions.export, self.person, short_name, int(number), format)
        self.set_header("Content-Disposition", f'attachment; filename="{short_name.lower()}-v{int(number)}-{format}"')
        self.finish(text, set_content_type=f"{EXPORTS[format].media_type}; charset=UTF-8")


ROUTES = [
    ("/environments/{short_name}/build", BuildHandler),
    ("/environments/{short_name}/cancel", CancelHandler),
    ("/environments/{short_name}/revert", RevertHandler),
    ("/environments/{short_name}/versions", VersionsHandler),
    ("/environments/{short_name}/versions/{number}", VersionHandler),
    ("/environments/{short_name}/versions/{number}/newer", NewerHandler),
    ("/environments/{short_name}/versions/{number}/log", LogHandler),
    ("/environments/{short_name}/versions/{number}/export/{format}", ExportHandler),
    ("/compare", CompareHandler),
]
