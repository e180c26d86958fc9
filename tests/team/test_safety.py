"""What alice's notebooks could try, with all that her server has: nothing of it reaches further than alice."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.handlers.rest import Rest
from tests.live_fixtures import python

from .remote_kernel import RemoteKernel, remote_kernel
from .site import NAME, Site

__all__ = ["python"]


@pytest.fixture(scope="module")
def draft(site: Site, bobs: Rest, python: str) -> str:
    """Bob's, built and never published."""
    bobs.make("bobs", full_name="Bob's secret", python_version=python)
    return "bobs"


@pytest.fixture(scope="module")
def review(site: Site, bobs: Rest, python: str) -> dict[str, str]:
    """What bob has submitted, and nobody has decided about."""
    bobs.make("wait", python_version=python)
    return bobs.submit("wait")


@pytest.fixture(scope="module")
def alices_kernel(alices: Rest) -> Iterator[RemoteKernel]:
    """An ordinary kernel of alice's server: what she runs there can do all that her server can."""
    with remote_kernel(alices, "python3") as remote:
        yield remote


FORGED = [
    {},
    {"X-Forwarded-User": "boss", "Remote-User": "boss", "X-Forwarded-For": "127.0.0.1"},
    {"X-JupyterHub-User": "boss", "X-Forwarded-Host": "localhost", "Forwarded": "for=127.0.0.1"},
    {"Cookie": "jupyterhub-session-id=boss; service-environments=boss"},
]


@pytest.mark.parametrize("headers", FORGED)
@pytest.mark.parametrize("through", ["server", "service"])
def test_nobody_else_approves(
    site: Site, alices: Rest, review: dict[str, str], headers: dict[str, str], through: str
) -> None:
    asked = alices if through == "server" else site.service("alice")
    body = {"digest": review["digest"], "comment": ""}
    # Bob's review is none of hers to see.
    asked.post(f"/reviews/{review['id']}/approve", body, headers=headers).refused(404)


def test_the_administrators_server_does_not_approve(site: Site, bosses: Rest, review: dict[str, str]) -> None:
    """A notebook that boss opens may be anybody's."""
    assert bosses.get("/me").ok()["is_admin"]
    for asked in (bosses, site.service("boss")):
        refused = asked.decide(review, "approve").refused(403, "not_allowed")
        assert "the environment service's own page" in refused["message"]
        asked.put("/policy", {"max_environments": 0}).refused(403, "not_allowed")
        asked.delete("/environments/wait?force=true").refused(403)
    assert bosses.show("wait")["status"] == "Pending Approval"


def test_the_token_of_the_administrators_server_has_no_more(site: Site, bosses: Rest) -> None:
    """What boss's kernel finds in its environment is asked, not a token made for the test."""
    with remote_kernel(bosses, "python3") as remote:
        token = remote.run("import os; print(os.environ.get('JUPYTERHUB_API_TOKEN', ''))")
    assert token
    me = Rest(site.service_url, token).get("/me").ok()
    assert me["is_admin"]
    Rest(site.service_url, token).put("/policy", {}).refused(403, "not_allowed")
    answer = site.hub.api("POST", f"users/{site.name('boss')}/tokens", {"scopes": ["inherit"]}, token=token)
    assert answer.status_code in (403, 404), "a server's token must not make others"


@pytest.mark.parametrize(
    "path",
    [
        "/environments/{draft}",
        "/environments/{draft}/versions",
        "/environments/{draft}/versions/1",
        "/environments/{draft}/versions/1/log",
        "/environments/{draft}/versions/1/export/conda-lock.yml",
        "/environments/{draft}/usage",
        "/environments/{draft}/grant",
        "/environments/{draft}/installation",
        "/environments/%2e%2e/environments/{draft}",
        "/environments/x%2f..%2f{draft}",
        "//environments/{draft}",
    ],
)
def test_bobs_draft_is_nobodys(site: Site, alices: Rest, draft: str, path: str) -> None:
    for asked in (alices, site.service("alice")):
        asked.get(path.format(draft=draft)).refused(404)


def test_bobs_draft_is_in_no_list(site: Site, alices: Rest, draft: str) -> None:
    assert draft not in [e["short_name"] for e in alices.get("/environments?limit=1000").ok()["items"]]
    assert draft not in json.dumps(alices.get("/audit?limit=1000").ok())


def test_another_persons_token_is_not_forwarded(site: Site, alices: Rest, bobs: Rest, draft: str) -> None:
    """Her server speaks with its own token, whatever it is asked with, and his does not let her in."""
    stranger = Rest(bobs.url, alices.token)
    stranger.get("/environments").refused(403)
    stranger.get(f"/environments/{draft}").refused(403)
    forged = {"Authorization": f"token {bobs.token}"}
    assert alices.get(f"/environments/{draft}", headers=forged).status in (403, 404)


def test_cookies_are_nothing_to_the_service(site: Site) -> None:
    """Not even those of who is logged in to the hub, replayed."""
    with closing(site.hub.browser(site.name("boss"))) as browser:
        browser.get(f"services/{NAME}/")
        cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
    assert cookies
    asked = Rest(site.service_url, None, {"Cookie": cookies})
    asked.get("/me").refused(403, "not_logged_in")
    through = Rest(f"{site.hub.url}services/{NAME}/", None, {"Cookie": cookies})
    through.get("/me").refused(403, "not_logged_in")
    through.put("/policy", {}).refused(403, "not_logged_in")


def test_events_are_only_heard(site: Site, alices: Rest, bobs: Rest, draft: str) -> None:
    """Alice hears nothing of bob's, and what she says on the socket is said to nobody."""
    forged = {"type": "event", "seq": 10**9, "kind": "review.approved", "short_name": "wait", "actor": "boss"}
    with alices.stream("/events") as hers, bobs.stream("/events") as his:
        hers.send(json.dumps(forged))
        bobs.patch(f"/environments/{draft}", {"description": "Still secret"}).ok()
        alices.create("mine")
        heard = _until(hers, "mine")
        bobs.patch(f"/environments/{draft}", {"description": "Still a secret"}).ok()
        his_own = _until(his, draft)
    assert all(draft not in text for text in heard)
    assert all(str(10**9) not in text for text in (*heard, *his_own))


def _until(heard: object, name: str) -> list[str]:
    texts: list[str] = []
    while not texts or name not in texts[-1]:
        texts.append(heard.recv())  # type: ignore[attr-defined]
    return texts


def test_leases_and_activations_are_ones_own(site: Site, alices: Rest, bobs: Rest, draft: str) -> None:
    """Alice can't speak for bob's server by its name."""
    bobs.post(f"/environments/{draft}/activate", {}).ok()
    name = f"/user/{site.name('bob')}/"
    hers = site.service("alice")
    assert hers.get(f"/grants?server={name}").ok()["items"] == []
    hers.delete(f"/environments/{draft}/grant?server={name}").refused(404)
    hers.put(f"/environments/{draft}/grant", {"server": name}).refused(404)
    assert bobs.get(f"/environments/{draft}/usage").ok()["active_people"] == 1


DATABASE = """
import socket, sys, psycopg
try:
    psycopg.connect({url!r}, connect_timeout=5)
except psycopg.OperationalError as error:
    print("refused:", str(error).splitlines()[0])
else:
    print("connected")
"""


def test_the_database_is_out_of_reach(site: Site, alices_kernel: RemoteKernel) -> None:
    """No password is to be found: not in the environment, on a command line, in a file, in a process of the service."""
    environment = alices_kernel.run("import os; print(dict(os.environ))")
    assert site.postgresql.password not in environment
    assert "DATABASE" not in environment
    lines = alices_kernel.run(
        "import glob\n"
        "for f in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: print(open(f, 'rb').read().replace(b'\\0', b' ').decode('utf-8', 'replace'))\n"
        "    except OSError: pass"
    )
    assert "jupyter_dataflow_envs.serve" in lines
    assert site.postgresql.password not in lines
    service = site.service_process().pid
    for file in (f"/proc/{service}/environ", f"/proc/{service}/fd", str(site.hub.config_path)):
        tried = alices_kernel.run(
            f"import os\ntry: print(os.listdir({file!r}) if os.path.isdir({file!r}) else open({file!r}).read())\n"
            "except OSError as error: print(type(error).__name__)"
        )
        assert tried == "PermissionError", (file, tried)
    guessed = site.database_url.replace(site.postgresql.password, "guess")
    for url in (guessed, guessed.replace(":guess", "")):
        assert alices_kernel.run(DATABASE.format(url=url)).startswith("refused:")


def test_the_services_files_are_out_of_reach(site: Site, alices: Rest, alices_kernel: RemoteKernel, draft: str) -> None:
    root = site.root
    for folder in (root, root / "prefixes", root / "logs", root / "cache", root / "removed"):
        listed = alices_kernel.run(
            f"import os\ntry: print(os.listdir({str(folder)!r}))\nexcept OSError as e: print(type(e).__name__)"
        )
        assert listed == "PermissionError", folder
    for place in (root / "prefixes" / "mine", root / "logs" / "mine", root / "mine"):
        made = alices_kernel.run(
            f"import os\ntry: os.mkdir({str(place)!r})\nexcept OSError as e: print(type(e).__name__)"
        )
        assert made == "PermissionError", place


def test_nobody_builds_past_the_service(site: Site, alices_kernel: RemoteKernel) -> None:
    """Dask's workers run what they are sent under the build account: they take nothing from who has no certificate."""
    code = (
        "from distributed import Client\n"
        f"try: print(Client({site.dask.address!r}, timeout=5).run(lambda: 'mine'))\n"
        "except Exception as error: print('refused', type(error).__name__)"
    )
    assert alices_kernel.run(code).startswith("refused")


@pytest.mark.parametrize(
    "target",
    [
        "/dataflow-envs/../environments",
        "/dataflow-envs/environments/../../metrics",
        "/dataflow-envs/environments/%2e%2e/%2e%2e/ready",
        "/dataflow-envs/..%2f..%2fready",
        "/dataflow-envs//ready",
        "/dataflow-envs/environments/a%0d%0aX-Forged:%20yes",
    ],
)
def test_the_forwarder_leads_nowhere_else(alices: Rest, target: str) -> None:
    parts = urlsplit(alices.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=30) as connection:
        path = parts.path.rstrip("/") + target
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: token {alices.token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    # Where a proxy makes the path short before it arrives, it is one of her own server's.
    assert answer.startswith(b"HTTP/1.1 ")
    assert b"dataflow_envs_request_seconds" not in answer
    assert b'"ready"' not in answer


def test_what_is_asked_of_the_service_is_small(alices: Rest) -> None:
    body = b'{"short_name": "' + b"a" * (2 * 1024 * 1024) + b'"}'
    assert alices.request("POST", "/environments", body=body).status == 413


def test_people_write_into_their_own_folders_alone(site: Site) -> None:
    """What their servers keep lies in their homes."""
    for who in ("alice", "bob"):
        home = site.people[who].home / ".local/share/jupyter"
        owners = {p.lstat().st_uid for p in (home, *home.rglob("*"))}
        assert owners == {site.people[who].uid}
