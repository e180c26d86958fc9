"""What a person's server is called, and what it is without its service."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.errors import Unavailable
from jupyter_dataflow_envs.home.home import Home, HomeSettings, server_name
from jupyter_dataflow_envs.home.memory import Memory
from jupyter_dataflow_envs.local.environments import LocalSettings
from jupyter_dataflow_envs.local.finding.places import Surroundings
from tests.home.grants import grant
from tests.live import free_port

HUB = "JUPYTERHUB_SERVICE_PREFIX"


def test_servers_of_one_folder_have_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HUB, "/user/alice/")
    first = server_name(tmp_path, tmp_path / "kernels")
    monkeypatch.setenv(HUB, "/user/alice/named/")
    assert server_name(tmp_path, tmp_path / "kernels") == first == "/user/alice/"
    assert server_name(tmp_path, tmp_path / "others") == "/user/alice/named/"


def test_a_new_container_has_the_name_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HUB, "/user/alice/")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    assert {server_name(folder, Path("/home/alice/kernels")) for folder in folders} == {"/user/alice/"}


def test_without_a_hub_the_machine_is_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HUB, raising=False)
    assert server_name(tmp_path, tmp_path / "kernels").endswith(f":{tmp_path}/kernels"[-100:])
    assert len(server_name(tmp_path, tmp_path / ("k" * 200))) <= 150


def settings(folder: Path, url: str) -> HomeSettings:
    local = LocalSettings(
        folder=folder / "local",
        kernels_dir=folder / "kernels",
        python=Path("/usr/bin/python3"),
        around=Surroundings.of_this_server([], None),
        excluded=(),
        session=False,
        most=1,
        max_log_bytes=1024 * 1024,
    )
    return HomeSettings(
        url=url,
        token="any",
        root=folder / "root",
        kernels_dir=folder / "kernels",
        python=Path("/usr/bin/python3"),
        local=local,
        allow_source_builds=True,
    )


def test_it_opens_and_stops_at_once_without_its_service(tmp_path: Path) -> None:
    began = time.monotonic()
    home = Home(settings(tmp_path, f"http://127.0.0.1:{free_port()}/"), logging.getLogger("test"))
    with pytest.raises(Unavailable, match="can't be reached"):
        home.activations.activate(home.person("alice"), "any")
    home.stop()
    assert time.monotonic() - began < 20


def test_a_root_that_cant_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("no folder")
    with pytest.raises(Unavailable, match="root_dir"):
        Home(settings(tmp_path, "http://127.0.0.1:1/"), logging.getLogger("test"))


def test_what_was_told_is_remembered(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "home.json", "http://one/")
    memory.set_deployment("d1", ["conda-forge"], ["https://index.example/simple"])
    memory.add(grant("a", version=1))
    memory.add(grant("a", version=2))
    memory.add(grant("b"))
    memory.end("id-of-b")
    again = Memory(tmp_path / "home.json", "http://one/")
    assert again.deployment == "d1"
    assert again.sources == (("conda-forge",), ("https://index.example/simple",))
    assert [g.version for g in again.active().values()] == [2]
    assert again.short_names() == {"a", "b"}
    assert again.launched("id-of-a", 1) == ("a", "digest of a 1")
    assert (tmp_path / "home.json").stat().st_mode & 0o077 == 0


def test_what_another_service_or_deployment_told_is_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "home.json", "http://one/")
    memory.set_deployment("d1", [], [])
    memory.add(grant("a"))
    assert Memory(tmp_path / "home.json", "http://two/").active() == {}
    memory.set_deployment("d2", [], [])
    assert memory.active() == {}
    (tmp_path / "home.json").write_text("{")
    assert Memory(tmp_path / "home.json", "http://one/").deployment is None
