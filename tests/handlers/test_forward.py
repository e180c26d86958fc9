"""Shared routes of a person's server: what reaches the team's service, what comes back, and what never gets there."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import websocket

from jupyter_dataflow_envs import EventStream
from jupyter_dataflow_envs.client.servers import Address
from tests.handlers.listening import listening
from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until
from tests.service.warm import warm
from tests.serving import BASE, LiveService, live_service, persons_server, token_of


@pytest.fixture(scope="module")
def minor(channel: Path) -> str:
    found = {p.name.split("-")[1].rpartition(".")[0] for p in channel.glob("*/python-3.*.conda")}
    return min(found, key=lambda m: int(m.split(".")[1]))


@pytest.fixture(scope="module")
def service(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(warm(tmp_path_factory.mktemp("service") / "root", channel), channel.as_uri()) as service:
        yield service
    assert "Traceback" not in service.log, service.log[-8000:]


@pytest.fixture(scope="module")
def own(service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Alice's."""
    with persons_server(service, "alice", tmp_path_factory.mktemp("alice")) as own:
        yield own
    assert "Traceback" not in own.log, own.log[-8000:]
    assert token_of("alice") not in own.log
    assert token_of("alice") not in service.log


@pytest.fixture(scope="module")
def alice(own: LiveServer) -> Rest:
    """Through her own server."""
    return Rest(own.url, own.token)


@pytest.fixture(scope="module")
def direct(service: LiveService) -> Rest:
    """Alice, asking the service itself."""
    return service.person("alice")


@pytest.fixture(scope="module")
def built(alice: Rest, minor: str) -> str:
    alice.make("built", full_name="Built", python_version=minor, conda_requirements=["tiny-000=1.3"])
    return "built"


def raw(own: LiveServer, line: str, *headers: str, wait: float = 10) -> bytes:
    """The first bytes that come back for this very line, sent to this server by its person."""
    known = (f"Host: 127.0.0.1:{own.port}", f"Authorization: token {own.token}")
    request = "\r\n".join([line, *(headers or known), "", ""]).encode()
    with socket.create_connection(("127.0.0.1", own.port), timeout=wait) as connection:
        connection.sendall(request)
        try:
            return connection.recv(65536)
        except ConnectionResetError:
            return b""


def test_a_person_is_who_their_servers_token_says(alice: Rest, service: LiveService) -> None:
    assert alice.get("/me").ok()["name"] == "alice"
    health = alice.get("/health").ok()
    assert (health["status"], health["service"], health["message"]) == ("up", "up", None)


def test_answers_are_the_services_own(alice: Rest, direct: Rest, built: str) -> None:
    made = alice.post("/environments", {"short_name": "two", "full_name": "Second", "python_version": "3.11"})
    assert made.ok(201)["owner"] == "alice"
    assert made.headers["location"] == "/dataflow-envs/environments/two"
    for path in (
        "/environments/two",
        "/environments/built/versions",
        "/policy",
        "/openapi.json",
        "/environments?q=b",
    ):
        through, itself = alice.get(path), direct.get(path)
        assert through.body == itself.body
        assert through.headers["content-type"] == itself.headers["content-type"]
        assert through.headers.get("etag") == itself.headers.get("etag")
    refused = alice.post("/environments", {"short_name": "No!", "full_name": "", "python_version": "3.11"})
    assert (
        refused.refused(422, "invalid")["errors"]
        == direct.post("/environments", {"short_name": "No!", "full_name": "", "python_version": "3.11"}).refused(422)[
            "errors"
        ]
    )
    alice.get("/environments/absent").refused(404, "not_found")
    alice.delete("/environments/two").ok(204)


def test_an_etag_protects_what_somebody_else_has_changed(alice: Rest) -> None:
    alice.create("edit")
    etag = alice.get("/environments/edit").headers["etag"]
    changed = alice.patch("/environments/edit", {"description": "first"}, headers={"If-Match": etag})
    assert changed.headers["etag"] not in ("", etag)
    alice.patch("/environments/edit", {"description": "late"}, headers={"If-Match": etag}).refused(412, "stale")
    assert alice.show("edit")["description"] == "first"


def test_a_large_answer_stays_packed(alice: Rest, direct: Rest) -> None:
    through = alice.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert through.headers["content-encoding"] == "gzip"
    assert through.json == direct.get("/openapi.json").json


def test_exports_and_logs_come_with_their_headers(alice: Rest, direct: Rest, built: str) -> None:
    for path in (f"/environments/{built}/versions/1/export/environment.yml", f"/environments/{built}/versions/1/log"):
        through, itself = alice.get(path), direct.get(path)
        assert through.body == itself.body
        kept = ("content-type", "content-disposition", "x-next-offset", "x-log-complete", "cache-control")
        assert {k: through.headers.get(k) for k in kept} == {k: itself.headers.get(k) for k in kept}


def test_a_log_streams_byte_for_byte_while_it_is_written(alice: Rest, direct: Rest, minor: str) -> None:
    alice.create("strm", python_version=minor, conda_requirements=["tiny-000=1.3"])
    alice.post("/environments/strm/build", {}).ok(202)
    text, offset = "", 0
    with alice.stream("/environments/strm/versions/1/log/stream") as stream:
        while True:
            opcode, data = stream.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                assert int.from_bytes(data[:2], "big") == 1000
                break
            frame = json.loads(data)
            if "complete" in frame:
                assert frame == {"complete": True, "outcome": "succeeded"}
                continue
            assert frame["offset"] == offset
            text += frame["text"]
            offset += len(frame["text"].encode())
    assert text == direct.get("/environments/strm/versions/1/log").text


def test_a_refused_handshake_is_the_services_refusal(alice: Rest) -> None:
    with (
        pytest.raises(websocket.WebSocketBadStatusException) as refused,
        alice.stream("/environments/absent/versions/1/log/stream"),
    ):
        pass
    assert refused.value.status_code == 404
    assert json.loads(refused.value.resp_body)["code"] == "not_found"


def test_a_socket_without_login_is_refused_here(own: LiveServer) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, Rest(own.url, None).stream("/events"):
        pass
    assert refused.value.status_code == 403


def test_events_come_once_each_through_a_service_that_is_killed(
    alice: Rest, own: LiveServer, service: LiveService, built: str
) -> None:
    with listening(alice) as listener:
        seq = listener.next()["seq"]
        alice.create("heard")
        listener.until(lambda f: f["type"] == "event" and f["short_name"] == "heard")
    stream = EventStream(Address(own.url, own.token), since=seq, patience=60)
    frames = iter(stream)
    kinds = [next(frames)]
    service.kill()
    refusal = alice.get("/environments").refused(503, "unavailable")
    assert "Local environments" in refusal["message"]
    assert alice.get("/environments").headers["retry-after"]
    assert alice.get("/local").ok()["items"] == alice.get("/local").ok()["items"]
    health = alice.get("/health").ok()
    assert (health["status"], health["service"]) == ("up", "away")
    assert "can't be reached" in health["message"]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, alice.stream("/events"):
        pass
    assert refused.value.status_code == 503
    alice.post(f"/environments/{built}/activate", {}).refused(503, "unavailable")
    service.start()
    assert alice.patch("/environments/heard", {"description": "after"}).ok()["description"] == "after"
    kinds.append(next(frames))
    stream.close()
    assert [(f["kind"], f["short_name"]) for f in kinds] == [
        ("environment.created", "heard"),
        ("environment.edited", "heard"),
    ]


TRICKS = [
    "/environments/..",
    "/environments/.",
    "/environments/%2e%2e",
    "/environments/%2E%2E/versions",
    "/environments/..%2f..%2fmetrics",
    "/environments/built%2fversions",
    "/environments/a%5cb",
    "/environments//versions",
    "/environments/../../../metrics",
    "/environments/built/../../me",
    "/../metrics",
    "//metrics",
    "/ready",
    "/packages/conda/",
    "/packages/../conda",
]


@pytest.mark.parametrize("path", TRICKS)
def test_a_path_leads_nowhere_else(own: LiveServer, path: str) -> None:
    answer = raw(own, f"GET /dataflow-envs{path} HTTP/1.1")
    assert answer.startswith(b"HTTP/1.1 404"), answer


def test_what_looks_like_a_trick_is_a_name_like_any_other(alice: Rest, direct: Rest) -> None:
    for name in ("%252e%252e", "a%0d%0aX-Injected:%201", "a%00b", "%3Fq=1", "%23x", "a%25", "%C3%BC", "a;b", "a:b@c"):
        through, itself = alice.get(f"/environments/{name}"), direct.get(f"/environments/{name}")
        assert (through.status, through.body) == (itself.status, itself.body)
        assert "x-injected" not in through.headers


@pytest.mark.parametrize(
    "line",
    [
        "GET http://127.0.0.1:{port}{base}dataflow-envs/me HTTP/1.1",
        "GET //127.0.0.1:{port}/dataflow-envs/me HTTP/1.1",
        "GET /dataflow-envs/me\rX: y HTTP/1.1",
        "TRACE /dataflow-envs/me HTTP/1.1",
    ],
)
def test_a_request_for_another_server_is_no_request(own: LiveServer, service: LiveService, line: str) -> None:
    answer = raw(own, line.format(port=service.port, base=BASE))
    assert b'"alice"' not in answer
    assert not answer or int(answer.split(b" ", 2)[1]) >= 400


def test_huge_headers_are_refused_here(own: LiveServer) -> None:
    answer = raw(own, "GET /dataflow-envs/me HTTP/1.1", f"X-Large: {'a' * 200_000}")
    assert not answer or int(answer.split(b" ", 2)[1]) >= 400


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-User": "boss"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Real-IP": "10.0.0.1"},
        {"Cookie": "token-of-boss=1; jupyterhub-services=x"},
        {"X-Authorization": "token token-of-boss"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Connection": "close, Authorization"},
    ],
)
def test_a_forged_header_changes_nothing(alice: Rest, header: dict[str, str]) -> None:
    assert alice.get("/me", headers=header).ok()["name"] == "alice"


def test_a_forged_host_is_refused_here(own: LiveServer) -> None:
    answer = raw(own, "GET /dataflow-envs/me HTTP/1.1", "Host: evil.example", f"Authorization: token {own.token}")
    assert answer.startswith(b"HTTP/1.1 403")


def test_another_persons_token_opens_nothing_here(own: LiveServer) -> None:
    """It would open the service: this server knows its own alone."""
    Rest(own.url, token_of("boss")).get("/me").refused(403, "not_logged_in")
    through = Rest(own.url, own.token).get(f"/me?token={token_of('boss')}")
    assert through.status in (200, 403)
    assert b"boss" not in through.body


def test_the_browsers_token_does_not_leave_this_server(own: LiveServer, service: LiveService) -> None:
    line = f"GET /dataflow-envs/me?token={own.token} HTTP/1.1"
    assert raw(own, line, f"Host: 127.0.0.1:{own.port}").startswith(b"HTTP/1.1 200")
    assert own.token not in service.log


def test_a_body_that_is_too_large_is_refused_here(alice: Rest) -> None:
    alice.post("/environments", body=b'{"description": "' + b"x" * (1024 * 1024 + 10) + b'"}').refused(413, "too_large")
    large = b"a" * (1024 * 1024 + 10)
    answer = alice.post("/import", body=large, headers={"Content-Type": "application/octet-stream"})
    assert answer.status != 413  # files may be larger


def sockets_to(service: LiveService, own: LiveServer) -> int:
    """Connections that the person's server has to the service."""
    found = psutil.Process(own.process.pid).net_connections("tcp")
    return len([c for c in found if c.raddr and c.raddr.port == service.port and c.status == "ESTABLISHED"])


def test_fifty_log_streams_at_once_leave_nothing_behind(
    alice: Rest, direct: Rest, own: LiveServer, service: LiveService, built: str
) -> None:
    before = sockets_to(service, own)
    text = direct.get(f"/environments/{built}/versions/1/log").text

    def read(number: int) -> str:
        with alice.stream(f"/environments/{built}/versions/1/log/stream") as stream:
            if number % 5 == 0:
                return text  # who leaves in the midst of it
            found = ""
            while "complete" not in (frame := json.loads(stream.recv())):
                found += frame["text"]
            return found

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(read, range(50))) == {text}
    wait_until(lambda: sockets_to(service, own) <= before + 2, "the connections to end", 15)


def test_listeners_that_leave_are_not_listened_for(alice: Rest, own: LiveServer, service: LiveService) -> None:
    before = sockets_to(service, own)
    for _ in range(10):
        with listening(alice):
            pass
    wait_until(lambda: sockets_to(service, own) <= before + 2, "the connections to end", 15)


def test_who_reads_slowly_holds_up_nobody(alice: Rest, own: LiveServer, service: LiveService, built: str) -> None:
    idle = []
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", own.port))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = f"Host: 127.0.0.1\r\nAuthorization: token {own.token}"
        connection.sendall(f"GET /dataflow-envs/openapi.json HTTP/1.1\r\n{head}\r\n\r\n".encode())
        idle.append(connection)
    began = time.monotonic()
    assert alice.get("/environments").ok()["items"]
    assert time.monotonic() - began < 5
    for connection in idle:
        connection.close()


def test_a_service_that_hangs_is_given_up(own: LiveServer, service: LiveService, alice: Rest) -> None:
    """Stopped, it accepts connections and answers none."""
    process = psutil.Process(service.process.pid)
    process.suspend()
    try:
        began = time.monotonic()
        health = alice.get("/health").ok()
        assert health["service"] == "away"
        assert time.monotonic() - began < 15
        assert alice.get("/local").ok()["items"] is not None
    finally:
        process.resume()
    assert alice.get("/me").ok()["name"] == "alice"


def test_a_token_that_the_service_does_not_know_is_this_servers_trouble(service: LiveService, tmp_path: Path) -> None:
    with persons_server(service, "alice", tmp_path, env={"DATAFLOW_ENVS_SERVICE_TOKEN": "wrong"}) as own:
        person = Rest(own.url, own.token)
        assert "access:services" in person.get("/environments").refused(503, "unavailable")["message"]
        person.post("/environments/any/activate", {}).refused(503, "unavailable")
        with pytest.raises(websocket.WebSocketBadStatusException) as refused, person.stream("/events"):
            pass
        assert refused.value.status_code == 503
        assert person.get("/local").status == 200
        assert "wrong" not in own.log.replace("wrongly", "")
