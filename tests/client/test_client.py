"""The client against a real server: a person's way from the first draft of an environment to its deletion."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.client import (
    Conflict,
    InvalidSpec,
    NotFound,
    NotSignedIn,
    ServerNotFound,
    ServerUnreachable,
    ShortNameTaken,
    Stale,
)
from tests.channel.server import Server
from tests.live import LiveServer, free_port, wait_until
from tests.live_fixtures import clear_away

NUMBERS = itertools.count(1)


@pytest.fixture
def short_name(client: Client) -> Iterator[str]:
    """A name for this test alone; what the test leaves under it goes."""
    name = f"t{next(NUMBERS)}"
    yield name
    clear_away(client, name)


def test_from_the_first_draft_to_the_end(client: Client, short_name: str, python: str) -> None:
    saved = client.create(
        short_name,
        full_name="Life",
        python_version=python,
        conda_requirements=["tiny-000=1.3"],
        description="one [bold]note[/bold]",
    )
    assert (saved["status"], saved["latest_version"]) == ("Saved", None)
    assert client.environment(short_name) == saved
    assert not client.short_name(short_name)["available"]
    assert "a letter a to z" in str(client.short_name("1st")["message"])
    assert [e["short_name"] for e in client.environments(short_name)] == [short_name]

    preview = client.preview(short_name)
    assert client.preview_new(python_version=python, conda_requirements=["tiny-000=1.3"])["digest"] == preview["digest"]
    assert client.kernels() == []
    assert {"python", "ipykernel", "tiny-000"} <= {p["name"] for p in preview["packages"]}

    version = client.build(short_name)
    assert version["number"] == 1
    with pytest.raises(Conflict):
        client.build(short_name)
    stream = client.follow_log(short_name)
    text = "".join(stream)
    assert stream.outcome == "succeeded"

    ended = client.wait(short_name, 10)
    assert (ended["outcome"], ended["number"]) == ("succeeded", 1)
    assert {"tiny-000": "1.3"}.items() <= {p["name"]: p["version"] for p in ended["packages"]}.items()
    assert client.environment(short_name)["status"] == "Draft"
    assert client.version(short_name) == ended
    assert [v["number"] for v in client.versions(short_name)] == [1]

    log = client.log(short_name)
    assert (log.text, log.next_offset, log.complete) == (text, len(text.encode()), True)
    assert client.log(short_name, 1, attempt=1, offset=log.next_offset - 5).text == text[-5:]
    assert stream.offset == log.next_offset

    assert "tiny-000" in client.export(short_name, "conda-lock.yml")
    assert client.export(short_name, "explicit.txt", 1).count("\n") > 5

    assert client.activate(short_name) == {"kernel_name": f"dataflow-{short_name}"}
    assert client.environment(short_name)["active"]
    client.deactivate(short_name)
    assert not client.environment(short_name)["active"]

    client.delete(short_name)
    with pytest.raises(NotFound):
        client.environment(short_name)


def test_a_failed_build_gives_its_reason(client: Client, short_name: str, python: str) -> None:
    client.create(short_name, full_name="x", python_version=python, conda_requirements=["conflict-a", "conflict-b"])
    client.build(short_name)
    ended = client.wait(short_name, 60)
    assert ended["outcome"] == "failed"
    assert ended["reason"]
    with pytest.raises(Conflict):
        client.activate(short_name)


def test_refusals_say_field_and_line(client: Client, short_name: str, python: str) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        client.create(short_name, full_name="x", python_version=python, conda_requirements=["pandas", "num py!!"])
    fault = refusal.value.errors[0]
    assert (fault.field, fault.line, fault.text) == ("conda_requirements", 2, "num py!!")


def test_a_taken_name(client: Client, short_name: str, python: str) -> None:
    client.create(short_name, full_name="x", python_version=python)
    with pytest.raises(ShortNameTaken, match=short_name):
        client.create(short_name.upper(), full_name="y", python_version=python)


def test_a_change_by_someone_else_is_noticed(client: Client, short_name: str, python: str) -> None:
    seen = client.create(short_name, full_name="x", python_version=python)
    client.edit(short_name, full_name="y", pip_requirements=["rich"])
    with pytest.raises(Stale):
        client.edit(short_name, etag=seen["etag"], full_name="z")
    after = client.environment(short_name)
    assert (after["full_name"], after["pip_requirements"]) == ("y", ["rich"])


def test_all_pages_of_a_long_list(client: Client, python: str) -> None:
    names = [f"p{n:03d}" for n in range(130)]
    for name in names:
        client.create(name, full_name="Paged", python_version=python)
    try:
        found = [e["short_name"] for e in client.environments(mine=True, sort="short_name")]
        assert [n for n in found if re.fullmatch(r"p\d{3}", n)] == names
        assert len(set(found)) == len(found)
        assert not list(client.environments("nothing is called so"))
        assert {e["status"] for e in client.environments(status="Saved")} == {"Saved"}
    finally:
        for name in names:
            client.delete(name)


@pytest.mark.parametrize("name", ["no", "../me", "..", "a/b", "a?b=c", "%2e%2e", "Ω", "\ud800", ""])
def test_odd_names_are_not_found_and_lead_nowhere_else(client: Client, name: str) -> None:
    with pytest.raises((NotFound, ServerNotFound, InvalidSpec)):
        client.environment(name)


def test_a_cancelled_build(client: Client, channel_server: Server, short_name: str, python: str) -> None:
    channel_server.throttle("noarch/big-data-*", 100_000)
    try:
        client.create(short_name, full_name="x", python_version=python, conda_requirements=["big-data"])
        client.build(short_name)
        wait_until(lambda: client.environment(short_name)["phase"] == "downloading", "the download")
        client.cancel(short_name)
        ended = client.wait(short_name, 10)
    finally:
        channel_server.heal()
    assert ended["outcome"] == "failed"
    assert "cancelled" in str(ended["reason"])


def test_a_wait_that_is_too_short(client: Client, channel_server: Server, short_name: str, python: str) -> None:
    channel_server.hang("noarch/big-data-*")
    try:
        client.create(short_name, full_name="x", python_version=python, conda_requirements=["big-data"])
        client.build(short_name, from_scratch=True)
        with pytest.raises(TimeoutError, match=short_name):
            client.wait(short_name, 0.3)
        client.cancel(short_name)
    finally:
        channel_server.heal()


def test_the_log_survives_a_killed_server(
    live: LiveServer, client: Client, channel_server: Server, short_name: str, python: str
) -> None:
    channel_server.throttle("noarch/big-data-*", 200_000)
    try:
        client.create(short_name, full_name="x", python_version=python, conda_requirements=["big-data"])
        client.build(short_name, from_scratch=True)
        stream = client.follow_log(short_name, patience=60)
        seen = []
        for text in stream:
            seen.append(text)
            if live.process.poll() is None and len(seen) == 1:
                wait_until(lambda: client.environment(short_name)["phase"] == "downloading", "the download")
                live.kill()
                channel_server.heal()
                live.start()
    finally:
        channel_server.heal()
    log = client.log(short_name, 1, attempt=1)
    assert "".join(seen) == log.text
    assert log.complete


def test_without_a_token(live: LiveServer) -> None:
    with Client(live.url, "wrong") as client:
        assert client.health()["status"] == "up"
        with pytest.raises(NotSignedIn, match="token"):
            client.me()
        with pytest.raises(NotSignedIn, match="token"):
            list(client.environments())


def test_the_server_here_is_found(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTER_SERVER_URL", raising=False)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(live.runtime_dir))
    with Client() as client:
        assert client.me()["name"]
    with Client(live.url) as client:
        assert client.me()["name"]


def test_a_server_that_is_not_there() -> None:
    with Client(f"http://127.0.0.1:{free_port()}/", "x") as client, pytest.raises(ServerUnreachable, match="runs"):
        client.me()


def test_names_and_versions_of_packages(client: Client) -> None:
    assert {f"tiny-{n:03d}" for n in range(20)} <= set(client.package_names("tiny"))
    assert client.package_versions("tiny-000")["versions"][:2] == ["1.9", "1.8"]


def test_policy_and_doctor(client: Client) -> None:
    policy = client.policy()
    assert client.set_policy({**policy, "max_environments": 500})["max_environments"] == 500
    assert client.set_policy(policy) == {**policy, "violating": []}
    checks = client.doctor()["checks"]
    assert checks
    assert [c for c in checks if not c["ok"]] == []


def test_the_interface_describes_itself(client: Client) -> None:
    assert client.openapi()["openapi"].startswith("3.")
