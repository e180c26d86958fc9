"""One run from its claim to its committed result, and what stands in its way in between."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from jupyter_dataflow_envs.builds.build import Build
from jupyter_dataflow_envs.builds.runner import Listener, Runner
from jupyter_dataflow_envs.domain.draft import Draft, WantedBase
from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy
from jupyter_dataflow_envs.domain.version import Version
from jupyter_dataflow_envs.engine.protocol import Job, Message, Mode
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.store import queue, versions
from tests.service.deployments import (
    ALICE,
    BOSS,
    create,
    deployment_in,
    edit,
    leave_alone,
    log_of,
    prefix_ids,
    query,
)
from tests.service.scripted_runner import SIZE, ScriptedRunner


class Bench:
    """A deployment whose queue nobody looks after: a build runs when the test says so, in the test's own thread."""

    def __init__(self, deployment: Deployment, runner: ScriptedRunner) -> None:
        self.deployment = deployment
        self.runner = runner

    def create(self, name: str, *conda: str) -> Version:
        """With a version 1."""
        create(self.deployment, name, "3.11", *conda)
        return self.build(name)

    def build(self, name: str, during: Callable[[Build], None] = lambda _: None, **more: bool) -> Version:
        self.deployment.versions.build(ALICE, name, **more)
        return self.run(name, during)

    def revert(self, name: str, number: int, during: Callable[[Build], None] = lambda _: None) -> Version:
        self.deployment.versions.revert(ALICE, name, number)
        return self.run(name, during)

    def run(self, name: str, during: Callable[[Build], None] = lambda _: None) -> Version:
        """What is queued. `during`: called once the run has claimed its attempt, before anything is installed."""
        with self.deployment.database.read() as connection:
            (queued,) = [q for q in queue.active(connection) if q.short_name == name]
        due = [during]
        build = Build(self.deployment.workshop, queued, lambda: due.pop()(build) if due else None)
        build.run()
        return self.latest(name)

    def latest(self, name: str) -> Version:
        return self.deployment.versions.list(ALICE, name)[0]

    def cancel(self, name: str) -> Callable[[Build], None]:
        return lambda _: self.deployment.versions.cancel(ALICE, name)

    def is_clean(self) -> bool:
        """Whether rows, folders and what was set aside are those of whole prefixes alone."""
        folders = self.deployment.workshop.folders
        ready = {row.id for row in query(self.deployment, "SELECT id FROM prefixes WHERE state = 'ready'")}
        aside = list(folders.aside.iterdir()) if folders.aside.exists() else []
        return folders.ids() == prefix_ids(self.deployment) == ready and not aside


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    runner = ScriptedRunner({"numpy": 1}, waits=False)
    with deployment_in(tmp_path / "root", "file:///scripted", runner=runner) as deployment:
        leave_alone(deployment)
        yield Bench(deployment, runner)


def test_the_job_says_what_to_build_on_and_what_to_keep(bench: Bench) -> None:
    below = bench.create("below", "numpy")
    bench.deployment.environments.create(ALICE, "child", Draft("Child", "", "", ("scipy",), (), WantedBase("below")))
    first = bench.build("child")
    bench.runner.newest["scipy"] = 2
    second = bench.build("child", pin_installed=True)
    edit(bench.deployment, "child", "scipy", "pandas")
    bench.build("child")
    bench.deployment.versions.revert(ALICE, "child", 1)
    with bench.deployment.database.write() as connection:
        # Nothing is installed of it any more: the lock alone is what the engine has.
        connection.exec_driver_sql("UPDATE prefixes SET key = NULL")
    bench.run("child")
    jobs = bench.runner.jobs[1:]
    assert [j.mode for j in jobs] == [Mode.BUILD, Mode.BUILD, Mode.BUILD, Mode.INSTALL]
    assert [j.base.digest if j.base else None for j in jobs] == [below.digest] * 3 + [None]
    assert {j.base_title for j in jobs[:3]} == {"below version 1"}
    assert [j.lock.digest if j.lock else None for j in jobs] == [None, first.digest, None, first.digest]
    assert {j.python_version for j in jobs} == {""}
    assert second.digest == first.digest
    assert bench.latest("child").digest == first.digest


def test_an_equal_lock_takes_size_and_warnings_with_the_prefix(bench: Bench) -> None:
    first = bench.create("one", "numpy")
    second = bench.create("two", "numpy")
    assert (second.prefix_id, second.digest, second.size) == (first.prefix_id, first.digest, SIZE)
    assert [s.name for s in second.steps] == ["solving"]
    assert second.duration is not None
    assert second.duration >= second.steps[0].duration > 0
    assert bench.is_clean()


@pytest.mark.parametrize("kind", ["build", "equal build", "revert", "revert from the lock"])
def test_a_cancel_at_the_last_moment_still_counts(bench: Bench, kind: str) -> None:
    """It is committed before the run's result, which is thrown away then."""
    first = bench.create("one", "numpy==1")
    edit(bench.deployment, "one", "numpy==2")
    second = bench.build("one")
    during = bench.cancel("one")
    if kind == "build":
        edit(bench.deployment, "one", "numpy==3")
        cancelled = bench.build("one", during)
    elif kind == "equal build":
        cancelled = bench.build("one", during)
    else:
        if kind == "revert from the lock":
            with bench.deployment.database.write() as connection:
                connection.exec_driver_sql("UPDATE prefixes SET key = NULL")
        cancelled = bench.revert("one", 1, during)
    assert (cancelled.number, cancelled.outcome.value, cancelled.reason) == (3, "failed", "cancelled by alice")
    assert (cancelled.digest, cancelled.prefix_id) == (None, None)
    assert "Failed: cancelled by alice" in log_of(bench.deployment, "one", 3)
    assert bench.is_clean()
    assert bench.deployment.environments.get(ALICE, "one").latest_success == second.number
    again = bench.revert("one", 1)
    assert (again.number, again.attempt, again.digest) == (3, 2, first.digest)


def test_a_policy_that_came_while_a_revert_waited_counts(bench: Bench) -> None:
    bench.create("one", "numpy==1")
    edit(bench.deployment, "one", "numpy==2")
    bench.build("one")
    bench.deployment.versions.revert(ALICE, "one", 1)
    denied = DeniedPackage("numpy", "==1", "it has a hole")
    bench.deployment.policies.set(BOSS, Policy(denied_packages=(denied,)))
    failed = bench.run("one")
    assert failed.reason == "the deployment's policy does not allow numpy 1: it has a hole (rule: denied_packages)"
    assert "numpy 1: it has a hole" in log_of(bench.deployment, "one", 3)
    assert bench.is_clean()


def test_a_run_that_was_given_up_changes_nothing_any_more(bench: Bench) -> None:
    """Its server was thought dead, and the attempt went back to the queue."""
    create(bench.deployment, "one", "3.11", "numpy")

    def give_up(build: Build) -> None:
        with bench.deployment.database.write() as connection:
            assert queue.hand_back(connection, build.run_id, interrupted=True)

    late = bench.build("one", give_up)
    assert (late.outcome.value, late.digest) == ("queued", None)
    assert "this one's result is not used" in log_of(bench.deployment, "one", 1)
    assert bench.is_clean()
    assert bench.run("one").outcome.value == "succeeded"


class Unable(Runner):
    """A runner that can't start anything."""

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        raise OSError(errno.EMFILE, "Too many open files")


class Dumb(Runner):
    """A runner whose child ends without a last word, after it has begun to install."""

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        listener.heard({"type": "step", "name": "linking"})
        (Path(job.prefix) / "conda-meta").mkdir(parents=True)
        return None


@pytest.mark.parametrize(
    ("runner", "words"), [(Unable(), "Too many open files"), (Dumb(), "ended unexpectedly")], ids=["unable", "dumb"]
)
def test_a_run_that_can_not_go_on_is_a_failure_with_a_reason(tmp_path: Path, runner: Unable | Dumb, words: str) -> None:
    with deployment_in(tmp_path / "root", "file:///scripted", runner=runner) as deployment:
        leave_alone(deployment)
        bench = Bench(deployment, ScriptedRunner())
        create(deployment, "one", "3.11")
        failed = bench.build("one")
        assert failed.outcome.value == "failed"
        assert failed.reason is not None
        assert words in failed.reason
        assert failed.duration is not None
        assert bench.is_clean()


class Watching(ScriptedRunner):
    """Asks, once the lock is answered, who holds the prefix that was taken."""

    def __init__(self, seen: Callable[[], None]) -> None:
        super().__init__(waits=False)
        self._seen = seen

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        last = super().run(job, listener, stop)
        self._seen()
        return last


def test_a_prefix_is_held_from_the_transaction_that_finds_it(tmp_path: Path) -> None:
    """Housekeeping must not take it away between the answer to the engine and the engine's end."""
    held: list[set[str]] = []

    def look() -> None:
        rows = query(deployment, "SELECT prefix_id FROM versions WHERE prefix_id IS NOT NULL")
        held.append({row.prefix_id for row in rows})

    with deployment_in(tmp_path / "root", "file:///scripted", runner=Watching(look)) as deployment:
        leave_alone(deployment)
        bench = Bench(deployment, ScriptedRunner())
        first = bench.create("one", "numpy")
        second = bench.create("two", "numpy")
        assert held == [set(), {first.prefix_id}]
        with deployment.database.read() as connection:
            environment = deployment.environments.get(ALICE, "two")
            assert versions.find(connection, environment.id, 1) == second


def test_an_environment_deleted_right_after_the_claim_leaves_nothing(bench: Bench) -> None:
    class Overtaken(Build):
        def _job(self, connection: Connection) -> Job:
            bench.deployment.environments.delete(BOSS, "one", force=True)
            return super()._job(connection)

    bench.create("one", "numpy==1")
    bench.deployment.versions.build(ALICE, "one", pin_installed=True)
    with bench.deployment.database.read() as connection:
        (queued,) = queue.active(connection)
    Overtaken(bench.deployment.workshop, queued, lambda: None).run()
    assert query(bench.deployment, "SELECT * FROM prefixes WHERE state = 'building'") == []
    assert bench.deployment.workshop.folders.ids() == prefix_ids(bench.deployment)
