"""Which server is talked to, and with which token."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_dataflow_envs.client import ServerNotFound
from jupyter_dataflow_envs.client.servers import Address, find_address, parse_address, running_servers


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith(("JUPYTER", "JPY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def write(runtime: Path, name: str, url: str, token: str, *, pid: int | None = None, age: int = 0) -> None:
    path = runtime / f"jpserver-{name}.json"
    path.write_text(json.dumps({"url": url, "token": token, "pid": pid or os.getpid(), "sock": ""}))
    os.utime(path, (1_700_000_000 - age,) * 2)


@pytest.mark.parametrize(
    ("pasted", "url", "token"),
    [
        ("http://127.0.0.1:8888/", "http://127.0.0.1:8888/", ""),
        ("127.0.0.1:8888", "http://127.0.0.1:8888/", ""),
        ("http://localhost:8888/lab?token=abc", "http://localhost:8888/", "abc"),
        ("http://localhost:8888/lab/tree/work/a.ipynb", "http://localhost:8888/", ""),
        ("https://hub.example.org/user/lab/lab/workspaces/x", "https://hub.example.org/user/lab/", ""),
        ("https://hub.example.org/user/ada/tree#top", "https://hub.example.org/user/ada/", ""),
        ("http://[::1]:8888/base/dataflow-envs/health", "http://[::1]:8888/base/", ""),
        ("http://name:secret@localhost:8888/", "http://localhost:8888/", ""),
    ],
)
def test_pasted_addresses(pasted: str, url: str, token: str) -> None:
    assert parse_address(pasted) == Address(url, token)


@pytest.mark.parametrize("bad", ["ftp://x/", "http://", "http://localhost:port/", "file:///etc/hosts", "http://[::1/"])
def test_what_is_no_address(bad: str) -> None:
    with pytest.raises(ServerNotFound, match="not the address of a server"):
        parse_address(bad)


def test_the_newest_comes_first_and_the_surrounding_one_before_it(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(runtime, "1", "http://localhost:1001/", "one", age=20)
    write(runtime, "2", "http://localhost:1002/", "two", age=10)
    write(runtime, "3", "http://localhost:1003/", "three", age=30)
    assert [a.token for a in running_servers()] == ["two", "one", "three"]
    monkeypatch.setenv("JUPYTER_SERVER_URL", "http://127.0.0.1:1003/")
    assert [a.token for a in running_servers()] == ["three", "two", "one"]


def test_dead_broken_and_socket_only_servers_are_left_out(runtime: Path) -> None:
    write(runtime, "dead", "http://localhost:1001/", "one", pid=2**22 - 7)
    (runtime / "jpserver-half.json").write_text('{"url": "http')
    (runtime / "jpserver-list.json").write_text("[]")
    (runtime / "jpserver-sock.json").write_text(
        json.dumps({"url": "http+unix://x", "sock": "/tmp/x", "pid": os.getpid(), "token": ""})
    )
    assert running_servers() == []


def test_all_interfaces_means_this_machine(runtime: Path) -> None:
    write(runtime, "1", "http://0.0.0.0:1001/base/", "one")
    assert running_servers() == [Address("http://127.0.0.1:1001/base/", "one")]


def test_on_a_hub_the_servers_own_token_is_taken(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(runtime, "1", "http://127.0.0.1:1001/user/ada/", "")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of the hub")
    assert running_servers() == [Address("http://127.0.0.1:1001/user/ada/", "of the hub")]


def test_a_named_server_gets_its_own_token_and_no_other(runtime: Path) -> None:
    write(runtime, "1", "http://localhost:1001/", "one")
    assert find_address("http://127.0.0.1:1001") == Address("http://127.0.0.1:1001/", "one")
    assert find_address("http://127.0.0.1:1002") == Address("http://127.0.0.1:1002/", "")
    assert find_address("http://evil.example.org:1001") == Address("http://evil.example.org:1001/", "")
    assert find_address("http://127.0.0.1:1001", "mine").token == "mine"


def test_the_surroundings_can_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATAFLOW_ENVS_URL", "http://127.0.0.1:1005/lab?token=abc")
    assert find_address() == Address("http://127.0.0.1:1005/", "abc")


def test_none_at_all_says_what_to_do() -> None:
    with pytest.raises(ServerNotFound, match="jupyter lab"):
        find_address()
