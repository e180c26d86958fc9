"""From a person's own deployment to a team's, as docs/deploy/jupyterhub.md says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.cli.command_line import PROGRAM
from tests.handlers.rest import Rest
from tests.live import live_server
from tests.live_fixtures import python
from tests.service.warm import warm
from tests.serving import REPOSITORY, live_service

__all__ = ["python"]


def test_what_one_had_is_the_teams_beginning(channel: Path, python: str, tmp_path: Path) -> None:
    home, old, root = tmp_path / "home", tmp_path / "embedded", tmp_path / "team"
    (home / "config").mkdir(parents=True)
    warm(root, channel)
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
    with live_server(warm(old, channel), channel.as_uri(), home=home, env={"PYTHONPATH": str(REPOSITORY)}) as server:
        before = Rest(server.url, "token-of-alice").make("mine", python_version=python)
    file = tmp_path / "embedded.zip"
    for command in (["backup", file, "--root-dir", old], ["restore", file, "--root-dir", root]):
        subprocess.run([PROGRAM, *command], check=True, capture_output=True, cwd=tmp_path)

    with live_service(root, channel.as_uri()) as service:
        alice = service.person("alice")
        assert alice.show("mine")["owner"] == "alice"
        checks = {c["name"]: c for c in service.person("boss").get("/doctor").ok()["checks"]}
        assert "mine 1" in checks["disk against database"]["message"]
        lacking = alice.get("/environments/mine/grant").ok()
        assert lacking["prefix"] is None
        assert "installed files are gone" in lacking["reason"]
        alice.post("/environments/mine/build", {"pin_installed": True}).ok(202)
        after = alice.wait("mine")
        assert (after["number"], after["outcome"]) == (2, "succeeded")
        assert after["digest"] == before["digest"]
        grant = alice.get("/environments/mine/grant").ok()
        assert Path(grant["prefix"]).parent == root / "prefixes"
        assert Path(grant["prefix"]).is_dir()
