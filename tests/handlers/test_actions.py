"""Every action in every state for the owner, an administrator and anybody else, against the table of the rules.

The expectations are written by hand. Each is held against what the environment says of its actions, and against what
happens when the action is asked for over HTTP; a refusal leaves the database as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.channel.server import Server
from tests.handlers.rest import Answer, Rest
from tests.handlers.states import States

ROLES = ("owner", "administrator", "other")

EXPECTED = {
    # as the tables below say it: the status, and what the refusal says
    "you": (403, "nly "),
    "none": (404, "There is no "),
    "busy": (409, "A build is in progress"),
    "idle": (409, "No build is in progress"),
    "wait": (409, "It waits for approval"),
    "calm": (409, "Nothing waits for approval"),
    "decided": (409, "grace approved it at "),
    "never": (409, "No version has been built"),
    "unmade": (409, "was not built"),
    "first": (409, "no earlier version"),
    "private": (409, "It is not published"),
    "same": (409, "publish"),
    "old": (409, "deprecated"),
    "new": (409, "It is not deprecated"),
    "used": (409, "active for "),
    "off": (409, "It is not active"),
}

# Each cell is what the owner, an administrator and anybody else get. 404: as if there were no such environment.

NEVER_PUBLISHED = """
             saved              building           failed             draft            pending          relapsed
see          yes/yes/404        yes/yes/404        yes/yes/404        yes/yes/404      yes/yes/404      yes/yes/404
edit         yes/yes/404        yes/yes/404        yes/yes/404        yes/yes/404      wait/wait/404    yes/yes/404
preview      yes/yes/404        yes/yes/404        yes/yes/404        yes/yes/404      yes/yes/404      yes/yes/404
build        yes/yes/404        busy/busy/404      yes/yes/404        yes/yes/404      wait/wait/404    yes/yes/404
cancel       idle/idle/404      yes/yes/404        idle/idle/404      idle/idle/404    idle/idle/404    idle/idle/404
revert       first/first/404    busy/busy/404      first/first/404    first/first/404  wait/wait/404    first/first/404
submit       never/you/404      busy/you/404       never/you/404      yes/you/404      wait/you/404     yes/you/404
withdraw     calm/calm/404      calm/calm/404      calm/calm/404      calm/calm/404    yes/yes/404      calm/calm/404
approve      none/none/404      none/none/404      none/none/404      none/none/404    you/yes/404      none/none/404
reject       none/none/404      none/none/404      none/none/404      none/none/404    you/yes/404      none/none/404
deprecate    you/private/404    you/private/404    you/private/404    you/private/404  you/private/404  you/private/404
undeprecate  you/private/404    you/private/404    you/private/404    you/private/404  you/private/404  you/private/404
unpublish    you/private/404    you/private/404    you/private/404    you/private/404  you/private/404  you/private/404
transfer     you/yes/404        you/yes/404        you/yes/404        you/yes/404      you/yes/404      you/yes/404
activate     never/private/404  busy/busy/404      never/private/404  yes/private/404  yes/private/404  yes/private/404
try_draft    you/never/404      you/busy/404       you/never/404      you/yes/404      you/yes/404      you/yes/404
deactivate   off/off/404        off/off/404        off/off/404        off/off/404      off/off/404      off/off/404
run          never/private/404  never/private/404  never/private/404  yes/private/404  yes/private/404  yes/private/404
use_as_base  never/private/404  busy/busy/404      never/private/404  yes/private/404  yes/private/404  yes/private/404
compare      none/none/404      unmade/unmade/404  unmade/unmade/404  yes/yes/404      yes/yes/404      yes/yes/404
delete       yes/yes/404        busy/busy/404      yes/yes/404        yes/yes/404      wait/wait/404    yes/yes/404
"""
"""relapsed: version 1 succeeded, version 2 failed."""

PUBLISHED = """
             published        deprecated       used             kept             unpublished
see          yes/yes/yes      yes/yes/yes      yes/yes/yes      yes/yes/yes      yes/yes/404
edit         yes/yes/you      yes/yes/you      yes/yes/you      yes/yes/you      yes/yes/404
preview      yes/yes/you      yes/yes/you      yes/yes/you      yes/yes/you      yes/yes/404
build        yes/yes/you      yes/yes/you      yes/yes/you      yes/yes/you      yes/yes/404
cancel       idle/idle/you    idle/idle/you    idle/idle/you    idle/idle/you    idle/idle/404
revert       first/first/you  first/first/you  first/first/you  first/first/you  first/first/404
submit       same/you/you     same/you/you     same/you/you     same/you/you     yes/you/404
withdraw     calm/calm/you    calm/calm/you    calm/calm/you    calm/calm/you    calm/calm/404
approve      you/decided/404  you/decided/404  you/decided/404  you/decided/404  you/decided/404
reject       you/decided/404  you/decided/404  you/decided/404  you/decided/404  you/decided/404
deprecate    you/yes/you      you/old/you      you/yes/you      you/old/you      you/private/404
undeprecate  you/new/you      you/yes/you      you/new/you      you/yes/you      you/private/404
unpublish    you/yes/you      you/yes/you      you/used/you     you/used/you     you/private/404
transfer     you/yes/you      you/yes/you      you/yes/you      you/yes/you      you/yes/404
activate     yes/yes/yes      old/old/old      yes/yes/yes      yes/yes/yes      yes/private/404
try_draft    you/same/you     you/same/you     you/same/you     you/same/you     you/yes/404
deactivate   off/off/off      off/off/off      yes/yes/yes      yes/yes/yes      off/off/404
run          yes/yes/yes      old/old/old      yes/yes/yes      yes/yes/yes      yes/private/404
use_as_base  yes/yes/yes      old/old/old      yes/yes/yes      old/old/old      yes/private/404
compare      yes/yes/yes      yes/yes/yes      yes/yes/yes      yes/yes/yes      yes/yes/404
delete       you/yes/you      you/yes/you      you/used/you     you/used/you     you/yes/404
"""
"""used: all three have it active; kept: so they have, and it is deprecated; unpublished: it was published once."""

PUBLISHED_WITH_A_NEXT = """
             next_building    next_failed      next_draft       next_pending
see          yes/yes/yes      yes/yes/yes      yes/yes/yes      yes/yes/yes
edit         yes/yes/you      yes/yes/you      yes/yes/you      wait/wait/you
preview      yes/yes/you      yes/yes/you      yes/yes/you      yes/yes/you
build        busy/busy/you    yes/yes/you      yes/yes/you      wait/wait/you
cancel       yes/yes/you      idle/idle/you    idle/idle/you    idle/idle/you
revert       busy/busy/you    first/first/you  yes/yes/you      wait/wait/you
submit       busy/you/you     same/you/you     yes/you/you      wait/you/you
withdraw     calm/calm/you    calm/calm/you    calm/calm/you    yes/yes/you
approve      you/decided/404  you/decided/404  you/decided/404  you/yes/404
reject       you/decided/404  you/decided/404  you/decided/404  you/yes/404
deprecate    you/yes/you      you/yes/you      you/yes/you      you/yes/you
undeprecate  you/new/you      you/new/you      you/new/you      you/new/you
unpublish    you/yes/you      you/yes/you      you/yes/you      you/yes/you
transfer     you/yes/you      you/yes/you      you/yes/you      you/yes/you
activate     busy/busy/yes    yes/yes/yes      yes/yes/yes      yes/yes/yes
try_draft    you/busy/you     you/same/you     you/yes/you      you/yes/you
deactivate   off/off/off      off/off/off      off/off/off      off/off/off
run          yes/yes/yes      yes/yes/yes      yes/yes/yes      yes/yes/yes
use_as_base  busy/busy/yes    yes/yes/yes      yes/yes/yes      yes/yes/yes
compare      yes/yes/yes      yes/yes/yes      yes/yes/yes      yes/yes/yes
delete       you/busy/you     you/yes/you      you/yes/you      you/wait/you
"""
"""Version 1 is published, and its owner is on with version 2."""


@dataclass(frozen=True)
class Asked:
    """Somebody asks for something of one environment."""

    person: Rest
    name: str
    states: States

    @property
    def path(self) -> str:
        return f"/environments/{self.name}"

    def post(self, what: str, body: dict[str, Any]) -> Answer:
        return self.person.post(f"{self.path}/{what}", body)

    def decide(self, decision: str) -> Answer:
        """Of its latest review; where it has none, of one that there never was."""
        shown = self.states.boss.get(self.path)
        review = shown.json.get("review") or {"id": "0" * 32, "digest": "0" * 64}
        return self.person.decide(review, decision, "a comment")

    def base_on(self) -> Answer:
        child = self.states.fresh_name()
        return self.person.post(
            "/environments", {"short_name": child, "full_name": "Child", "base": {"short_name": self.name}}
        )


ACTIONS: dict[str, Callable[[Asked], Answer]] = {
    "see": lambda asked: asked.person.get(asked.path),
    "edit": lambda asked: asked.person.patch(asked.path, {"description": asked.states.fresh_name()}),
    "preview": lambda asked: asked.post("preview", {"conda_requirements": ["tiny-012"], "pip_requirements": []}),
    "build": lambda asked: asked.post("build", {}),
    "cancel": lambda asked: asked.post("cancel", {}),
    "revert": lambda asked: asked.post("revert", {"version": 1}),
    "submit": lambda asked: asked.post("submit", {}),
    "withdraw": lambda asked: asked.post("withdraw", {}),
    "approve": lambda asked: asked.decide("approve"),
    "reject": lambda asked: asked.decide("reject"),
    "deprecate": lambda asked: asked.post("deprecate", {"reason": "Too old."}),
    "undeprecate": lambda asked: asked.post("undeprecate", {}),
    "unpublish": lambda asked: asked.post("unpublish", {}),
    "transfer": lambda asked: asked.post("transfer", {"owner": "dave"}),
    "activate": lambda asked: asked.post("activate", {}),
    "try_draft": lambda asked: asked.post("activate", {"draft": True}),
    "deactivate": lambda asked: asked.post("deactivate", {}),
    "run": lambda asked: asked.person.get(f"{asked.path}/launcher"),
    "use_as_base": lambda asked: asked.base_on(),
    "compare": lambda asked: asked.person.get(f"/compare?left={asked.name}@1&right={asked.name}@1"),
    "delete": lambda asked: asked.person.delete(asked.path),
}

SAID_OTHERWISE = {"decided", "used", "none"}
"""Refusals that say more, or another thing, than the environment does: by whom, of what else."""

OF_SOMETHING_ELSE = ("approve", "reject", "compare")
"""These are asked of a review, and of a version."""


def cells(table: str) -> list[Any]:
    """(state, role, action, expectation) of each cell."""
    head, *lines = (re.split(r"\s+", line.strip()) for line in table.strip().splitlines())
    assert [line[0] for line in lines] == list(ACTIONS)
    return [
        pytest.param(state, role, line[0], expectation, id=f"{state}-{role}-{line[0]}")
        for column, state in enumerate(head, 1)
        for line in lines
        for role, expectation in zip(ROLES, line[column].split("/"), strict=True)
    ]


@pytest.fixture(scope="module")
def states(
    alice: Rest, boss: Rest, carol: Rest, grace: Rest, index: Server, minor: str, fresh_name: Callable[[], str]
) -> Iterator[States]:
    states = States(alice, boss, carol, grace, index, minor, fresh_name)
    yield states
    states.close()


class Table:
    """What a cell says is what happens."""

    def test_it_is(
        self, states: States, rows: Callable[[], Any], state: str, role: str, action: str, expectation: str
    ) -> None:
        people = {"owner": states.alice, "administrator": states.boss, "other": states.carol}
        asked = Asked(people[role], states.environment(state), states)
        intact = False
        try:
            _agrees(asked, action, expectation)
            before = rows()
            answer = ACTIONS[action](asked)
            if expectation == "yes":
                assert answer.status in (200, 201, 202, 204), (answer.status, answer.text)
                intact = _undone(asked, state, action, answer)
            else:
                assert rows() == before
                _refused(asked, action, expectation, answer)
                intact = True
        finally:
            if not intact:
                states.spend(state)


@pytest.mark.parametrize(("state", "role", "action", "expectation"), cells(NEVER_PUBLISHED))
class TestNeverPublished(Table):
    pass


@pytest.mark.parametrize(("state", "role", "action", "expectation"), cells(PUBLISHED))
class TestPublished(Table):
    pass


@pytest.mark.parametrize(("state", "role", "action", "expectation"), cells(PUBLISHED_WITH_A_NEXT))
class TestPublishedWithANext(Table):
    pass


def _agrees(asked: Asked, action: str, expectation: str) -> None:
    """The environment says beforehand what will happen."""
    seen = asked.person.get(asked.path)
    if expectation != "404":
        seen.ok()
    if seen.status == 404 or action in ("see", "compare"):
        return
    offered = seen.json["actions"][action]
    assert offered["allowed"] == (expectation == "yes"), offered
    assert (offered["reason"] is None) == offered["allowed"]
    if expectation not in (*SAID_OTHERWISE, "yes", "404"):
        assert EXPECTED[expectation][1] in offered["reason"]


def _refused(asked: Asked, action: str, expectation: str, answer: Answer) -> None:
    if expectation == "404":
        # To the letter as for an environment that does not exist.
        absent = ACTIONS[action](replace(asked, name="nope"))
        assert answer.status == (422 if action == "use_as_base" else 404)
        assert (answer.status, answer.text.replace(asked.name, "nope")) == (absent.status, absent.text)
        return
    status, said = EXPECTED[expectation]
    message = answer.refused(status)["message"]
    assert said in message
    if expectation not in SAID_OTHERWISE and action not in OF_SOMETHING_ELSE:
        assert message == asked.person.show(asked.name)["actions"][action]["reason"]


def _undone(asked: Asked, state: str, action: str, answer: Answer) -> bool:
    """Whether the environment is in its state again, or still."""
    boss, active = asked.states.boss, state in ("used", "kept")
    match action:
        case "see" | "edit" | "preview" | "run" | "compare":
            pass
        case "transfer":
            boss.post(f"{asked.path}/transfer", {"owner": "alice"}).ok()
        case "deprecate":
            boss.post(f"{asked.path}/undeprecate", {}).ok()
        case "undeprecate":
            boss.post(f"{asked.path}/deprecate", {"reason": "Too old."}).ok()
        case "activate" | "try_draft" if not active:
            asked.post("deactivate", {}).ok()
        case "activate":
            pass
        case "deactivate" if state == "used":
            asked.post("activate", {}).ok()
        case "use_as_base":
            asked.person.delete(f"/environments/{answer.json['short_name']}").ok(204)
        case _:
            return False
    return True
