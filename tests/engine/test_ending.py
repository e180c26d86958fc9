"""An engine ends when it is told to, when its runner is gone, and takes along all that it started."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.version import Step
from jupyter_dataflow_envs.engine.protocol import Caches
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.engine.driver import Child, Engine, eventually, members

SECONDS = 2.0


def nothing_is_left(child: Child) -> bool:
    return eventually(lambda: not members(child.process.pid), SECONDS)


def ended(child: Child) -> bool:
    """Whether the child is gone without a word of how it ended."""
    gone = eventually(lambda: child.process.poll() is not None, SECONDS)
    return gone and all(m["type"] not in ("result", "failure") for m in child.messages)


@pytest.mark.parametrize("step", list(Step))
def test_closed_input_ends_all_in_each_step(engine: Engine, channel: Path, tmp_path: Path, step: Step) -> None:
    """With an empty cache for the step that fills it, so that it lasts."""
    empty = {Step.DOWNLOADING: "packages", Step.COMPILING: "bytecode"}.get(step, "repodata")
    with Server(channel) as server:
        server.throttle("*/big-data-*", 3_000_000)
        wanted = ("tiny-000", "big-data") if step is Step.DOWNLOADING else ("tiny-000",)
        caches = replace(engine.caches, **{empty: str(tmp_path)})
        sources = replace(engine.sources, channels=(server.url,))
        job = engine.job(conda=wanted, pip=("tinywheel-00",), caches=caches, sources=sources)
        with engine.start(job) as child:
            child.wait_for_step(step.value)
            child.close_stdin()
            assert ended(child)
            assert nothing_is_left(child)


def test_closed_input_ends_a_solve_that_hangs(engine: Engine, channel: Path, tmp_path: Path) -> None:
    with Server(channel) as server:
        server.hang("*")
        caches = replace(engine.caches, repodata=str(tmp_path))
        job = engine.job(caches=caches, sources=replace(engine.sources, channels=(server.url,)))
        with engine.start(job) as child:
            server.wait_for("*")
            child.close_stdin()
            assert ended(child)
            assert nothing_is_left(child)


def test_closed_input_ends_uv(engine: Engine, wheelhouse: Path) -> None:
    with index_server(wheelhouse) as server:
        server.hang("simple/*")
        job = engine.job(pip=("tinywheel-03",), sources=replace(engine.sources, pip_index_url=index_url(server)))
        with engine.start(job) as child:
            server.wait_for("simple/*")
            assert any("uv" in command for command in members(child.process.pid))
            child.close_stdin()
            assert ended(child)
            assert nothing_is_left(child)


def test_closed_input_ends_the_kernel_that_verifies(engine: Engine) -> None:
    with engine.start(engine.job(conda=("tiny-003=1.1",))) as child:
        child.wait_for_step("verifying")
        assert eventually(lambda: any("ipykernel_launcher" in c for c in members(child.process.pid)), SECONDS)
        child.close_stdin()
        assert ended(child)
        assert nothing_is_left(child)


def test_closed_input_ends_a_child_that_waits_for_its_answer(engine: Engine) -> None:
    with engine.start(engine.job(conda=("tiny-003=1.1",)), answer=None) as child:
        assert child.wait_for(lambda m: m["type"] == "lock")
        child.close_stdin()
        assert ended(child)


@pytest.mark.parametrize("step", [Step.SOLVING, Step.LINKING, Step.VERIFYING])
def test_sigterm_ends_all(engine: Engine, step: Step) -> None:
    with engine.start(engine.job(conda=("tiny-004=1.1",))) as child:
        child.wait_for_step(step.value)
        os.kill(child.process.pid, signal.SIGTERM)
        assert ended(child)
        assert nothing_is_left(child)


def test_a_crash_leaves_no_result(engine: Engine) -> None:
    with engine.start(engine.job(conda=("tiny-005=1.1",))) as child:
        child.wait_for_step("linking")
        os.killpg(child.process.pid, signal.SIGKILL)
        assert ended(child)


def test_success_and_failure_leave_no_process(engine: Engine) -> None:
    for wanted in ("tiny-006=1.1", "broken-kernel"):
        with engine.start(engine.job(conda=(wanted,))) as child:
            assert child.wait_for(lambda m: m["type"] in ("result", "failure"))
            assert nothing_is_left(child)


def test_a_killed_build_does_not_harm_the_next(engine: Engine, channel: Path, tmp_path: Path) -> None:
    """The caches that the killed one filled by halves serve the next one."""
    caches = Caches(*(str(tmp_path / name) for name in ("packages", "repodata", "uv", "bytecode")))
    for step in (Step.LINKING, Step.COMPILING):
        with engine.start(engine.job(conda=("tiny-007",), pip=("tinywheel-04",), caches=caches)) as child:
            child.wait_for_step(step.value)
            child.close_stdin()
    assert engine.build("tiny-007", pip=["tinywheel-04"], caches=caches).result


def test_a_job_that_can_not_be_read_is_a_failure(engine: Engine) -> None:
    class Broken:
        def to_line(self) -> str:
            return "not json\n"

    with Child(Broken(), None) as child:  # type: ignore[arg-type]
        message = child.wait_for(lambda m: m["type"] == "failure")
        assert message is not None
        assert "unexpectedly" in message["reason"]
