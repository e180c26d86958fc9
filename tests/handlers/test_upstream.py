"""Where requests to a team's service go, and that it must be the one that its certificate says."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from pathlib import Path

import pytest
from tornado import web
from tornado.httpserver import HTTPServer

from jupyter_dataflow_envs.domain.errors import NotFound, Unavailable
from jupyter_dataflow_envs.handlers.upstream import Upstream
from tests.live import free_port

URL = "https://hub.example/services/environments/"
UPSTREAM = Upstream(URL, "secret")


def test_a_segment_stays_one() -> None:
    template = "/environments/{short_name}/versions/{number}"
    found = UPSTREAM.address(template, {"short_name": "ü ?#%2e", "number": "1"}, {})
    assert found == f"{URL}dataflow-envs/environments/%C3%BC%20%3F%23%252e/versions/1"


@pytest.mark.parametrize("segment", ["", ".", "..", "a/b", "/", "../..", "a\\b"])
def test_what_would_lead_elsewhere_is_not_there(segment: str) -> None:
    with pytest.raises(NotFound):
        UPSTREAM.address("/environments/{short_name}", {"short_name": segment}, {})


def test_the_query_goes_along_without_what_opens_this_server() -> None:
    query = {"q": [b"a&b=c\r\n", "ü".encode()], "empty": [b""], "token": [b"secret"], "_xsrf": [b"secret"]}
    assert UPSTREAM.address("/environments", {}, query).endswith("/environments?q=a%26b%3Dc%0D%0A&q=%C3%BC&empty=")


def test_places_at_the_service_are_places_here() -> None:
    for origin in ("", "https://hub.example"):
        location = f"{origin}/services/environments/dataflow-envs/environments/a"
        assert UPSTREAM.here(location, "/user/alice/") == "/user/alice/dataflow-envs/environments/a"
    signed = "https://store.example/bucket/image?signature=1"
    assert UPSTREAM.here(signed, "/user/alice/") == signed


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(UPSTREAM)


class Health(web.RequestHandler):
    def get(self) -> None:
        self.write(json.dumps({"status": "up"}))


def test_only_a_certificate_that_is_trusted_is_talked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *names],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    port = free_port()

    async def state() -> dict[str, object]:
        server = HTTPServer(web.Application([("/dataflow-envs/health", Health)]), ssl_options=context)
        server.listen(port, "127.0.0.1")
        upstream = Upstream(f"https://127.0.0.1:{port}/", "secret")
        try:
            return await upstream.state()
        finally:
            await upstream.close()
            server.stop()
            await server.close_all_connections()

    with pytest.raises(Unavailable, match="can't be reached"):
        asyncio.run(state())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert asyncio.run(state()) == {"status": "up"}
