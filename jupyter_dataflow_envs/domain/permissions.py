"""Who may do what, and when: the one table. Services refuse by it, and every environment's JSON carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, cached_property
from typing import NamedTuple

from .environment import Environment, Status
from .errors import Conflict, NotAllowed


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. `approves_own`: an administrator who may also decide about what they submitted themselves.

    `decides`: an administrator who may act as one now. For a team that takes a login of their own: what a notebook
    server says in their name may be any notebook's.
    """

    name: str
    is_admin: bool = False
    approves_own: bool = False
    decides: bool = True


class Action(str, Enum):
    EDIT = "edit"
    PREVIEW = "preview"
    BUILD = "build"
    CANCEL = "cancel"
    REVERT = "revert"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REJECT = "reject"
    DEPRECATE = "deprecate"
    UNDEPRECATE = "undeprecate"
    UNPUBLISH = "unpublish"
    TRANSFER = "transfer"
    ACTIVATE = "activate"
    TRY_DRAFT = "try_draft"
    DEACTIVATE = "deactivate"
    RUN = "run"
    USE_AS_BASE = "use_as_base"
    COPY_TO_LOCAL = "copy_to_local"
    DELETE = "delete"


class Who(str, Enum):
    """Whom an action is open to, and how a refusal names them."""

    OWNER = "its owner"
    OWNER_OR_ADMINISTRATOR = "its owner or an administrator"
    ADMINISTRATOR = "an administrator"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed, or the reason why not; `forbidden` tells "not you" (403) from "not now" (409)."""

    allowed: bool
    reason: str | None = None
    forbidden: bool = False


ALLOWED = Decision(True)

DECIDED_ELSEWHERE = Decision(
    False,
    "Administrators decide about others' environments on the environment service's own page, not in a notebook server.",
    forbidden=True,
)
"""Whatever runs in an administrator's notebook server could send what their panel sends."""


class Situation(NamedTuple):
    """All that the table looks at. Equal situations have equal decisions: of a long listing few have to be decided."""

    status: Status
    owner: bool
    admin: bool
    decides: bool
    approves_own: bool
    own_submission: bool
    """The open review is of what this person submitted, or owns by now."""
    built: bool
    """A version was built successfully."""
    built_before: bool
    """And one before that."""
    latest_is_published: bool
    """The latest successful version is the published one."""
    usable: bool
    """There is a version that this person can use."""
    usable_is_published: bool
    published: bool
    ever_published: bool
    deprecation: str | None
    active: bool
    others: int
    """People who have it active, beside the owner and this person."""
    children: int
    """Environments based on it."""

    @classmethod
    def of(cls, environment: Environment, person: Person) -> Situation:
        owner = person.name == environment.owner
        success, published, review = environment.latest_success, environment.published, environment.review
        usable = success if owner else published
        return cls(
            status=environment.status,
            owner=owner,
            admin=person.is_admin,
            decides=person.is_admin and person.decides,
            approves_own=person.approves_own,
            own_submission=review is not None and review.open and (owner or person.name == review.submitted_by),
            built=success is not None,
            # Every number below the latest successful one was successful: only the latest version can be failed.
            built_before=success is not None and success > 1,
            latest_is_published=success is not None and success == published,
            usable=usable is not None,
            usable_is_published=usable == published,
            published=published is not None,
            ever_published=environment.ever_published,
            deprecation=environment.deprecated.reason if environment.deprecated else None,
            active=environment.active,
            others=environment.usage.others,
            children=environment.usage.children,
        )


Objection = Callable[[Situation], "Decision | None"]


@dataclass(frozen=True)
class Rule:
    """One row of the table: who may, in which statuses not, and what else can stand against it."""

    phrase: str
    """After "Only its owner can …"."""
    who: Who
    not_in: Mapping[Status, str] = field(default_factory=dict)
    """Statuses in which it is refused, each with the reason."""
    objections: tuple[Objection, ...] = ()
    changes: bool = True
    """Otherwise it concerns nobody but who asks: an administrator's notebook server may."""

    def decide(self, situation: Situation) -> Decision:
        """ "Not you" comes before "not now": waiting would not help."""
        if not _is(self.who, situation):
            return self.not_you
        if self.changes and not situation.decides and not _is(self.who, situation._replace(admin=False)):
            return DECIDED_ELSEWHERE
        found = None
        for objection in self.objections:
            decision = objection(situation)
            if decision is not None and decision.forbidden:
                return decision
            found = found or decision
        if self.not_in and (reason := self.not_in.get(situation.status)) is not None:
            return _not_now(reason)
        return found or ALLOWED

    @cached_property
    def not_you(self) -> Decision:
        return Decision(False, f"Only {self.who.value} can {self.phrase} this environment.", forbidden=True)


def may_see(environment: Environment, person: Person) -> bool:
    """What a person may not see does not exist for them."""
    return person.is_admin or environment.owner == person.name or environment.published is not None


def may_see_version(environment: Environment, number: int, person: Person) -> bool:
    """Others than the owner and administrators see the published version alone."""
    return person.is_admin or environment.owner == person.name or number == environment.published


def decide(action: Action, environment: Environment, person: Person) -> Decision:
    """Whether the person may do that now."""
    return TABLE[action].decide(Situation.of(environment, person))


def require(action: Action, environment: Environment, person: Person) -> None:
    """Raise NotAllowed or Conflict, with the reason, unless the person may do that now."""
    decision = decide(action, environment, person)
    if decision.allowed:
        return
    raise (NotAllowed if decision.forbidden else Conflict)(decision.reason or "This is not allowed.")


def require_administrator(person: Person, what: str) -> None:
    """Raise NotAllowed unless the person is an administrator who may act as one; `what` follows "can"."""
    if not person.is_admin:
        raise NotAllowed(f"Only an administrator can {what}.")
    if not person.decides:
        raise NotAllowed(DECIDED_ELSEWHERE.reason or "")


def actions(situation: Situation) -> dict[Action, Decision]:
    """Every action, for the panel."""
    return {action: rule.decide(situation) for action, rule in TABLE.items()}


@cache
def _not_now(reason: str) -> Decision:
    return Decision(False, reason)


def _is(who: Who, situation: Situation) -> bool:
    if who is Who.EVERYONE:
        return True
    if who is Who.OWNER:
        return situation.owner
    return situation.admin or (who is Who.OWNER_OR_ADMINISTRATOR and situation.owner)


def _busy_for_its_keepers(situation: Situation) -> Decision | None:
    keeper = situation.admin or situation.owner
    return _not_now(_BUILDING) if keeper and situation.status is Status.IN_PROGRESS else None


def _nothing_usable(situation: Situation) -> Decision | None:
    if situation.usable:
        return None
    return _not_now("No version has been built yet: build it first." if situation.owner else "It is not published.")


def _deprecated(situation: Situation) -> Decision | None:
    """The deprecation is of the published version: its owner may still try a newer one."""
    if situation.deprecation is None or not situation.usable_is_published:
        return None
    return Decision(False, f"It is deprecated: {situation.deprecation}")


def _newly_deprecated(situation: Situation) -> Decision | None:
    """Who has it active keeps it."""
    return None if situation.active else _deprecated(situation)


def _inactive(situation: Situation) -> Decision | None:
    return None if situation.active else _not_now("It is not active.")


def _no_draft(situation: Situation) -> Decision | None:
    if not situation.built:
        return _not_now("No version has been built yet.")
    if situation.latest_is_published:
        return _not_now("Its latest version is the published one: activate that.")
    return None


def _nothing_earlier(situation: Situation) -> Decision | None:
    return None if situation.built_before else _not_now("There is no earlier version to go back to.")


def _nothing_to_submit(situation: Situation) -> Decision | None:
    if not situation.built:
        return _not_now("No version has been built successfully yet: build it first.")
    if situation.latest_is_published:
        return _not_now("Its latest successful version is published already.")
    return None


def _own_submission(situation: Situation) -> Decision | None:
    if situation.approves_own or not situation.own_submission:
        return None
    return Decision(False, "You can't approve what you submitted: another administrator decides.", forbidden=True)


def _unpublished(situation: Situation) -> Decision | None:
    return None if situation.published else _not_now("It is not published.")


def _deprecated_already(situation: Situation) -> Decision | None:
    return _not_now("It is deprecated already.") if situation.deprecation is not None else None


def _not_deprecated(situation: Situation) -> Decision | None:
    return None if situation.deprecation is not None else _not_now("It is not deprecated.")


def _published_once(situation: Situation) -> Decision | None:
    if situation.ever_published and not situation.admin:
        return Decision(False, "It has been published: only an administrator can delete it.", forbidden=True)
    return DECIDED_ELSEWHERE if situation.ever_published and not situation.decides else None


def _in_use(situation: Situation) -> Decision | None:
    others, children = situation.others, situation.children
    uses = [
        *([f"active for {_count(others, 'other person', 'other people')}"] if others else []),
        *([f"the base of {_count(children, 'environment', 'environments')}"] if children else []),
    ]
    return Decision(False, f"It is {' and '.join(uses)}.") if uses else None


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


_BUILDING = "A build is in progress: wait for it, or cancel it first."
_NOTHING_PENDING = dict.fromkeys(set(Status) - {Status.PENDING_APPROVAL}, "Nothing waits for approval.")


def _pending(verb: str) -> dict[Status, str]:
    return {Status.PENDING_APPROVAL: f"It waits for approval: withdraw the submission to {verb} it."}


TABLE: dict[Action, Rule] = {
    Action.EDIT: Rule("edit", Who.OWNER_OR_ADMINISTRATOR, _pending("edit")),
    Action.PREVIEW: Rule("preview", Who.OWNER_OR_ADMINISTRATOR, changes=False),
    Action.BUILD: Rule("build", Who.OWNER_OR_ADMINISTRATOR, {Status.IN_PROGRESS: _BUILDING, **_pending("build")}),
    Action.CANCEL: Rule(
        "cancel a build of",
        Who.OWNER_OR_ADMINISTRATOR,
        dict.fromkeys(set(Status) - {Status.IN_PROGRESS}, "No build is in progress."),
    ),
    Action.REVERT: Rule(
        "revert",
        Who.OWNER_OR_ADMINISTRATOR,
        {Status.IN_PROGRESS: _BUILDING, **_pending("revert")},
        (_nothing_earlier,),
    ),
    Action.SUBMIT: Rule(
        "submit",
        Who.OWNER,
        {Status.IN_PROGRESS: _BUILDING, Status.PENDING_APPROVAL: "It waits for approval already."},
        (_nothing_to_submit,),
    ),
    Action.WITHDRAW: Rule("withdraw a submission of", Who.OWNER_OR_ADMINISTRATOR, _NOTHING_PENDING),
    Action.APPROVE: Rule("approve", Who.ADMINISTRATOR, _NOTHING_PENDING, (_own_submission,)),
    Action.REJECT: Rule("reject", Who.ADMINISTRATOR, _NOTHING_PENDING),
    Action.DEPRECATE: Rule("deprecate", Who.ADMINISTRATOR, {}, (_unpublished, _deprecated_already)),
    Action.UNDEPRECATE: Rule("undeprecate", Who.ADMINISTRATOR, {}, (_unpublished, _not_deprecated)),
    Action.UNPUBLISH: Rule("unpublish", Who.ADMINISTRATOR, {}, (_unpublished, _in_use)),
    Action.TRANSFER: Rule("transfer", Who.ADMINISTRATOR),
    Action.ACTIVATE: Rule("activate", Who.EVERYONE, {}, (_busy_for_its_keepers, _nothing_usable, _newly_deprecated)),
    Action.TRY_DRAFT: Rule(
        "try a draft of", Who.ADMINISTRATOR, {Status.IN_PROGRESS: _BUILDING}, (_no_draft,), changes=False
    ),
    Action.DEACTIVATE: Rule("deactivate", Who.EVERYONE, {}, (_inactive,)),
    Action.RUN: Rule("run commands in", Who.EVERYONE, {}, (_nothing_usable, _newly_deprecated)),
    Action.USE_AS_BASE: Rule("build on", Who.EVERYONE, {}, (_busy_for_its_keepers, _nothing_usable, _deprecated)),
    Action.COPY_TO_LOCAL: Rule("copy", Who.EVERYONE, {}, (_nothing_usable, _newly_deprecated)),
    Action.DELETE: Rule(
        "delete",
        Who.OWNER_OR_ADMINISTRATOR,
        {Status.IN_PROGRESS: "A build is in progress: cancel it first.", **_pending("delete")},
        (_published_once, _in_use),
    ),
}
