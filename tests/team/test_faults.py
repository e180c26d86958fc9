"""Each part of a team killed in the middle of a build: nothing is lost, and what was begun is done."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.handlers.rest import Rest
from tests.live import wait_until
from tests.live_fixtures import python

from .site import Site

__all__ = ["python"]

RECOVERED = 10.0
"""Seconds after which the state is right again, from the moment on when everything runs."""


@pytest.fixture(autouse=True)
def whole(site: Site) -> Iterator[None]:
    """With all of its parts, before and after."""
    yield
    site.dask.whole()
    site.wait_ready()


def kill_service(site: Site, _log: str) -> None:
    """The hub starts it again."""
    site.service_process().kill()


def kill_worker(site: Site, log: str) -> None:
    site.dask.holder(log).process.kill()


def kill_scheduler(site: Site, _log: str) -> None:
    """Its workers end without it; whatever runs them starts them again."""
    assert site.dask.scheduler is not None
    site.dask.scheduler.kill()
    wait_until(lambda: not any(w.is_up() for w in site.dask.workers.values()), "the workers' end", 30)
    site.dask.whole()


def end_connections(site: Site, _log: str) -> None:
    assert site.postgresql.end_connections(site.database_url) > 0


FAULTS = {"serv": kill_service, "work": kill_worker, "sched": kill_scheduler, "conn": end_connections}


@pytest.mark.parametrize("name", FAULTS)
def test_a_build_goes_on(site: Site, alices: Rest, python: str, name: str) -> None:
    fault: Callable[[Site, str], None] = FAULTS[name]
    # What is installed already would be linked before anything can happen to it.
    shutil.rmtree(site.root / "cache" / "packages", ignore_errors=True)
    others = {e["short_name"] for e in alices.get("/environments?limit=1000").ok()["items"]}
    alices.create(name, python_version=python, conda_requirements=["pandas"])
    alices.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
    log = f"/environments/{name}/versions/1/log"
    wait_until(lambda: "Downloading" in alices.get(log).text, "the build to have begun", 60)

    before = alices.get(log).text
    fault(site, before)
    if fault is kill_service:
        people_go_on(alices)
    wait_until(lambda: alices.get("/environments").status == 200, "the service", 60)
    if fault is end_connections:
        reached = progress(alices, name)
        wait_until(lambda: progress(alices, name) != reached, "the build to go on", RECOVERED)
    else:
        begun = f"Building {name} version 1"
        wait_until(lambda: begun in alices.get(log).text[len(before) :], "the build to begin again", RECOVERED)

    version = alices.wait(name, 180)
    assert version["outcome"] == "succeeded", version["reason"]
    assert version["attempt"] == 1
    after = alices.get(log).text
    assert after.startswith(before), "what was told stays told"
    assert after.rstrip().endswith("in all.")
    assert {e["short_name"] for e in alices.get("/environments?limit=1000").ok()["items"]} == {*others, name}


def people_go_on(alices: Rest) -> None:
    """While the service is away."""
    refused = alices.get("/environments").refused(503, "unavailable")
    assert "Local environments" in refused["message"]
    assert alices.get("/local").status == 200
    assert alices.get("/kernels").status == 200


def progress(alices: Rest, name: str) -> tuple[object, ...]:
    """How far the service knows it to be. That it is "In Progress" says nothing: so it would be if nobody looked after
    it any more."""
    version = alices.get(f"/environments/{name}/versions/1").ok()
    log = alices.get(f"/environments/{name}/versions/1/log").text
    return version["outcome"], version["phase"], version["progress"], len(log)
