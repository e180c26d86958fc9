"""Three people and whatever they do to environments, compared after every step with the rules as `life` has them.

The deployment is a real one: service, database, coordinator, builds, kernelspecs. Only the packages are scripted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jupyter_dataflow_envs.domain.draft import Draft, WantedBase
from jupyter_dataflow_envs.domain.environment import Environment as Found
from jupyter_dataflow_envs.domain.errors import DataflowError
from tests.live import wait_until
from tests.service.deployments import deployment_in, forget
from tests.service.life import Environment, Life, Refused, Review
from tests.service.scripted_runner import ScriptedRunner
from tests.service.witness import BOSS, NAMES, PEOPLE, Witness

LIBRARIES = ("numpy", "scipy")
LINES = ("numpy", "scipy", "numpy==1", "scipy==2")

someone = st.sampled_from((*["owner"] * 5, "boss", "boss", "boss", "alice", "bob"))
owner_mostly = st.sampled_from((*["owner"] * 9, "boss", "alice", "bob"))
boss_mostly = st.sampled_from((*["boss"] * 9, "owner", "alice", "bob"))
which = st.sampled_from(range(12))
"""One of those that it makes sense for; the last: a name that may not be there."""
python = st.sampled_from(("3.11", "3.12"))
conda = st.lists(st.sampled_from(LINES), max_size=2, unique_by=lambda line: line.partition("==")[0]).map(tuple)
text = st.sampled_from(("Alpha", "Beta", "Gamma"))


class LifeOfEnvironments(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        newest = dict.fromkeys(LIBRARIES, 1)
        self.life = Life(newest)
        self.runner = ScriptedRunner(newest)
        self.folder = Path(tempfile.mkdtemp(prefix="dataflow-life-"))
        self.kernels = self.folder / "kernels"
        self.stack = ExitStack()
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.stack.callback(forget, self.folder / "root")
        self.service = self.stack.enter_context(
            deployment_in(
                self.folder / "root",
                "file:///scripted",
                kernels_dir=self.kernels,
                runner=self.runner,
                max_concurrent_builds=len(NAMES) + 1,
            )
        )
        self.witness = Witness(self.service, self.life, self.kernels)
        self.review_ids: dict[int, tuple[str, str]] = {}

    def teardown(self) -> None:
        try:
            self.witness.trail_is_for_those_it_concerns()
            self.witness.listings_follow_statuses()
        finally:
            self.stack.close()

    # What people do.

    @initialize(
        line=conda,
        beginnings=st.tuples(*[st.sampled_from(("saved", "draft", "draft", "published", "newer draft"))] * 2),
        users=st.sets(st.sampled_from(sorted(PEOPLE))),
    )
    def two_environments(self, line: tuple[str, ...], beginnings: tuple[str, str], users: set[str]) -> None:
        """In the midst of their lives, so that few steps lead to what takes many from the start."""
        for owner, name, beginning in zip(("alice", "bob"), NAMES, beginnings, strict=False):
            self.create(owner, name, "Alpha", "3.11", line, None)
            if beginning != "saved":
                self.build_well(name)
            if beginning in ("published", "newer draft"):
                self.get_published(name)
            for user in sorted(users):
                self.use(user, name, draft=False)
            if beginning == "newer draft":
                self.save(owner, name, Draft("Beta", conda_requirements=("scipy",)), full_name="Beta", conda=("scipy",))
                self.build_well(name)

    @rule(who=st.sampled_from(sorted(PEOPLE)), name=st.sampled_from(NAMES), title=text, python=python, conda=conda,
          base=st.sampled_from((None, None, *NAMES)))  # fmt: skip
    def create(self, who: str, name: str, title: str, python: str, conda: tuple[str, ...], base: str | None) -> None:
        draft = Draft(title, "", "" if base else python, conda, (), WantedBase(base) if base else None)
        made: Found | None = self.both(
            lambda: self.life.create(who, name, title, python, conda, base),
            lambda: self.service.environments.create(PEOPLE[who], name, draft),
        )
        if made is not None:
            self.witness.met(self.life.environments[name], made)

    @rule(who=owner_mostly, which=which, how=st.sampled_from(("title", "conda", "conda", "python", "base", "stale")),
          title=text, conda=conda, python=python, base=st.sampled_from(NAMES))  # fmt: skip
    def edit(self, who: str, which: int, how: str, title: str, conda: tuple[str, ...], python: str, base: str) -> None:
        name = self.one_of(which)
        match how:
            case "title":
                self.save(who, name, Draft(title, title), full_name=title, description=title)
            case "conda":
                self.save(who, name, Draft(conda_requirements=conda), conda=conda)
            case "python":
                self.save(who, name, Draft(python_version=python, base=None), python=python)
            case "base":
                self.save(who, name, Draft(base=WantedBase(base)), base=base)
            case "stale":
                self.save(who, name, Draft(title), etag="0123456789ab-0", stale=True)

    def save(self, who: str, name: str, draft: Draft, *, etag: str | None = None, **changes: Any) -> None:
        who = self.named(who, name)
        self.both(
            lambda: self.life.edit(who, name, **changes),
            lambda: self.service.environments.edit(PEOPLE[who], name, draft, etag),
        )

    @rule(library=st.sampled_from(LIBRARIES))
    def a_newer_version_comes_out(self, library: str) -> None:
        """From now on an unpinned build brings it; a revert does not."""
        self.life.newest[library] += 1

    @rule(who=owner_mostly, which=which, how=st.sampled_from(("well", "well", "badly", "left")), keep=st.booleans())
    def build(self, who: str, which: int, how: str, keep: bool) -> None:
        """`left`: what others do comes before its end."""
        name = self.one_of(which, lambda e: e.status != "In Progress")
        if self.begin(who, name, keep) and how != "left":
            self.end_of(name, how == "well")

    def build_well(self, name: str) -> None:
        if self.begin("owner", name, False):
            self.end_of(name, True)

    def begin(self, who: str, name: str, keep: bool) -> bool:
        who = self.named(who, name)
        begun = self.both(
            lambda: self.life.build(who, name, keep=keep),
            lambda: self.service.versions.build(PEOPLE[who], name, pin_installed=keep),
        )
        if begun is not None:
            self.runner.wait_busy(name)
        return begun is not None

    @precondition(lambda self: self.building())
    @rule(data=st.data(), well=st.booleans())
    def end(self, data: st.DataObject, well: bool) -> None:
        self.end_of(data.draw(st.sampled_from(self.building())), well)

    @precondition(lambda self: self.building())
    @rule(who=owner_mostly, which=which)
    def cancel(self, who: str, which: int) -> None:
        name = self.one_of(which, lambda e: e.status == "In Progress")
        who = self.named(who, name)
        self.both(
            lambda: self.life.cancel(who, name), lambda: self.service.versions.cancel(PEOPLE[who], name), ends=name
        )

    @rule(who=owner_mostly, which=which, back=st.sampled_from((1, 1, 2, 3, 0, -7)))
    def revert(self, who: str, which: int, back: int) -> None:
        name = self.one_of(which, lambda e: (e.success or 1) > 1 and e.status != "In Progress")
        found = self.life.environments.get(name)
        number = max(1, (found.success or 1) - back) if found else 1
        who = self.named(who, name)
        self.both(
            lambda: self.life.revert(who, name, number),
            lambda: self.service.versions.revert(PEOPLE[who], name, number),
            ends=name,
        )

    @rule(who=owner_mostly, which=which)
    def submit(self, who: str, which: int) -> None:
        self.hand_in(who, self.one_of(which, lambda e: e.status in ("Draft", "Failed")))

    def hand_in(self, who: str, name: str) -> None:
        who = self.named(who, name)
        opened = self.both(
            lambda: self.life.submit(who, name), lambda: self.service.reviews.submit(PEOPLE[who], name, "please")
        )
        if opened is not None:
            self.review_ids[id(self.life.reviews[-1])] = (opened[0].id, opened[0].digest)

    @precondition(lambda self: any(e.review for e in self.life.environments.values()))
    @rule(who=owner_mostly, which=which)
    def withdraw(self, who: str, which: int) -> None:
        name = self.one_of(which, lambda e: e.review)
        who = self.named(who, name)
        self.both(lambda: self.life.withdraw(who, name), lambda: self.service.reviews.withdraw(PEOPLE[who], name, ""))

    @precondition(lambda self: self.life.reviews)
    @rule(who=boss_mostly, back=st.sampled_from((0, 0, 0, 1, 2)), state=st.sampled_from(("approved", "rejected")),
          other_digest=st.sampled_from((False, False, False, True)))  # fmt: skip
    def decide(self, who: str, back: int, state: str, other_digest: bool) -> None:
        review = self.life.reviews[max(0, len(self.life.reviews) - 1 - back)]
        self.decide_on(review, who, state, other_digest=other_digest)

    def decide_on(self, review: Review, who: str, state: str, *, other_digest: bool) -> None:
        review_id, digest = self.review_ids[id(review)]
        who = self.named(who, review.environment.name)
        act = self.service.reviews.approve if state == "approved" else self.service.reviews.reject
        if state == "approved":
            self.witness.may_move = {review.environment.name}
        self.both(
            lambda: self.life.decide(who, review, state, other_digest=other_digest),
            lambda: act(PEOPLE[who], review_id, "0" * 64 if other_digest else digest, "because"),
        )

    @rule(which=which, anew=st.booleans())
    def publish(self, which: int, anew: bool) -> None:
        """The way of most: built, submitted, approved."""
        name = self.one_of(which, lambda e: e.status in ("Saved", "Draft", "Failed"))
        if anew:
            self.build_well(name)
            self.matches()
        self.get_published(name)

    def get_published(self, name: str) -> None:
        self.hand_in("owner", name)
        self.matches()
        if self.life.reviews:
            self.decide_on(self.life.reviews[-1], "boss", "approved", other_digest=False)
        self.matches()
        self.others_see_it_never_go_back()

    @rule(who=boss_mostly, which=which, reason=st.sampled_from(("too old", None)))
    def deprecate(self, who: str, which: int, reason: str | None) -> None:
        name = self.one_of(which, lambda e: e.shown and (e.deprecated is None) == (reason is not None))
        who = self.named(who, name)
        act = self.service.publishing.undeprecate if reason is None else self.service.publishing.deprecate
        self.both(lambda: self.life.deprecate(who, name, reason), lambda: act(PEOPLE[who], name, reason or ""))

    @rule(who=boss_mostly, which=which)
    def unpublish(self, who: str, which: int) -> None:
        name = self.one_of(which, lambda e: e.shown)
        who = self.named(who, name)
        self.witness.may_move = {name}
        self.both(lambda: self.life.unpublish(who, name), lambda: self.service.publishing.unpublish(PEOPLE[who], name))

    @rule(who=boss_mostly, which=which, to=st.sampled_from(sorted(PEOPLE)))
    def transfer(self, who: str, which: int, to: str) -> None:
        name = self.one_of(which)
        who = self.named(who, name)
        self.both(
            lambda: self.life.transfer(who, name, to),
            lambda: self.service.publishing.transfer(PEOPLE[who], name, to),
        )

    @rule(who=someone, which=which, draft=st.sampled_from((False, False, True)))
    def activate(self, who: str, which: int, draft: bool) -> None:
        name = self.one_of(which, lambda e: e.success and e.status != "In Progress")
        self.use(who, name, draft=draft)

    def use(self, who: str, name: str, *, draft: bool) -> None:
        who = self.named(who, name)
        self.both(
            lambda: self.life.activate(who, name, draft=draft),
            lambda: self.service.activations.activate(PEOPLE[who], name, draft=draft),
        )

    @precondition(lambda self: any(e.active for e in self.life.environments.values()))
    @rule(who=someone, which=which)
    def deactivate(self, who: str, which: int) -> None:
        name = self.one_of(which, lambda e: e.active)
        who = self.named(who, name)
        self.both(
            lambda: self.life.deactivate(who, name), lambda: self.service.activations.deactivate(PEOPLE[who], name)
        )

    @precondition(lambda self: len(self.life.environments) > 1)
    @rule(who=someone, which=which, force=st.booleans())
    def delete(self, who: str, which: int, force: bool) -> None:
        name = self.one_of(which)
        who = self.named(who, name)
        self.witness.may_move = {name}
        self.both(
            lambda: self.life.delete(who, name, force=force),
            lambda: self.service.environments.delete(PEOPLE[who], name, force=force),
        )
        if name not in self.life.environments:
            self.runner.wait_free(name)

    # How it is done, by the model and by the service.

    def both(self, expected: Callable[[], None], done: Callable[[], Any], *, ends: str = "") -> Any:
        """What the service answered, None when it refused as it should. `ends`: a build ends by it."""
        code, _ = _outcome(expected)
        got, answer = _outcome(done)
        assert got == code, f"{got or 'done'}, expected {code or 'done'}: {answer}"
        if code is not None:
            return None
        if ends:
            self.wait_ended(ends)
        return True if answer is None else answer

    def end_of(self, name: str, well: bool) -> None:
        self.life.end(name, well=well)
        self.runner.end(name, None if well else "it was to fail")
        self.wait_ended(name)

    def wait_ended(self, name: str) -> None:
        def look() -> bool:
            return not self.service.versions.list(BOSS, name)[0].outcome.active

        wait_until(look, f"the end of {name}", 5, 0.002)
        self.runner.wait_free(name)

    def named(self, who: str, name: str) -> str:
        """`owner` is whoever it is now."""
        found = self.life.environments.get(name)
        return who if who != "owner" else found.owner if found else "alice"

    def one_of(self, which: int, sensible: Callable[[Environment], Any] = bool) -> str:
        found = sorted(n for n, e in self.life.environments.items() if sensible(e))
        if which == 11 or not self.life.environments:
            return "three"
        return (found or sorted(self.life.environments))[which % len(found or self.life.environments)]

    def building(self) -> list[str]:
        return sorted(n for n, e in self.life.environments.items() if e.status == "In Progress")

    @invariant()
    def matches(self) -> None:
        self.witness.service_is_where_the_rules_say()

    @invariant()
    def others_see_it_never_go_back(self) -> None:
        self.witness.others_see_it_never_go_back()


def _outcome(act: Callable[[], Any]) -> tuple[str | None, Any]:
    """The code and the words of a refusal; None and the answer when there was none."""
    try:
        return None, act()
    except Refused as refusal:
        return str(refusal), ""
    except DataflowError as error:
        return error.code, error.message


@pytest.mark.timeout(900)
def test_life_of_environments(database_kind: str) -> None:
    """On PostgreSQL fewer lives: what differs there is how they are stored, which the store's tests look at closely."""
    run_state_machine_as_test(
        LifeOfEnvironments,
        settings=settings(
            settings.default,
            max_examples=30 if database_kind == "sqlite" else 8,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
