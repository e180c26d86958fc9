"""Publishing: submissions, decisions, and what becomes of published environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from .routes import SLOW_SECONDS, Routes, environment_path
from .transport import segment

if TYPE_CHECKING:
    from typing import TypeAlias

    from ..models import EnvironmentAnswer, ReviewAnswer, ReviewPageAnswer

    ReviewLike: TypeAlias = str | ReviewAnswer | ReviewPageAnswer

ReviewState = Literal["pending", "approved", "rejected", "withdrawn"]


class PublishingRoutes(Routes):
    """Reviews and published environments. Who may not do a thing gets NotAllowed; when it can't be done, Conflict."""

    def submit(self, short_name: str, comment: str = "") -> ReviewAnswer:
        """Ask for the latest successful version to be published; failed versions are deleted. For the owner."""
        return self._review("POST", environment_path(short_name, "submit"), comment=comment)

    def withdraw(self, short_name: str, comment: str = "") -> ReviewAnswer:
        """Take the submission back. For the owner and administrators."""
        return self._review("POST", environment_path(short_name, "withdraw"), comment=comment)

    def reviews(self, state: ReviewState | None = None, environment: str | None = None) -> list[ReviewAnswer]:
        """Reviews, newest first: all for administrators, your own otherwise."""
        answer = self._transport.json("GET", "reviews", query={"state": state, "environment": environment})
        return cast("list[ReviewAnswer]", answer["items"])

    def review(self, id: str) -> ReviewPageAnswer:
        """All that a decision is made on: the version, what changes, look-alikes, violations of the policy."""
        return cast("ReviewPageAnswer", self._transport.json("GET", _review_path(id), timeout=SLOW_SECONDS))

    def approve(self, review: ReviewLike, digest: str | None = None, comment: str = "") -> ReviewAnswer:
        """Publish the reviewed version: everybody sees it, and the users of an older one are moved to it.

        `digest` is that of the lock that was looked at: a review of another is refused with Conflict. Where `review` is
        an answer of `submit`, `reviews` or `review`, that answer's digest is taken. With an id alone the review is
        read first, and what is there at that moment is approved, whatever was looked at before.

        The first decision stands: later ones raise Conflict whose `more` tells `decision`, `decided_by` and
        `decided_at`; the same decision of the same person again is answered as the first time. Raises PolicyViolated
        too. Administrators only.
        """
        return self._decide("approve", review, digest, comment)

    def reject(self, review: ReviewLike, comment: str, digest: str | None = None) -> ReviewAnswer:
        """Refuse to publish it; the owner reads the comment, which is needed (InvalidSpec). Otherwise as `approve`."""
        return self._decide("reject", review, digest, comment)

    def deprecate(self, short_name: str, reason: str) -> EnvironmentAnswer:
        """No new activations; who has it keeps it and sees the reason. Administrators only."""
        return self._environment(short_name, "deprecate", reason=reason)

    def undeprecate(self, short_name: str, reason: str = "") -> EnvironmentAnswer:
        """Offer it again. Administrators only."""
        return self._environment(short_name, "undeprecate", reason=reason)

    def unpublish(self, short_name: str, reason: str = "") -> EnvironmentAnswer:
        """Back to a draft. Conflict while somebody uses it; `more` tells `active_people` and `base_of`. Administrators
        only."""
        return self._environment(short_name, "unpublish", reason=reason)

    def transfer(self, short_name: str, owner: str) -> EnvironmentAnswer:
        """Give it to another owner, whose name is taken as it is: mind the spelling. Administrators only."""
        return self._environment(short_name, "transfer", owner=owner)

    def _decide(self, decision: str, review: ReviewLike, digest: str | None, comment: str) -> ReviewAnswer:
        id, seen = (review, None) if isinstance(review, str) else _seen(review)
        if digest is None:
            digest = seen or self.review(id)["review"]["digest"]
        return self._review("POST", _review_path(id, decision), digest=digest, comment=comment)

    def _review(self, method: str, path: str, **body: Any) -> ReviewAnswer:
        return cast("ReviewAnswer", self._transport.json(method, path, body=body))

    def _environment(self, short_name: str, action: str, **body: Any) -> EnvironmentAnswer:
        answer = self._transport.json("POST", environment_path(short_name, action), body=body)
        return cast("EnvironmentAnswer", answer)


def _review_path(id: str, *more: str) -> str:
    return "/".join(["reviews", segment(id), *more])


def _seen(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Which review an answer tells of, and the digest that it shows."""
    review = answer.get("review", answer)
    return review["id"], review["digest"]
