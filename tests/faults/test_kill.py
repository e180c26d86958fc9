"""A server that is killed with SIGKILL, in every phase: no process, no partial prefix, no build that never ends.

Issues that this answers: builds stuck in BUILDING for hours, curable only with SQL by hand.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.processes import of_root
from tests.faults.site import PHASES, Site, rest_of
from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until

SECONDS = 5.0


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[LiveServer]:
    """Runs again after each test."""
    with site.server() as server:
        yield server
        assert "Traceback" not in server.log, server.log[-4000:]


def _killed_in(site: Site, server: LiveServer, phase: str) -> tuple[str, list[str]]:
    """Kill the server while a build is in the phase and another waits; short phases take several tries."""
    person = rest_of(server)
    waiting = [site.create(person)]
    for _ in range(10):
        site.hold(phase)
        name = site.create(person, phase)
        person.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
        for other in waiting:
            person.post(f"/environments/{other}/build", {}).ok(202)
        if site.seen_in(person, name, phase):
            server.kill()
            # The row stands as it was when its server died.
            if site.row(name)["phase"] == phase:
                return name, waiting
            server.start()
        for other in (name, *waiting):
            person.wait(other)
    raise AssertionError(f"no server could be killed in {phase}")


def _taken_care_of(site: Site, name: str, before: dict[str, Any]) -> bool:
    """Whether the build is no longer the dead server's."""
    row = site.row(name)
    return row["run_id"] != before["run_id"] and (row["outcome"] != "failed" or "interrupted" in row["reason"])


@pytest.mark.parametrize("phase", PHASES)
def test_kill(site: Site, server: LiveServer, phase: str) -> None:
    name, waiting = _killed_in(site, server, phase)
    wait_until(lambda: not of_root(site.root), "the end of the dead server's processes", SECONDS, 0.1)
    before = site.row(name)
    assert before["outcome"] == "building"
    partial = site.prefixes() - site.prefix_rows("ready")
    assert [site.row(n)["outcome"] for n in waiting] == ["queued"]

    server.start(ready=False)
    server.wait_ready()
    begun = time.monotonic()
    wait_until(lambda: _taken_care_of(site, name, before), "the build to be taken up or failed", SECONDS)
    wait_until(lambda: site.prefixes() <= site.prefix_rows(), "the partial prefix's end", SECONDS)
    assert time.monotonic() - begun < SECONDS
    site.heal()

    person = rest_of(server)
    versions = [person.wait(n) for n in (name, *waiting)]
    assert [v["outcome"] for v in versions] == ["succeeded"] * 2, [v["reason"] for v in versions]
    assert [v["attempt"] for v in versions] == [1] * 2
    starts = [v["started_at"] for v in versions]
    assert starts == sorted(starts), "the queue lost its order"
    log = person.get(f"/environments/{name}/versions/1/log").text
    assert "Interrupted: the server stopped." in log
    assert "taken up again after an interruption" in log
    assert site.accounted_for()
    assert not partial & site.prefixes(), "a partial prefix of the killed run is still there"


def test_killed_twice_in_one_build_it_fails_as_interrupted(site: Site, server: LiveServer) -> None:
    person = rest_of(server)
    name = site.build_up_to(person, "downloading")
    for _ in range(2):
        server.kill()
        wait_until(lambda: not of_root(site.root), "the end of its processes", SECONDS, 0.1)
        server.start()
        wait_until(lambda: site.row(name)["interruptions"] or site.row(name)["reason"], "the recovery", SECONDS)
        wait_until(lambda: site.row(name)["outcome"] != "queued", "the second run, or the end", SECONDS)
    failed = wait_until(lambda: (v := _latest(person, name))["outcome"] == "failed" and v, "its end", SECONDS)
    assert failed["reason"].startswith("interrupted")
    assert site.accounted_for()
    site.heal()
    again = person.post(f"/environments/{name}/build", {}).ok(202)
    assert (again["number"], again["attempt"]) == (1, 2)
    assert person.wait(name)["outcome"] == "succeeded"


def _latest(person: Rest, name: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get(f"/environments/{name}/versions").ok()["items"][0]
    return found


def test_a_cancel_that_a_dying_server_took_is_not_forgotten(site: Site, server: LiveServer) -> None:
    person = rest_of(server)
    name = site.build_up_to(person, "downloading")
    person.post(f"/environments/{name}/cancel").ok(202)
    server.kill()
    server.start()
    failed = person.wait(name, SECONDS)
    assert failed["reason"].startswith("cancelled by ")
    assert site.accounted_for()


def test_a_kill_during_a_preview_leaves_nothing(site: Site, server: LiveServer) -> None:
    person = rest_of(server)
    name = site.create(person)
    site.hold("solving")
    asking = threading.Thread(target=_ask_in_vain, args=(person, name))
    asking.start()
    wait_until(lambda: of_root(site.root), "the preview's engine", 20, 0.1)
    server.kill()
    wait_until(lambda: not of_root(site.root), "its end", SECONDS, 0.1)
    asking.join(10)
    assert not asking.is_alive()
    server.start()


def _ask_in_vain(person: Rest, name: str) -> None:
    try:
        person.post(f"/environments/{name}/preview", {})
    except OSError:
        return
    raise AssertionError("a killed server has answered")
