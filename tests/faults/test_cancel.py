"""Cancelling, in every phase: under two seconds, and nothing of the build is left."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults.processes import of_root
from tests.faults.site import PHASES, Site, rest_of
from tests.handlers.rest import Rest
from tests.live import wait_until


@pytest.fixture(scope="module")
def person(site: Site) -> Iterator[Rest]:
    """Whoever has the token of the one server for all phases."""
    with site.server() as server:
        yield rest_of(server)
        assert "Traceback" not in server.log, server.log[-4000:]


@pytest.mark.parametrize("phase", PHASES)
def test_cancel(site: Site, person: Rest, phase: str) -> None:
    me = person.get("/me").ok()["name"]
    name = site.build_up_to(person, phase)
    wait_until(lambda: of_root(site.root), "the engine of the phase", 10)
    begun = time.monotonic()
    person.post(f"/environments/{name}/cancel").ok(202)
    failed = person.wait(name, 10)
    took = time.monotonic() - begun
    assert (failed["outcome"], failed["reason"]) == ("failed", f"cancelled by {me}")
    assert took < 2
    assert of_root(site.root) == []
    assert site.prefixes() == site.prefix_rows()
    assert f"Failed: cancelled by {me}" in person.get(f"/environments/{name}/versions/1/log").text
    site.heal()
    # The same number is built again, and this time to its end.
    person.post(f"/environments/{name}/build", {}).ok(202)
    again = person.wait(name)
    assert (again["outcome"], again["number"], again["attempt"]) == ("succeeded", 1, 2), again["reason"]
    assert site.accounted_for()


def test_cancel_in_the_queue(site: Site, person: Rest) -> None:
    first = site.build_up_to(person, "solving")
    second, third = site.create(person), site.create(person)
    for name in (second, third):
        person.post(f"/environments/{name}/build", {}).ok(202)
    wait_until(lambda: person.get(f"/environments/{third}").ok()["queue_position"] == 2, "the queue", 10)
    begun = time.monotonic()
    person.post(f"/environments/{second}/cancel").ok(202)
    assert person.wait(second, 10)["reason"].startswith("cancelled by ")
    assert time.monotonic() - begun < 2
    assert person.get(f"/environments/{third}").ok()["queue_position"] == 1
    site.heal()
    assert person.wait(first)["outcome"] == "succeeded"
    assert person.wait(third)["outcome"] == "succeeded"
    assert site.accounted_for()
