"""Kernels of a person's server: written from the service's grants, moved with versions, kept while it is away."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_dataflow_envs.images import remove_tree
from tests.handlers.rest import Rest
from tests.home.conftest import kernelspec, run_cell, version_of
from tests.live import LiveServer, wait_until
from tests.serving import LiveService, persons_server

SECONDS = 2.0
"""In which a launcher must follow the version behind it."""

Spec = Callable[[str], dict[str, Any] | None]


def started_kernel(server: LiveServer, person: Rest, name: str) -> str:
    """The id of a kernel that the server itself runs."""
    import urllib.request

    request = urllib.request.Request(
        f"{server.url}api/kernels",
        data=json.dumps({"name": name}).encode(),
        headers={"Authorization": f"token {server.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        kernel: dict[str, Any] = json.load(answer)
    wait_until(
        lambda: [k for k in person.get("/kernels").ok()["items"] if k["kernel_id"] == kernel["id"]], "its kernel"
    )
    return str(kernel["id"])


def end_kernel(server: LiveServer, kernel_id: str) -> None:
    import urllib.request

    request = urllib.request.Request(
        f"{server.url}api/kernels/{kernel_id}", method="DELETE", headers={"Authorization": f"token {server.token}"}
    )
    urllib.request.urlopen(request, timeout=60).close()


def reports(service: LiveService) -> dict[str, int]:
    """What servers have told of what runs there, by prefix id."""
    found = (service.root / "leases").glob("*/@*")
    return {file.parent.name: int(file.read_text()) for file in found}


def test_an_activated_environment_runs_a_cell(
    alice: Rest, server: LiveServer, service: LiveService, built: str, spec_of: Spec
) -> None:
    assert alice.post(f"/environments/{built}/activate", {}).ok() == {"kernel_name": "dataflow-built"}
    spec = spec_of(built)
    assert spec is not None
    assert spec["argv"][0].startswith(f"{server.root}/launchers/")
    assert stat.S_IMODE(server.root.stat().st_mode) == 0o700
    prefix = spec["metadata"]["conda_env_path"]
    assert prefix.startswith(f"{service.root}/prefixes/")
    assert run_cell(server, "dataflow-built", "import sys; print(sys.prefix)").strip() == prefix
    assert alice.show(built)["active"]


def test_what_runs_is_known_here_and_told_to_the_service(
    alice: Rest, server: LiveServer, service: LiveService, built: str
) -> None:
    alice.post(f"/environments/{built}/activate", {}).ok()
    kernel_id = started_kernel(server, alice, "dataflow-built")
    (running,) = alice.get("/kernels").ok()["items"]
    digest = alice.get(f"/environments/{built}/versions/1").ok()["digest"]
    assert (running["short_name"], running["version"], running["digest"]) == (built, 1, digest)
    wait_until(lambda: list(reports(service).values()) == [1], "the report", 10)
    wait_until(
        lambda: alice.get(f"/environments/{built}/usage").ok()["last_started"] is not None, "that it was started"
    )
    end_kernel(server, kernel_id)


def test_a_command_runs_active_or_not(alice: Rest, built: str) -> None:
    launcher = alice.get(f"/environments/{built}/launcher").ok()
    done = subprocess.run(
        [launcher["path"], "--run", "python", "-c", "print(1 + 1)"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr


def test_launchers_follow_versions_names_publications_and_deletions(
    alice: Rest, boss: Rest, service: LiveService, minor: str, spec_of: Spec, tmp_path: Path
) -> None:
    alice.make("moves", full_name="Moves", python_version=minor, conda_requirements=["tiny-000=1.3"])
    alice.post("/environments/moves/activate", {}).ok()
    assert version_of(spec_of("moves")) == 1
    alice.succeed("moves", conda_requirements=["tiny-000"])
    wait_until(lambda: version_of(spec_of("moves")) == 2, "version 2 to be the kernel", SECONDS)
    alice.patch("/environments/moves", {"full_name": "Moved"}).ok()
    wait_until(lambda: (spec_of("moves") or {})["display_name"].endswith("Moved"), "the new name", SECONDS)
    with persons_server(service, "carol", tmp_path) as hers:
        carol = Rest(hers.url, hers.token)
        carol.post("/environments/moves/activate", {}).refused(404)
        boss.approve(alice.submit("moves"))
        carol.post("/environments/moves/activate", {}).ok()
        launcher = Path((kernelspec(hers, "moves") or {})["argv"][0])
        assert launcher.name == "published"
        assert version_of(kernelspec(hers, "moves")) == 2
        alice.delete("/environments/moves?force").refused(403)
        boss.delete("/environments/moves?force").ok(204)
        wait_until(lambda: kernelspec(hers, "moves") is None, "her kernel to go", SECONDS)
        wait_until(lambda: b"deleted" in launcher.read_bytes(), "her launcher to say so", SECONDS)
    wait_until(lambda: spec_of("moves") is None, "the owner's kernel to go", SECONDS)


def test_a_deactivated_one_is_no_kernel_any_more(alice: Rest, built: str, spec_of: Spec) -> None:
    alice.post(f"/environments/{built}/activate", {}).ok()
    assert alice.post(f"/environments/{built}/deactivate", {}).ok() == {"kernel_name": "dataflow-built"}
    assert spec_of(built) is None
    alice.post(f"/environments/{built}/deactivate", {}).refused(409, "conflict")


def test_a_kernelspec_of_somebody_else_stays(alice: Rest, server: LiveServer, built: str) -> None:
    alice.post(f"/environments/{built}/deactivate", {})
    folder = server.data_dir / "kernels" / "dataflow-built"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["mine"], "display_name": "Mine", "language": "python"}')
    try:
        alice.post(f"/environments/{built}/activate", {}).refused(409, "conflict")
        assert not alice.show(built)["active"]
        assert "mine" in (folder / "kernel.json").read_text()
    finally:
        shutil.rmtree(folder)


def test_kernels_are_kept_while_the_service_is_away(
    alice: Rest, server: LiveServer, service: LiveService, built: str, spec_of: Spec
) -> None:
    alice.post(f"/environments/{built}/activate", {}).ok()
    launcher = alice.get(f"/environments/{built}/launcher").ok()
    service.kill()
    try:
        shutil.rmtree(server.data_dir / "kernels" / "dataflow-built")
        server.restart()
        assert version_of(spec_of(built)) == 1  # by what was last known
        assert run_cell(server, "dataflow-built", "print(6 * 7)").strip() == "42"
        assert alice.get(f"/environments/{built}/launcher").ok() == launcher
        alice.post(f"/environments/{built}/activate", {}).refused(503, "unavailable")
        alice.get("/environments/other/launcher").refused(503, "unavailable")
        assert alice.get("/local").status == 200
    finally:
        service.start()
    wait_until(lambda: alice.get("/health").ok()["service"] == "up", "the service", 10)
    wait_until(lambda: "The environment service is back" in server.log, "the events", 10)
    assert version_of(spec_of(built)) == 1


def test_what_was_missed_is_made_up_for(
    alice: Rest, server: LiveServer, service: LiveService, minor: str, spec_of: Spec
) -> None:
    """A version is built while the person's server is not there."""
    alice.make("late", python_version=minor, conda_requirements=["tiny-000=1.3"])
    alice.post("/environments/late/activate", {}).ok()
    server.stop()
    direct = service.person("alice")
    direct.succeed("late", conda_requirements=["tiny-000"])
    server.start()
    wait_until(lambda: version_of(spec_of("late")) == 2, "version 2 to be the kernel", 10)


def test_a_prefix_that_is_not_here_is_fetched(
    alice: Rest, server: LiveServer, service: LiveService, built: str
) -> None:
    prefix = away(alice, service, built)
    alice.post(f"/environments/{built}/activate", {}).ok()
    assert "built version 1: fetched" in server.log
    assert alice.get(f"/environments/{built}/arrival").ok() == {"arriving": False, "done": 0, "total": 0}
    assert run_cell(server, "dataflow-built", "import sys; print(sys.prefix)").strip() == str(prefix)


def test_without_its_image_it_is_installed_from_the_lock(
    alice: Rest, server: LiveServer, service: LiveService, built: str
) -> None:
    prefix = prefix_of(service, built)
    (image,) = (service.root.parent / "images").rglob(f"*{prefix.name}*")
    image.write_bytes(image.read_bytes()[:-1] + b"x")
    away(alice, service, built)
    alice.post(f"/environments/{built}/activate", {}).ok()
    assert "built version 1: installed" in server.log
    assert run_cell(server, "dataflow-built", "print('it runs')").strip() == "it runs"
    assert not stat.S_IMODE((prefix / "conda-meta").stat().st_mode) & 0o222


def test_why_files_can_not_come_is_said(alice: Rest, service: LiveService, built: str) -> None:
    prefix = away(alice, service, built)
    kept = prefix.parent.rename(prefix.parent.with_name("kept"))
    prefix.parent.write_text("no folder")  # which nobody can write into, whatever account it is
    try:
        refusal = alice.post(f"/environments/{built}/activate", {}).refused(503, "unavailable")
        assert "can't be brought to this machine" in refusal["message"]
        assert not alice.show(built)["active"]
    finally:
        prefix.parent.unlink()
        kept.rename(prefix.parent)


def prefix_of(service: LiveService, short_name: str) -> Path:
    return Path(service.person("alice").get(f"/environments/{short_name}/grant").ok()["prefix"])


def away(person: Rest, service: LiveService, short_name: str) -> Path:
    """The prefix, removed, as on a machine that never had it. What was started before may soon be fetched unasked."""
    person.post(f"/environments/{short_name}/deactivate", {})
    prefix = prefix_of(service, short_name)
    gone = prefix.rename(prefix.with_name(f".gone-{uuid.uuid4().hex}"))  # at once: half of it would be another fault
    remove_tree(gone)
    return prefix
