"""Kinds of events, which programs that follow the audit trail rely on, and who may see what of an event."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.domain.events import PUBLIC, SERVICE, Event, EventKind, kinds_named
from jupyter_dataflow_envs.domain.permissions import Person

ALICE, BOSS, CAROL, DAN = Person("alice"), Person("boss", is_admin=True), Person("carol"), Person("dan")
EVENT = Event(
    seq=7,
    at=now(),
    actor="dan",
    kind=EventKind.APPROVED,
    environment_id="e1",
    short_name="mlenv",
    version=2,
    details={"comment": "looks good"},
    owner="alice",
)


def test_kinds_are_named_alike_and_fit_their_column() -> None:
    for kind in EventKind:
        assert re.fullmatch(r"(environment|build|version|review|policy|housekeeping)\.[a-z_]+", kind.value)
        assert len(kind.value) <= 40
    assert len({kind.value for kind in EventKind}) == len(EventKind)


@pytest.mark.parametrize(("public", "sees"), [(False, [ALICE, BOSS, DAN]), (True, [ALICE, BOSS, DAN, CAROL])])
def test_who_sees_an_event(public: bool, sees: list[Person]) -> None:
    event = replace(EVENT, public=public)
    assert [p for p in (ALICE, BOSS, DAN, CAROL) if event.visible_to(p)] == sees
    assert [p for p in (ALICE, BOSS, CAROL, DAN) if event.full_for(p)] == [ALICE, BOSS, DAN]


def test_an_event_of_nobodys_environment_is_for_administrators_and_who_did_it() -> None:
    event = replace(EVENT, kind=EventKind.POLICY_CHANGED, owner=None, environment_id=None)
    assert [p for p in (ALICE, BOSS, CAROL, DAN) if event.visible_to(p)] == [BOSS, DAN]


def test_nobody_is_named_like_the_service() -> None:
    assert not replace(EVENT, actor=SERVICE, owner=None).visible_to(Person("service"))
    assert re.fullmatch(r"\(.*\)", SERVICE)


@pytest.mark.parametrize("kind", sorted(PUBLIC))
def test_everybody_hears_the_reason_of_a_deprecation_and_of_nothing_else(kind: EventKind) -> None:
    event = replace(EVENT, kind=kind, public=True, details={"reason": "too old", "comment": "hidden"})
    assert event.public_details == ({"reason": "too old"} if kind is EventKind.DEPRECATED else None)


def test_kinds_are_found_by_name_and_by_how_they_begin() -> None:
    assert kinds_named("build.failed") == (EventKind.BUILD_FAILED,)
    assert set(kinds_named("review.")) == {
        EventKind.SUBMITTED,
        EventKind.WITHDRAWN,
        EventKind.APPROVED,
        EventKind.REJECTED,
    }
    for unknown in ("", "review", "build", "build.fail", ".", "nonsense.", "BUILD."):
        assert kinds_named(unknown) == ()
