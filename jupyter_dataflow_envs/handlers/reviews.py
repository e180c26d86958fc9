"""Routes of publishing: submissions, what is decided about them, and what becomes of published environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.errors import Malformed
from ..domain.review import ReviewState
from .answers import environment_answer, review_answer, review_page_answer
from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from ..domain.environment import Environment
    from ..domain.review import Review


class ReviewAnswering(DataflowHandler):
    def answer_review(self, decided: tuple[Review, str]) -> None:
        review, short_name = decided
        self.answer(review_answer(review, short_name))


class SubmitHandler(ReviewAnswering):
    @operation(
        "Ask for the latest successful version to be published; failed versions are deleted.",
        body="CommentBody",
        answer="ReviewAnswer",
    )
    async def post(self, short_name: str) -> None:
        from ..models import CommentBody

        note = self.body(CommentBody).comment
        self.answer_review(await self.call(self.deployment.reviews.submit, self.person, short_name, note))


class WithdrawHandler(ReviewAnswering):
    @operation("Take the submission back.", body="CommentBody", answer="ReviewAnswer")
    async def post(self, short_name: str) -> None:
        from ..models import CommentBody

        comment = self.body(CommentBody).comment
        self.answer_review(await self.call(self.deployment.reviews.withdraw, self.person, short_name, comment))


class ReviewsHandler(DataflowHandler):
    @operation(
        "Reviews, newest first: all for administrators, your own otherwise.",
        answer="ReviewList",
        query=("state", "environment"),
    )
    async def get(self) -> None:
        state = self.get_query_argument("state", None)
        if state is not None and state not in {s.value for s in ReviewState}:
            raise Malformed(f"state must be one of {', '.join(s.value for s in ReviewState)}.")
        found = await self.call_reading(
            self.deployment.reviews.list,
            self.person,
            state=ReviewState(state) if state else None,
            environment=self.get_query_argument("environment", None),
        )
        self.answer({"items": [review_answer(review, short_name) for review, short_name in found]})


class ReviewHandler(DataflowHandler):
    @operation("All that a decision is made on.", answer="ReviewPageAnswer")
    async def get(self, review: str) -> None:
        person = self.person
        # It may have to read the locks of all published environments.
        page = await self.call_slow(self.deployment.reviews.get, person, review)
        self.answer(review_page_answer(page, person))


class ApproveHandler(ReviewAnswering):
    @operation("Publish the reviewed version (administrators).", body="DecisionBody", answer="ReviewAnswer")
    async def post(self, review: str) -> None:
        from ..models import DecisionBody

        asked = self.body(DecisionBody)
        decide = self.deployment.reviews.approve
        self.answer_review(await self.call(decide, self.person, review, asked.digest, asked.comment))


class RejectHandler(ReviewAnswering):
    @operation("Refuse to publish it, and say why (administrators).", body="DecisionBody", answer="ReviewAnswer")
    async def post(self, review: str) -> None:
        from ..models import DecisionBody

        asked = self.body(DecisionBody)
        decide = self.deployment.reviews.reject
        self.answer_review(await self.call(decide, self.person, review, asked.digest, asked.comment))


class EnvironmentAnswering(DataflowHandler):
    def answer_environment(self, environment: Environment) -> None:
        self.set_header("ETag", f'"{environment.etag}"')
        self.answer(environment_answer(environment, self.person))


class DeprecateHandler(EnvironmentAnswering):
    @operation(
        "No new activations; who has it keeps it and sees the reason (administrators).",
        body="ReasonBody",
        answer="EnvironmentAnswer",
    )
    async def post(self, short_name: str) -> None:
        from ..models import ReasonBody

        reason = self.body(ReasonBody).reason
        deprecate = self.deployment.publishing.deprecate
        self.answer_environment(await self.call(deprecate, self.person, short_name, reason))


class UndeprecateHandler(EnvironmentAnswering):
    @operation("Offer it again (administrators).", body="ReasonBody", answer="EnvironmentAnswer")
    async def post(self, short_name: str) -> None:
        from ..models import ReasonBody

        reason = self.body(ReasonBody).reason
        undeprecate = self.deployment.publishing.undeprecate
        self.answer_environment(await self.call(undeprecate, self.person, short_name, reason))


class UnpublishHandler(EnvironmentAnswering):
    @operation("Back to a draft, if nobody uses it (administrators).", body="ReasonBody", answer="EnvironmentAnswer")
    async def post(self, short_name: str) -> None:
        from ..models import ReasonBody

        reason = self.body(ReasonBody).reason
        unpublish = self.deployment.publishing.unpublish
        self.answer_environment(await self.call(unpublish, self.person, short_name, reason))


class TransferHandler(EnvironmentAnswering):
    @operation("Give it to another owner (administrators).", body="TransferBody", answer="EnvironmentAnswer")
    async def post(self, short_name: str) -> None:
        from ..models import TransferBody

        owner = self.body(TransferBody).owner
        transfer = self.deployment.publishing.transfer
        self.answer_environment(await self.call(transfer, self.person, short_name, owner))


ROUTES = [
    ("/environments/{short_name}/submit", SubmitHandler),
    ("/environments/{short_name}/withdraw", WithdrawHandler),
    ("/reviews", ReviewsHandler),
    ("/reviews/{review}", ReviewHandler),
    ("/reviews/{review}/approve", ApproveHandler),
    ("/reviews/{review}/reject", RejectHandler),
    ("/environments/{short_name}/deprecate", DeprecateHandler),
    ("/environments/{short_name}/undeprecate", UndeprecateHandler),
    ("/environments/{short_name}/unpublish", UnpublishHandler),
    ("/environments/{short_name}/transfer", TransferHandler),
]
