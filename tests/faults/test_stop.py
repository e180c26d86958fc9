"""A server that is stopped as its administrator does it: builds go back to the queue, nothing hangs."""

from __future__ import annotations

import threading
import time

import pytest

from tests.faults.processes import of_root
from tests.faults.site import Site, rest_of
from tests.handlers.rest import Answer, Rest
from tests.live import wait_until


@pytest.mark.parametrize("phase", ["downloading", "pip"])
def test_a_stopped_server_hands_its_build_back(site: Site, phase: str) -> None:
    with site.server() as server:
        person = rest_of(server)
        name = site.build_up_to(person, phase)
        second = site.create(person)
        person.post(f"/environments/{second}/build", {}).ok(202)
        before = site.prefix_rows("ready")
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 8
        assert of_root(site.root) == []
        row = site.row(name)
        assert (row["outcome"], row["phase"], row["run_id"], row["interruptions"]) == ("queued", "queued", None, 0)
        assert site.prefixes() == site.prefix_rows() == before
        site.heal()
        server.start()
        first, then = person.wait(name), person.wait(second)
        assert [first["outcome"], then["outcome"]] == ["succeeded"] * 2
        assert first["started_at"] < then["started_at"]
        assert first["attempt"] == 1
        log = person.get(f"/environments/{name}/versions/1/log").text
        assert "goes back to its place in the queue" in log
        assert site.accounted_for()
        assert "Traceback" not in server.log, server.log[-4000:]


def test_previews_do_not_hold_up_a_stop_nor_anybody_else(site: Site) -> None:
    """The database pool that runs dry and a front end that freezes: twenty previews wait for a dead channel."""
    answers: list[Answer | OSError] = []
    with site.server() as server:
        person = rest_of(server)
        name = site.create(person)
        site.hold("solving")
        asking = [threading.Thread(target=_preview, args=(person, name, answers)) for _ in range(20)]
        for thread in asking:
            thread.start()
        wait_until(lambda: len(of_root(site.root)) == 2, "two engines, and no more", 30, 0.1)
        for _ in range(5):
            begun = time.monotonic()
            assert person.get("/environments").ok()["items"]
            assert person.get("/me").ok()
            assert time.monotonic() - begun < 3
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 8
        assert of_root(site.root) == []
        for thread in asking:
            thread.join(10)
        assert len(answers) == 20
        assert all(isinstance(a, OSError) or a.status == 503 for a in answers)


def _preview(person: Rest, name: str, answers: list[Answer | OSError]) -> None:
    try:
        answers.append(person.post(f"/environments/{name}/preview", {}))
    except OSError as error:
        answers.append(error)
