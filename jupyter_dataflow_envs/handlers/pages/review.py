"""One review: all that a decision is made on, and the decision itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain.errors import DataflowError, Malformed
from ...domain.permissions import Action, decide
from .once import Done
from .page import Page, refusing

if TYPE_CHECKING:
    from ...service.comparison import Compared

ROWS_SHOWN = 25
"""Of a table; more are folded."""


class ReviewPage(Page):
    section = "reviews"

    @refusing
    async def get(self, review_id: str) -> None:
        await self._show(review_id)

    @refusing
    async def post(self, review_id: str) -> None:
        decision, digest, comment = self.field("decision"), self.field("digest"), self.field("comment")
        reviews = self.deployment.reviews
        ways = {"approve": (reviews.approve, "is published"), "reject": (reviews.reject, "is rejected")}
        if decision not in ways:
            raise Malformed("The form says neither to approve nor to reject.")
        method, became = ways[decision]

        async def act() -> Done:
            review, short_name = await self.call(method, self.person, review_id, digest, comment)
            return Done(f"Version {review.version} of {short_name} {became}.", self.url("reviews", review.id))

        try:
            await self.do(act)
        except DataflowError as error:
            await self._show(review_id, error, comment)

    async def _show(self, review_id: str, problem: DataflowError | None = None, comment: str = "") -> None:
        deployment, person = self.deployment, self.person
        page = await self.call_slow(deployment.reviews.get, person, review_id)
        environment, review = page.environment, page.review
        version = await self.call(deployment.versions.get, person, environment.short_name, review.version)
        newer = None
        if self.get_query_argument("newer", None):
            newer = await self._newer(environment.short_name, review.version)
        self.show(
            "review.html",
            title=f"{environment.full_name}, version {review.version}",
            problem=problem,
            comment=comment,
            page=page,
            environment=environment,
            review=review,
            version=page.version,
            attempts=version.attempts,
            newer=newer,
            compared=await self._compared(f"{environment.short_name}@{review.version}"),
            approving=decide(Action.APPROVE, environment, person),
            rejecting=decide(Action.REJECT, environment, person),
            rows_shown=ROWS_SHOWN,
        )

    async def _compared(self, itself: str) -> Compared | DataflowError | None:
        """With what else the person wants to see it."""
        other = self.get_query_argument("compare", "").strip()
        if not other:
            return None
        try:
            return await self.call(self.deployment.comparison.compare, self.person, other, itself)
        except DataflowError as error:
            return error

    async def _newer(self, short_name: str, number: int) -> list[dict[str, Any]] | DataflowError:
        try:
            return await self.call_slow(self.deployment.solver.newer, self.person, short_name, number)
        except DataflowError as error:
            return error
