"""Who may see and do what: three people, and nobody."""

from __future__ import annotations

import getpass
import json
import os
import pwd
import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websocket

from tests.handlers.rest import Rest
from tests.live import LiveServer, live_server

Name = Callable[[], str]

ROUTES = [
    ("GET", "/me"),
    ("GET", "/policy"),
    ("PUT", "/policy"),
    ("GET", "/policy/violating"),
    ("GET", "/audit"),
    ("GET", "/events"),
    ("POST", "/import"),
    ("GET", "/compare?left=built@1&right=built@1"),
    ("GET", "/reviews"),
    ("GET", "/reviews/00000000000000000000000000000000"),
    ("POST", "/reviews/00000000000000000000000000000000/approve"),
    ("POST", "/reviews/00000000000000000000000000000000/reject"),
    ("GET", "/doctor"),
    ("GET", "/openapi.json"),
    ("GET", "/packages"),
    ("GET", "/packages/conda/python"),
    ("GET", "/environments"),
    ("POST", "/environments"),
    ("GET", "/environments/built"),
    ("PATCH", "/environments/built"),
    ("DELETE", "/environments/built"),
    ("POST", "/environments/built/preview"),
    ("POST", "/environments/built/build"),
    ("POST", "/environments/built/cancel"),
    ("POST", "/environments/built/revert"),
    ("POST", "/environments/built/submit"),
    ("POST", "/environments/built/withdraw"),
    ("POST", "/environments/built/deprecate"),
    ("POST", "/environments/built/undeprecate"),
    ("POST", "/environments/built/unpublish"),
    ("POST", "/environments/built/transfer"),
    ("GET", "/environments/built/launcher"),
    ("GET", "/environments/built/usage"),
    ("POST", "/environments/built/activate"),
    ("GET", "/environments/built/arrival"),
    ("POST", "/environments/built/deactivate"),
    ("GET", "/environments/built/versions"),
    ("GET", "/environments/built/versions/1"),
    ("GET", "/environments/built/versions/1/newer"),
    ("GET", "/environments/built/versions/1/log"),
    ("GET", "/environments/built/versions/1/image"),
    ("GET", "/environments/built/versions/1/log/stream"),
    ("GET", "/environments/built/versions/1/export/conda-lock.yml"),
    ("GET", "/no-such-route"),
]
OF_ONE = [(method, path) for method, path in ROUTES if "/built" in path and not path.endswith("stream")]
BODIES = {"/environments/built/revert": {"version": 1}, "/environments/built/transfer": {"owner": "carol"}}
"""Where an empty one would be refused for itself."""


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_login_everything_is_refused(nobody: Rest, built: str, method: str, path: str) -> None:
    refusal = nobody.request(method, path).refused(403, "not_logged_in")
    assert "built" not in json.dumps(refusal)


@pytest.mark.parametrize("token", ["", "wrong", "token-of-alice ", "TOKEN-OF-ALICE"])
def test_a_wrong_token_is_no_login(server: LiveServer, token: str) -> None:
    answer = Rest(server.url, None).get("/me", headers={"Authorization": f"token {token}x"})
    answer.refused(403, "not_logged_in")


def test_health_is_told_to_everybody(nobody: Rest) -> None:
    health = nobody.get("/health").ok()
    assert (health["status"], health["coordinator_alive"], health["message"]) == ("up", True, None)


def test_who_am_i(alice: Rest, boss: Rest, carol: Rest, grace: Rest) -> None:
    said = [(p.get("/me").ok()["name"], p.get("/me").ok()["is_admin"]) for p in (alice, boss, carol, grace)]
    assert said == [("alice", False), ("boss", True), ("carol", False), ("grace", True)]


@pytest.mark.parametrize(("method", "path"), OF_ONE)
def test_what_one_may_not_see_does_not_exist(carol: Rest, built: str, method: str, path: str) -> None:
    """To the letter: the answer for another's environment and for none differ in the name alone."""
    body = BODIES.get(path, {}) if method != "GET" else None
    hidden = carol.request(method, path, body)
    absent = carol.request(method, path.replace("built", "nope"), body)
    hidden.refused(404, "not_found")
    assert hidden.text.replace("built", "nope") == absent.text


def test_an_administrator_sees_and_manages_all(boss: Rest, alice: Rest, fresh_name: Name, minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor)
    assert boss.patch(f"/environments/{name}", {"full_name": "By the boss"}).ok()["owner"] == "alice"
    # A private draft is not an administrator's to use.
    assert boss.post(f"/environments/{name}/activate").refused(409)["message"] == "It is not published."
    boss.delete(f"/environments/{name}").ok(204)
    alice.get(f"/environments/{name}").refused(404)


def test_what_is_for_administrators_is_refused_to_others(alice: Rest, rows: Callable[[], object]) -> None:
    counted = rows()
    assert "Only an administrator" in alice.put("/policy", {}).refused(403, "not_allowed")["message"]
    for path in ("/doctor", "/policy/violating"):
        assert "Only an administrator" in alice.get(path).refused(403, "not_allowed")["message"]
    assert rows() == counted


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_route_is_refused_in_the_same_shape(alice: Rest, method: str) -> None:
    for path in ("/nope", "/environments/built/nope", "/", "/environments/built/versions/1/log/stream/more"):
        alice.request(method, path).refused(404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/me"), ("DELETE", "/environments"), ("GET", "/environments/built/build"), ("POST", "/policy")],
)
def test_an_unknown_verb_is_refused_in_the_same_shape(alice: Rest, built: str, method: str, path: str) -> None:
    alice.request(method, path).refused(405, "method_not_allowed")


# With Jupyter's own login of one token.


@pytest.fixture(scope="module")
def default(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server as it comes, in surroundings that claim another account's name."""
    root = tmp_path_factory.mktemp("default") / "root"
    with live_server(root, channel.as_uri(), env={"LOGNAME": "somebody", "USER": "somebody"}) as server:
        yield server


@pytest.fixture(scope="module")
def owner(default: LiveServer) -> Rest:
    """Who has the token."""
    return Rest(default.url, default.token)


def test_with_the_default_login_one_is_the_account_and_its_administrator(owner: Rest) -> None:
    me = owner.get("/me").ok()
    assert me["name"] == pwd.getpwuid(os.geteuid()).pw_name
    assert me["is_admin"], f"the deployment was created by {getpass.getuser()}"
    assert owner.create("mine")["owner"] == me["name"]
    assert owner.put("/policy", {"max_environments": None}).ok()["max_environments"] is None


def test_the_token_in_the_query_is_a_login_too(default: LiveServer, owner: Rest) -> None:
    anonymous = Rest(default.url, None)
    assert anonymous.get(f"/me?token={default.token}").ok()["is_admin"]
    anonymous.get("/me?token=wrong").refused(403)


def _cookies(server: LiveServer) -> dict[str, str]:
    """Those of a browser that has opened the address with the token."""
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
    found: dict[str, str] = {}
    for path in (f"/?token={server.token}", "/login", "/tree"):
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in found.items())} if found else {}
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        answer.read()
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            if value.strip('"'):
                found[name] = value
    connection.close()
    return found


def test_a_cookie_alone_changes_nothing(default: LiveServer) -> None:
    cookies = _cookies(default)
    xsrf = cookies.pop("_xsrf", None)
    assert any(re.match(r"username-127-0-0-1", name) for name in cookies), cookies
    browser = Rest(default.url, None, {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
    body: dict[str, Any] = {"short_name": "xsrf", "full_name": "x", "python_version": "3.11"}
    same_site = {"Sec-Fetch-Site": "same-origin", "Origin": default.url.rstrip("/")}
    assert browser.get("/me", headers=same_site).ok()["is_admin"]
    browser.post("/environments", body).refused(403, "not_allowed")
    assert browser.post("/environments", body, headers={"Origin": "http://evil.example"}).status in (403, 404)
    browser.delete("/environments/mine").refused(403, "not_allowed")
    if xsrf is None:
        pytest.skip("this server hands out the XSRF cookie with its pages only")
    with_token = {**browser.headers, "Cookie": f"{browser.headers['Cookie']}; _xsrf={xsrf}", "X-XSRFToken": xsrf}
    browser.post("/environments", body, headers={**with_token, "X-XSRFToken": "forged"}).refused(403)
    assert browser.post("/environments", body, headers=with_token).ok(201)["short_name"] == "xsrf"
    browser.delete("/environments/xsrf", headers=with_token).ok(204)


def test_a_web_socket_without_a_login_or_from_elsewhere_is_refused(default: LiveServer) -> None:
    path = "/environments/mine/versions/1/log/stream"
    cookies = "; ".join(f"{k}={v}" for k, v in _cookies(default).items())
    anonymous = Rest(default.url, None)
    for headers in ({}, {"Cookie": cookies, "Origin": "http://evil.example"}):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused, anonymous.stream(path, **headers):
            pass
        assert refused.value.status_code in (403, 404)
        assert b"Traceback" not in (refused.value.resp_body or b"")


def test_nothing_that_went_wrong_was_a_defect(default: LiveServer) -> None:
    assert "Traceback" not in default.log
