"""Two servers on one root: one runs the queue, both serve, and the other takes over."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.faults.processes import of_root
from tests.faults.site import Site, doctor, frames, rest_of
from tests.live import LiveServer, wait_until


@pytest.fixture(scope="module")
def servers(site: Site) -> Iterator[tuple[LiveServer, LiveServer]]:
    """The coordinator first; the last test changes that."""
    with site.server() as first, site.server() as second:
        assert "(this server)" in doctor(rest_of(first))["coordinator"]
        yield first, second


def _runs_the_queue(server: LiveServer) -> bool:
    said = doctor(rest_of(server))["coordinator"]
    return "(this server)" in said and f"process {server.process.pid} on " in said


def test_there_is_one_coordinator_and_both_name_it(servers: tuple[LiveServer, LiveServer]) -> None:
    first, second = servers
    said = doctor(rest_of(second))["coordinator"]
    assert f"process {first.process.pid} on " in said
    assert "(this server)" not in said
    assert [_runs_the_queue(s) for s in servers] == [True, False]
    assert all(s.health() and s.health()["coordinator_alive"] for s in servers)  # type: ignore[index]


def test_both_take_builds_and_show_logs_and_cancel(site: Site, servers: tuple[LiveServer, LiveServer]) -> None:
    first, second = (rest_of(s) for s in servers)
    through_first, through_second = site.create(first), site.create(second)
    first.post(f"/environments/{through_first}/build", {}).ok(202)
    second.post(f"/environments/{through_second}/build", {}).ok(202)
    for person in (first, second):
        for name in (through_first, through_second):
            path = f"/environments/{name}/versions/1/log"
            text = frames(person, f"{path}/stream", lambda f: bool(f.get("complete")))
            assert "Succeeded." in text
            assert text == person.get(path).text
            assert person.get(f"/environments/{name}").ok()["status"] == "Draft"

    name = site.build_up_to(second, "downloading")
    second.post(f"/environments/{name}/cancel").ok(202)
    assert second.wait(name, 2)["reason"].startswith("cancelled by ")
    assert site.accounted_for()


def test_a_name_is_unique_across_servers(site: Site, servers: tuple[LiveServer, LiveServer]) -> None:
    first, second = (rest_of(s) for s in servers)
    name = site.create(first)
    body = {"short_name": name, "full_name": "x", "python_version": site.python}
    second.post("/environments", body).refused(409, "short_name_taken")
    tag = second.get(f"/environments/{name}").ok()["etag"]
    first.patch(f"/environments/{name}", {"full_name": "By the first"}).ok()
    second.patch(f"/environments/{name}", {"full_name": "By the second"}, headers={"If-Match": tag}).refused(412)


def test_the_kernel_moves_in_the_server_that_did_not_build(site: Site, servers: tuple[LiveServer, LiveServer]) -> None:
    first, second = (rest_of(s) for s in servers)
    name = site.create(first)
    first.post(f"/environments/{name}/build", {}).ok(202)
    first.wait(name)
    second.post(f"/environments/{name}/activate").ok()
    spec = servers[1].data_dir / "kernels" / f"dataflow-{name}" / "kernel.json"
    assert json.loads(spec.read_text())["metadata"]["dataflow_envs"]["version"] == 1
    first.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
    first.wait(name)
    wait_until(
        lambda: json.loads(spec.read_text())["metadata"]["dataflow_envs"]["version"] == 2, "the kernel to move", 5
    )
    first.delete(f"/environments/{name}?force=true").ok(204)
    wait_until(lambda: not spec.exists(), "the kernel's end in the other server", 5)


def test_the_other_takes_over_and_finishes_what_was_queued(site: Site, servers: tuple[LiveServer, LiveServer]) -> None:
    first, second = servers
    person = rest_of(second)
    name = site.build_up_to(person, "downloading")
    waiting = [site.create(person), site.create(person)]
    for other in waiting:
        person.post(f"/environments/{other}/build", {}).ok(202)
    before = site.row(name)
    first.kill()
    wait_until(lambda: _runs_the_queue(second), "the other to take over", 5)
    wait_until(lambda: site.row(name)["run_id"] != before["run_id"], "the build to be taken up", 5)
    site.heal()
    versions = [person.wait(n) for n in (name, *waiting)]
    assert [v["outcome"] for v in versions] == ["succeeded"] * 3, [v["reason"] for v in versions]
    starts = [v["started_at"] for v in versions]
    assert starts == sorted(starts)
    assert site.accounted_for()

    # The first comes back as the other one, and takes over in its turn when the second stops in good order.
    first.start()
    assert not _runs_the_queue(first)
    second.stop()
    wait_until(lambda: _runs_the_queue(first), "the first to take over again", 5)
    person = rest_of(first)
    fresh = site.create(person)
    person.post(f"/environments/{fresh}/build", {}).ok(202)
    assert person.wait(fresh)["outcome"] == "succeeded"
    assert of_root(site.root) == []
