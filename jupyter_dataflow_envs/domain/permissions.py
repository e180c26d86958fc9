"""Who may do what, and when: the one table. Services refuse by it, and every environment's JSON carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, cached_property

from .environment import Environment, Status
from .errors import Conflict, NotAllowed


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. `approves_own`: an administrator who may also decide about what they submitted themselves."""

    name: str
    is_admin: bool = False
    approves_own: bool = False


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

Objection = Callable[[Environment, Person], "Decision | None"]


@dataclass(frozen=True)
class Rule:
    """One row of the table: who may, in which statuses not, and what else can stand against it."""

    phrase: str
    """After "Only its owner can …"."""
    who: Who
    not_in: Mapping[Status, str] = field(default_factory=dict)
    """Statuses in which it is refused, each with the reason."""
    objections: tuple[Objection, ...] = ()

    def decide(self, environment: Environment, person: Person) -> Decision:
        """ "Not you" comes before "not now": waiting would not help."""
        if not _is(self.who, environment, person):
            return self.not_you
        found = None
        for objection in self.objections:
            decision = objection(environment, person)
            if decision is not None and decision.forbidden:
                return decision
            found = found or decision
        if self.not_in and (reason := self.not_in.get(environment.status)) is not None:
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
    return TABLE[action].decide(environment, person)


def require(action: Action, environment: Environment, person: Person) -> None:
    """Raise NotAllowed or Conflict, with the reason, unless the person may do that now."""
    decision = decide(action, environment, person)
    if decision.allowed:
        return
    raise (NotAllowed if decision.forbidden else Conflict)(decision.reason or "This is not allowed.")


def actions(environment: Environment, person: Person) -> dict[Action, Decision]:
    """Every action, for the panel."""
    return {action: rule.decide(environment, person) for action, rule in TABLE.items()}


@cache
def _not_now(reason: str) -> Decision:
    return Decision(False, reason)


def _is(who: Who, environment: Environment, person: Person) -> bool:
    if who is Who.EVERYONE:
        return True
    if who is Who.OWNER:
        return person.name == environment.owner
    return person.is_admin or (who is Who.OWNER_OR_ADMINISTRATOR and person.name == environment.owner)


def _busy_for_its_keepers(environment: Environment, person: Person) -> Decision | None:
    keeper = person.is_admin or person.name == environment.owner
    return _not_now(_BUILDING) if keeper and environment.status is Status.IN_PROGRESS else None


def _nothing_usable(environment: Environment, person: Person) -> Decision | None:
    if environment.usable_by(person.name) is not None:
        return None
    if person.name == environment.owner:
        return _not_now("No version has been built yet: build it first.")
    return _not_now("It is not published.")


def _deprecated(environment: Environment, person: Person) -> Decision | None:
    """The deprecation is of the published version: its owner may still try a newer one."""
    if environment.deprecated is None or environment.usable_by(person.name) != environment.published:
        return None
    return Decision(False, f"It is deprecated: {environment.deprecated.reason}")


def _newly_deprecated(environment: Environment, person: Person) -> Decision | None:
    """Who has it active keeps it."""
    return None if environment.active else _deprecated(environment, person)


def _inactive(environment: Environment, person: Person) -> Decision | None:
    return None if environment.active else _not_now("It is not active.")


def _no_draft(environment: Environment, person: Person) -> Decision | None:
    if environment.latest_success is None:
        return _not_now("No version has been built yet.")
    if environment.latest_success == environment.published:
        return _not_now("Its latest version is the published one: activate that.")
    return None


def _nothing_earlier(environment: Environment, person: Person) -> Decision | None:
    # Every number below the latest successful one was successful: only the latest version can be failed.
    if environment.latest_success is None or environment.latest_success == 1:
        return _not_now("There is no earlier version to go back to.")
    return None


def _nothing_to_submit(environment: Environment, person: Person) -> Decision | None:
    if environment.latest_success is None:
        return _not_now("No version has been built successfully yet: build it first.")
    if environment.latest_success == environment.published:
        return _not_now("Its latest successful version is published already.")
    return None


def _own_submission(environment: Environment, person: Person) -> Decision | None:
    review = environment.review
    if person.approves_own or review is None or not review.open:
        return None
    if person.name not in (review.submitted_by, environment.owner):
        return None
    return Decision(False, "You can't approve what you submitted: another administrator decides.", forbidden=True)


def _unpublished(environment: Environment, person: Person) -> Decision | None:
    return None if environment.published is not None else _not_now("It is not published.")


def _deprecated_already(environment: Environment, person: Person) -> Decision | None:
    return _not_now("It is deprecated already.") if environment.deprecated is not None else None


def _not_deprecated(environment: Environment, person: Person) -> Decision | None:
    return None if environment.deprecated is not None else _not_now("It is not deprecated.")


def _published_once(environment: Environment, person: Person) -> Decision | None:
    if environment.ever_published and not person.is_admin:
        return Decision(False, "It has been published: only an administrator can delete it.", forbidden=True)
    return None


def _in_use(environment: Environment, person: Person) -> Decision | None:
    usage = environment.usage
    uses = [
        *([f"active for {_count(usage.others, 'other person', 'other people')}"] if usage.others else []),
        *([f"the base of {_count(usage.children, 'environment', 'environments')}"] if usage.children else []),
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
    Action.PREVIEW: Rule("preview", Who.OWNER_OR_ADMINISTRATOR),
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
    Action.TRY_DRAFT: Rule("try a draft of", Who.ADMINISTRATOR, {Status.IN_PROGRESS: _BUILDING}, (_no_draft,)),
    Action.DEACTIVATE: Rule("deactivate", Who.EVERYONE, {}, (_inactive,)),
    Action.RUN: Rule("run commands in", Who.EVERYONE, {}, (_nothing_usable, _newly_deprecated)),
    Action.USE_AS_BASE: Rule("build on", Who.EVERYONE, {}, (_busy_for_its_keepers, _nothing_usable, _deprecated)),
    Action.DELETE: Rule(
        "delete",
        Who.OWNER_OR_ADMINISTRATOR,
        {Status.IN_PROGRESS: "A build is in progress: cancel it first.", **_pending("delete")},
        (_published_once, _in_use),
    ),
}
