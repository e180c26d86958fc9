"""From one person's idea to another's cell: two people, an administrator, their servers, and everything between."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.handlers.rest import Rest
from tests.live import wait_until
from tests.live_fixtures import python

from .remote_kernel import remote_kernel
from .site import Site

__all__ = ["python"]

SHOW = "import os, sys; print(sys.prefix, os.getuid(), sys.version_info[:2])"


def test_made_by_alice_approved_by_boss_used_by_bob(
    site: Site, alices: Rest, bobs: Rest, decider: Rest, python: str
) -> None:
    alices.create("share", full_name="Shared by alice", python_version=python)
    built = alices.succeed("share")
    log = alices.get("/environments/share/versions/1/log").text
    assert f"asked for by {site.name('alice')}" in log
    assert "Building on worker" in log
    bobs.get("/environments/share").refused(404)
    review = alices.submit("share", "For everybody")
    refused = alices.decide(review, "approve").refused(403, "not_allowed")
    assert "Only an administrator" in refused["message"]
    decider.approve(review)

    assert bobs.show("share")["status"] == "Published"
    kernel = bobs.post("/environments/share/activate", {}).ok()["kernel_name"]
    with remote_kernel(bobs, kernel) as remote:
        prefix, uid, version = remote.run(SHOW).split(maxsplit=2)
        assert Path(prefix).parent == site.root / "prefixes"
        assert int(uid) == site.people["bob"].uid
        assert version == str(tuple(map(int, python.split("."))))
        (running,) = bobs.get("/kernels").ok()["items"]
        assert (running["short_name"], running["version"], running["digest"]) == ("share", 1, built["digest"])
    usage = alices.get("/environments/share/usage").ok()
    assert [a["person"] for a in usage["activations"]] == [site.name("bob")]


def test_kernels_move_with_published_versions(site: Site, alices: Rest, bobs: Rest, decider: Rest, python: str) -> None:
    alices.make("move", python_version=python)
    decider.approve(alices.submit("move"))
    bobs.post("/environments/move/activate", {}).ok()
    launcher = _launcher(site, "bob", "move")
    before = launcher.read_text()
    alices.succeed("move", conda_requirements=["tiny-004"])
    decider.approve(alices.submit("move"))
    wait_until(lambda: launcher.read_text() != before, "bob's launcher to move", 5)
    with remote_kernel(bobs, "dataflow-move") as remote:
        remote.run("import tiny_004")


def test_a_prefix_belongs_to_nobody_who_runs_from_it(site: Site, alices: Rest, python: str) -> None:
    alices.make("sealf", python_version=python)
    alices.post("/environments/sealf/activate", {}).ok()
    with remote_kernel(alices, "dataflow-sealf") as remote:
        prefix = Path(remote.run("import sys; print(sys.prefix)"))
    assert prefix.stat().st_uid == site.builder.uid
    tried = site.people["alice"].run("touch", str(prefix / "mine"))
    assert tried.returncode != 0
    assert "Permission denied" in tried.stderr
    assert os.access(prefix, os.R_OK)


def _launcher(site: Site, who: str, short_name: str) -> Path:
    """What that person's kernelspec starts."""
    kernels = site.people[who].home / ".local/share/jupyter/kernels"
    return Path(json.loads((kernels / f"dataflow-{short_name}" / "kernel.json").read_text())["argv"][0])
