"""Submitting a version for publishing, and what is decided about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ..builds.workshop import Workshop
from ..domain.clock import to_text
from ..domain.environment import Environment
from ..domain.errors import Conflict, FieldError, InvalidSpec, NotFound
from ..domain.events import EventKind
from ..domain.lock import LockDiff, diff
from ..domain.names import check_description
from ..domain.origins import ExplainedPackage, explain
from ..domain.permissions import Action, Person, require, require_administrator
from ..domain.policy import Violation
from ..domain.review import Review, ReviewState
from ..domain.version import Version
from ..store import deployment, environments, reviews, versions
from . import trail
from .comparison import Comparison, LookAlike
from .specs import refuse

LIMIT = 1000
"""Reviews of one listing; older ones are in the audit trail."""

PAST_TENSE = {
    ReviewState.APPROVED: "approved it",
    ReviewState.REJECTED: "rejected it",
    ReviewState.WITHDRAWN: "withdrew it",
}


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What a decision is made on. `changes`: from the published version, None when none is published."""

    review: Review
    environment: Environment
    version: Version
    packages: Sequence[ExplainedPackage]
    changes: LockDiff | None
    look_alikes: Sequence[LookAlike]
    violations: Sequence[Violation]


class Reviews:
    def __init__(self, workshop: Workshop, comparison: Comparison, notify: Callable[[], None]) -> None:
        self._workshop = workshop
        self._database = workshop.database
        self._comparison = comparison
        self._notify = notify

    def submit(self, person: Person, short_name: str, note: str) -> tuple[Review, str]:
        """Open a review on the latest successful version; failed versions are deleted for good.

        Returns the review and the environment's short name. Raises Conflict, and InvalidSpec for an unreadable note.
        """
        note = check_description(note, "comment")
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.SUBMIT, environment, person)
            assert environment.latest_success is not None
            failed = versions.delete_failed(connection, environment.id)
            for number, attempts in failed:
                trail.note(
                    connection,
                    EventKind.VERSION_DELETED,
                    person,
                    environment,
                    number,
                    why="submitted",
                    attempts=attempts,
                )
                # In the transaction: after it, an attempt of the same number may be writing there.
                for attempt in range(1, attempts + 1):
                    self._workshop.logs.path(environment.id, number, attempt).unlink(missing_ok=True)
            version = versions.find(connection, environment.id, environment.latest_success)
            assert version.digest is not None
            review = reviews.open_review(
                connection, environment.id, version=version.number, digest=version.digest, by=person.name, note=note
            )
            self._note(connection, EventKind.SUBMITTED, person, environment, review, note)
        self._notify()
        return review, environment.short_name

    def withdraw(self, person: Person, short_name: str, comment: str) -> tuple[Review, str]:
        """Back to Draft. Raises Conflict when nothing waits for approval."""
        comment = check_description(comment, "comment")
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.WITHDRAW, environment, person)
            assert environment.review is not None
            review = self._decide(connection, environment.review, ReviewState.WITHDRAWN, person, comment)
            self._note(connection, EventKind.WITHDRAWN, person, environment, review, comment)
        self._notify()
        return review, environment.short_name

    def approve(self, person: Person, review_id: str, digest: str, comment: str) -> tuple[Review, str]:
        """Publish the review's version: everybody sees it, and the users of an older one are moved to it.

        Raises NotFound, NotAllowed, PolicyViolated, and Conflict with who decided what and when.
        """
        comment = check_description(comment, "comment")
        with self._database.write() as connection:
            review, environment = self._find(connection, person, review_id)
            decided = self._decided(review, digest, ReviewState.APPROVED, person)
            if decided:
                return decided, environment.short_name
            require(Action.APPROVE, environment, person)
            lock = versions.lock(connection, review.digest)
            refuse(deployment.policy(connection).check_resolved(lock.packages, complete=True))
            review = self._decide(connection, review, ReviewState.APPROVED, person, comment)
            version = versions.find(connection, environment.id, review.version)
            environments.publish(connection, environment.id, review.version, version.requested)
            self._note(
                connection, EventKind.APPROVED, person, environment, review, comment, superseded=environment.published
            )
        self._notify()
        return review, environment.short_name

    def reject(self, person: Person, review_id: str, digest: str, comment: str) -> tuple[Review, str]:
        """Back to Draft, with a comment that tells the owner why; what was published before stays.

        Raises NotFound, NotAllowed, InvalidSpec without a comment, and Conflict with who decided what and when.
        """
        comment = check_description(comment, "comment")
        with self._database.write() as connection:
            review, environment = self._find(connection, person, review_id)
            decided = self._decided(review, digest, ReviewState.REJECTED, person)
            if decided:
                return decided, environment.short_name
            require(Action.REJECT, environment, person)
            if not comment:
                raise InvalidSpec([FieldError("comment", None, None, "say why: the owner reads it")])
            review = self._decide(connection, review, ReviewState.REJECTED, person, comment)
            self._note(connection, EventKind.REJECTED, person, environment, review, comment)
        self._notify()
        return review, environment.short_name

    def list(
        self, person: Person, *, state: ReviewState | None = None, environment: str | None = None
    ) -> list[tuple[Review, str]]:
        """(review, short name), newest first: administrators all, others those of their own environments."""
        with self._database.look() as connection:
            return reviews.of_person(connection, person, state=state, environment=environment, limit=LIMIT)

    def get(self, person: Person, review_id: str) -> ReviewPage:
        """Raises NotFound."""
        with self._database.read() as connection:
            review, environment = self._find(connection, person, review_id, only_administrators=False)
            version = versions.find(connection, environment.id, review.version)
            lock = versions.lock(connection, review.digest)
            base = version.requested.base
            held = versions.lock(connection, base.digest).packages if base else ()
            changes = None
            if environment.published is not None:
                published = versions.find(connection, environment.id, environment.published)
                assert published.digest is not None
                changes = diff(versions.lock(connection, published.digest).packages, lock.packages)
            return ReviewPage(
                review,
                environment,
                version,
                explain(lock.packages, version.requested, held),
                changes,
                self._comparison.look_alikes(connection, lock, environment),
                deployment.policy(connection).check_resolved(lock.packages, complete=True),
            )

    def _find(
        self, connection: Connection, person: Person, review_id: str, *, only_administrators: bool = True
    ) -> tuple[Review, Environment]:
        review = reviews.get(connection, review_id)
        environment = environments.find_by_id(connection, review.environment_id, person)
        if environment is None or not (person.is_admin or person.name == environment.owner):
            raise NotFound("There is no such review.")
        if only_administrators:
            require_administrator(person, "decide about a submission")
        return review, environment

    def _decided(self, review: Review, digest: str, wanted: ReviewState, person: Person) -> Review | None:
        """The review, when the same person repeats the same decision. Raises Conflict when it was another."""
        if digest != review.digest:
            raise Conflict(
                "The review is of a version with another lock than the one you decided about: look at it again.",
                digest=review.digest,
            )
        if review.open:
            return None
        if (review.state, review.decided_by) == (wanted, person.name):
            return review
        raise _too_late(review)

    def _decide(
        self, connection: Connection, review: Review, state: ReviewState, person: Person, comment: str
    ) -> Review:
        done = reviews.decide(connection, review.id, state, by=person.name, comment=comment)
        review = reviews.get(connection, review.id)
        if not done:
            raise _too_late(review)
        return review

    def _note(
        self,
        connection: Connection,
        kind: EventKind,
        person: Person,
        environment: Environment,
        review: Review,
        comment: str,
        **details: Any,
    ) -> None:
        told = {"review": review.id, "digest": review.digest, "comment": comment, **details}
        trail.note(connection, kind, person, environment, review.version, **told)


def _too_late(review: Review) -> Conflict:
    assert review.decided_at is not None
    return Conflict(
        f"{review.decided_by} {PAST_TENSE[review.state]} at {review.decided_at:%Y-%m-%d %H:%M} UTC: the first decision "
        "stands.",
        decision=review.state.value,
        decided_by=review.decided_by,
        decided_at=to_text(review.decided_at),
    )
