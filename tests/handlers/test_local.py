"""Local environments through the interface: found, made, copied both ways, told of."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import websocket

from tests.handlers.rest import Rest
from tests.live import LiveServer, live_server, wait_until

Environment = dict[str, Any]


def local_of(person: Rest, id: str) -> Environment:
    found: Environment = person.get(f"/local/{id}").ok()
    return found


def settled(person: Rest, id: str) -> Environment:
    """Once nothing is being done with it any more."""

    def look() -> Environment | None:
        found = local_of(person, id)
        return None if found["status"] == "In Progress" else found

    return wait_until(look, f"the work on {id}", 120, interval=0.1)


def named(person: Rest, name: str) -> Environment:
    """The only one of that name."""
    (found,) = (e for e in person.get("/local").ok()["items"] if e["name"] == name)
    assert isinstance(found, dict)
    return found


def site_of(prefix: Path) -> Path:
    (site,) = prefix.glob("lib/python3*/site-packages")
    return site


def add_distribution(prefix: Path, name: str, direct_url: dict[str, Any] | None = None) -> None:
    info = site_of(prefix) / f"{name}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (info / "RECORD").write_text("")
    if direct_url is not None:
        (info / "direct_url.json").write_text(json.dumps(direct_url))


def pip_install(prefix: str, requirement: str, wheelhouse: Path) -> None:
    """As a person does it, in a terminal."""
    options = ["-q", "--no-index", "--no-deps", "--no-cache-dir", "--find-links", str(wheelhouse)]
    command = [sys.executable, "-m", "pip", "--python", f"{prefix}/bin/python", "install", *options, requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def venv(server: LiveServer) -> Path:
    """A virtual environment where virtualenvwrapper keeps them, made by other means than ours."""
    prefix = server.person_dir / ".virtualenvs" / f"v{uuid.uuid4().hex[:8]}"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], check=True)
    return prefix


@pytest.fixture(scope="module")
def copy(alice: Rest, built: str) -> str:
    """The id of a copy of alice's environment; it is changed by tests, but never its name."""
    alice.post(f"/environments/{built}/copy-to-local", {"name": "copied"}).ok(202)
    assert settled(alice, "copied")["status"] == "Ready", alice.get("/local/copied/log").text
    return "copied"


def test_it_looks_at_the_persons_folders_alone(alice: Rest, server: LiveServer, venv: Path) -> None:
    found = named(alice, venv.name)
    assert (found["kind"], found["status"], found["prefix"]) == ("venv", "Ready", str(venv))
    assert found["id"].startswith("found-")
    assert found["found_by"] == ["~/.virtualenvs"]
    assert found["python_version"] == ".".join(map(str, sys.version_info[:3]))
    assert (found["has_ipykernel"], found["kernel"], found["has_log"]) == (False, None, False)
    assert found["actions"]["install_ipykernel"] == {"allowed": True, "reason": None}
    assert "install that first" in found["actions"]["register_kernel"]["reason"]
    assert "not made here" in found["actions"]["delete"]["reason"]
    prefixes = {Path(e["prefix"]) for e in alice.get("/local").ok()["items"]}
    own = Path.home().resolve()
    assert not [
        p for p in prefixes if p.is_relative_to(own) and p != Path(sys.prefix) and not p.is_relative_to(server.home)
    ]


def test_packages_and_size(alice: Rest, venv: Path) -> None:
    add_distribution(venv, "mylib", {"url": "file:///src/mylib", "dir_info": {"editable": True}})
    id = named(alice, venv.name)["id"]
    found = local_of(alice, id)
    assert found["size"] is None
    assert [(p["name"], p["manager"], p["unreproducible"]) for p in found["packages"]] == [
        ("mylib", "pip", "installed in editable mode from /src/mylib")
    ]
    sizes = [alice.get(f"/local/{id}?size={flag}").ok()["size"] for flag in ("", "true")]
    assert sizes[0] == sizes[1] > 1000
    alice.get(f"/local/{id}?size=maybe").refused(400, "malformed")


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("DELETE", "", None),
    ("POST", "/cancel", {}),
    ("GET", "/drift", None),
    ("POST", "/kernel", {}),
    ("DELETE", "/kernel", None),
    ("GET", "/log", None),
    ("GET", "/copy-to-dataflow", None),
    ("POST", "/copy-to-dataflow", {"short_name": "fresh", "full_name": "x"}),
]
IDS = (
    "nothing",
    "found-000000000000",
    "found-",
    "..",
    "../records",
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "\0",
    "ü",
    "*",
    "x" * 500,
)


@pytest.mark.parametrize("id", IDS, ids=[ascii(id)[:20] for id in IDS])
@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_what_is_not_there(alice: Rest, copy: str, id: str, method: str, path: str, body: Any) -> None:
    sent = quote(id, safe="").replace("..", "%2e%2e")
    alice.request(method, f"/local/{sent}{path}", body).refused(404, "not_found")
    assert local_of(alice, copy)["status"] == "Ready"


def test_strangers_are_refused(nobody: Rest, copy: str, built: str) -> None:
    for method, path, body in (*((m, f"/local/{copy}{p}", b) for m, p, b in ROUTES), ("GET", "/local", None)):
        nobody.request(method, path, body).refused(403, "not_logged_in")
    nobody.post("/local", {"name": "x"}).refused(403, "not_logged_in")
    nobody.post(f"/environments/{built}/copy-to-local", {}).refused(403, "not_logged_in")
    for path in ("/local-events", f"/local/{copy}/log/stream"):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused, nobody.stream(path):
            pass
        assert refused.value.status_code == 403


def test_a_copy_has_its_source(alice: Rest, copy: str, built: str, server: LiveServer) -> None:
    found = local_of(alice, copy)
    digest = alice.get(f"/environments/{built}/versions/1").ok()["digest"]
    assert found["copied_from"] == {"short_name": built, "full_name": "Built Once", "version": 1, "digest": digest}
    assert (found["kind"], found["work"], found["reason"]) == ("made", None, None)
    assert found["kernel"] == {"name": "local-copied", "display_name": "Local · copied", "ours": True}
    assert (server.data_dir / "kernels/local-copied/kernel.json").exists()
    source = {(p["name"], p["version"]) for p in alice.get(f"/environments/{built}/versions/1").ok()["packages"]}
    assert {(p["name"], p["version"]) for p in found["packages"]} == source


def test_names_of_copies(alice: Rest, carol: Rest, copy: str, built: str) -> None:
    path = f"/environments/{built}/copy-to-local"
    taken = alice.post(path, {"name": "Copied"}).refused(409, "local_name_taken")
    assert taken["suggestion"] == "copied-2"
    for name in ("", "found-x", "../x", "base", "1st", "a" * 41, "a\0"):
        refused = alice.post(path, {"name": name}).refused(422, "invalid")
        assert [e["field"] for e in refused["errors"]] == ["name"]
    alice.post(path, {"name": 5}).refused(422, "invalid")
    alice.post(path, {"title": "x"}).refused(422, "invalid")
    carol.post(path, {}).refused(404, "not_found")
    alice.post("/environments/nope/copy-to-local", {}).refused(404, "not_found")


def test_what_was_never_built_is_not_copied(alice: Rest, fresh_name: Callable[[], str], minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor)
    refused = alice.post(f"/environments/{name}/copy-to-local", {}).refused(409, "conflict")
    assert "No version has been built" in refused["message"]


def test_its_log(alice: Rest, copy: str) -> None:
    whole = alice.get(f"/local/{copy}/log")
    assert (whole.status, whole.headers["x-log-complete"]) == (200, "true")
    assert "Copying built version 1 to Local environment copied, asked for by alice" in whole.text
    assert "Succeeded." in whole.text.splitlines()[-1]
    data, offset = b"", 0
    while True:
        page = alice.get(f"/local/{copy}/log?offset={offset}&limit=100")
        data, offset = data + page.body, int(page.headers["x-next-offset"])
        if page.headers["x-log-complete"] == "true":
            break
        assert page.body
    assert data == whole.body
    for query in ("offset=-1", "offset=x", "limit=1048577"):
        alice.get(f"/local/{copy}/log?{query}").refused(400, "malformed")
    after = alice.get(f"/local/{copy}/log?offset={len(data) + 5}")
    assert (after.body, after.headers["x-log-complete"]) == (b"", "true")


def test_its_log_as_a_stream(alice: Rest, copy: str) -> None:
    whole = alice.get(f"/local/{copy}/log").text
    with alice.stream(f"/local/{copy}/log/stream?offset=10") as socket:
        frame, end = json.loads(socket.recv()), json.loads(socket.recv())
        assert frame == {"offset": 10, "text": whole[10:]}
        assert end == {"complete": True, "outcome": "succeeded"}
        opcode, data = socket.recv_data()
        assert (opcode, int.from_bytes(data[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 1000)
    for path, status in ((f"/local/{copy}/log/stream?offset=-1", 400), ("/local/nothing/log/stream", 404)):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused, alice.stream(path):
            pass
        assert refused.value.status_code == status


def test_kernel_comes_and_goes(alice: Rest, copy: str, server: LiveServer) -> None:
    path, spec = f"/local/{copy}/kernel", server.data_dir / "kernels/local-copied/kernel.json"
    refused = alice.post(path, {}).refused(409, "conflict")
    assert "has the kernel 'local-copied' already" in refused["message"]
    assert alice.delete(path).ok()["kernel"] is None
    assert not spec.exists()
    alice.delete(path).refused(409, "conflict")
    alice.post(path, {"install": True}).refused(422, "invalid")
    # It has ipykernel: there is nothing to be installed.
    assert alice.post(path, {"install_ipykernel": True}).ok()["kernel"]["name"] == "local-copied"
    assert spec.exists()


def test_there_and_back(alice: Rest, copy: str, fresh_name: Callable[[], str], wheelhouse: Path) -> None:
    before = alice.get(f"/local/{copy}/drift").ok()
    assert (before["added"], before["removed"], before["changed"]) == ([], [], [])
    assert before["unchanged"] == local_of(alice, copy)["package_count"]
    pip_install(local_of(alice, copy)["prefix"], "tinywheel-01==1.0", wheelhouse)
    drift = alice.get(f"/local/{copy}/drift").ok()
    assert [(p["name"], p["version"]) for p in drift["added"]] == [("tinywheel-01", "1.0")]
    assert drift["copied_from"]["short_name"] == "built"

    path, name = f"/local/{copy}/copy-to-dataflow", fresh_name()
    wanted = alice.get(path).ok()
    assert set(wanted["pip_requirements"]) == {"tinywheel-00==1.4", "tinywheel-01==1.0"}
    assert (wanted["unreproducible"], wanted["short_name"]) == ([], "copie")
    taken = alice.post(path, {"short_name": "built", "full_name": "x"}).refused(409, "short_name_taken")
    assert "already in use" in taken["message"]
    for body, field in (
        ({"short_name": "1", "full_name": "x"}, "short_name"),
        ({"short_name": name, "full_name": ""}, "full_name"),
        ({"short_name": name}, "full_name"),
    ):
        assert [e["field"] for e in alice.post(path, body).refused(422, "invalid")["errors"]] == [field]
    made = alice.post(path, {"short_name": name, "full_name": "There and back", "description": "x"}).ok(202)
    assert (made["status"], made["owner"], made["latest_version"]) == ("In Progress", "alice", 1)
    assert made["copied_from"]["name"] == copy
    version = alice.wait(name)
    assert version["outcome"] == "succeeded", version["reason"]
    local = {(p["manager"], p["name"], p["version"]) for p in local_of(alice, copy)["packages"]}
    packages = alice.get(f"/environments/{name}/versions/1").ok()["packages"]
    assert {(p["manager"], p["name"], p["version"]) for p in packages} == local


def test_what_cannot_be_reproduced(alice: Rest, venv: Path, fresh_name: Callable[[], str]) -> None:
    add_distribution(venv, "mylib", {"url": "file:///src/mylib", "dir_info": {"editable": True}})
    add_distribution(venv, "gitlib", {"url": "https://x.example/g", "vcs_info": {"vcs": "git", "commit_id": "a" * 40}})
    path, name = f"/local/{named(alice, venv.name)['id']}/copy-to-dataflow", fresh_name()
    assert {p["name"] for p in alice.get(path).ok()["unreproducible"]} == {"mylib", "gitlib"}
    refused = alice.post(path, {"short_name": name, "full_name": "x"}).refused(422, "unreproducible")
    assert {(e["field"], e["text"]) for e in refused["errors"]} == {("packages", "mylib"), ("packages", "gitlib")}
    assert "editable" in next(e["message"] for e in refused["errors"] if e["text"] == "mylib")
    alice.get(f"/environments/{name}").refused(404)


def test_a_broken_one_is_listed_with_its_reason(alice: Rest, server: LiveServer) -> None:
    prefix = server.person_dir / ".virtualenvs" / "broken"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion = 3.11.9\n")
    (prefix / "bin/python").symlink_to("/nowhere/bin/python")
    found = named(alice, "broken")
    assert (found["status"], found["kind"]) == ("Broken", "venv")
    assert "/nowhere/bin/python, which is gone" in found["reason"]
    assert local_of(alice, found["id"])["packages"] == []
    for method, path, body in (("POST", "kernel", {}), ("GET", "copy-to-dataflow", None), ("DELETE", "", None)):
        refused = alice.request(method, f"/local/{found['id']}/{path}".rstrip("/"), body).refused(409, "conflict")
        assert ("which is gone" if path else "not made here") in refused["message"]
    body = {"short_name": "brok", "full_name": "x"}
    alice.post(f"/local/{found['id']}/copy-to-dataflow", body).refused(409, "conflict")
    alice.get(f"/local/{found['id']}/log").refused(404, "not_found")
    assert "not made here" in alice.get(f"/local/{found['id']}/drift").refused(409)["message"]


def test_ipykernel_that_cannot_be_installed(alice: Rest, venv: Path) -> None:
    """The tests' index has none."""
    id = named(alice, venv.name)["id"]
    assert "install that first" in alice.post(f"/local/{id}/kernel", {}).refused(409)["message"]
    begun = alice.post(f"/local/{id}/kernel", {"install_ipykernel": True}).ok()
    assert (begun["status"], begun["work"]) == ("In Progress", "install_ipykernel")
    ended = settled(alice, id)
    assert (ended["status"], ended["work"], ended["kernel"]) == ("Ready", "install_ipykernel", None)
    assert "ipykernel" in ended["reason"]
    log = alice.get(f"/local/{id}/log")
    assert "Failed: " in log.text.splitlines()[-1]
    with alice.stream(f"/local/{id}/log/stream?offset={len(log.body)}") as socket:
        assert json.loads(socket.recv()) == {"complete": True, "outcome": "failed"}


def test_made_from_the_form_followed_and_deleted(alice: Rest, server: LiveServer, minor: str) -> None:
    body = {"name": "Notes", "python_version": minor, "conda_requirements": ["tiny-001=1.2"]}
    made = alice.post("/local", body).ok(202)
    assert (made["id"], made["status"], made["work"]) == ("notes", "In Progress", "make")
    assert made["requested"] == {
        "base": None, "python_version": minor, "conda_requirements": ["tiny-001=1.2"], "pip_requirements": [],
    }  # fmt: skip
    assert alice.post("/local", body).refused(409, "local_name_taken")["suggestion"] == "notes-2"
    assert "cancel it first" in alice.delete("/local/notes").refused(409)["message"]
    data, end = "", {}
    with alice.stream("/local/notes/log/stream") as socket:
        while "complete" not in (end := json.loads(socket.recv())):
            assert end["offset"] == len(data.encode())
            data += end["text"]
    assert end == {"complete": True, "outcome": "succeeded"}, data
    found = local_of(alice, "notes")
    assert (found["status"], found["kernel"]["name"]) == ("Ready", "local-notes")
    assert ("tiny-001", "1.2") in {(p["name"], p["version"]) for p in found["packages"]}
    assert data == alice.get("/local/notes/log").text
    assert Path(found["prefix"], "bin/python").exists()
    assert alice.delete("/local/notes").ok(204) is None
    alice.get("/local/notes").refused(404)
    assert not Path(found["prefix"]).exists()
    assert not (server.data_dir / "kernels/local-notes").exists()


@pytest.mark.parametrize(
    ("body", "field", "line"),
    [
        ({"name": "../x", "python_version": "3.11"}, "name", None),
        ({"name": "found-1", "python_version": "3.11"}, "name", None),
        ({"name": "bad", "python_version": "x"}, "python_version", None),
        ({"name": "bad", "python_version": "3.11", "conda_requirements": ["a", "-e ."]}, "conda_requirements", 2),
        ({"name": "bad", "python_version": "3.11", "pip_requirements": ["./x"]}, "pip_requirements", 1),
        ({"name": "bad", "python_version": "3.11", "more": 1}, "more", None),
        ({"python_version": "3.11"}, "name", None),
    ],
)
def test_what_cannot_be_made(alice: Rest, body: Any, field: str, line: int | None) -> None:
    refused = alice.post("/local", body).refused(422, "invalid")
    assert [(e["field"], e["line"]) for e in refused["errors"]] == [(field, line)]
    assert "bad" not in {e["name"] for e in alice.get("/local").ok()["items"]}


def test_cancelled(alice: Rest, built: str) -> None:
    made = alice.post(f"/environments/{built}/copy-to-local", {"name": "gone"}).ok(202)
    assert alice.post("/local/gone/cancel", {}).ok(202) == {}
    ended = settled(alice, "gone")
    assert (ended["status"], ended["work"], ended["reason"]) == ("Failed", "copy", "cancelled")
    assert "Failed: cancelled." in alice.get("/local/gone/log").text
    assert not Path(made["prefix"]).exists()
    assert "Nothing is being done" in alice.post("/local/gone/cancel", {}).refused(409)["message"]
    assert alice.get("/local/gone/copy-to-dataflow").refused(409)["message"] == "cancelled"
    alice.delete("/local/gone").ok(204)


def test_whoever_listens_hears_of_changes(
    alice: Rest, server: LiveServer, venv: Path, built: str, wheelhouse: Path
) -> None:
    id = named(alice, venv.name)["id"]
    with alice.stream("/local-events") as socket:

        def hears(of: Callable[[Environment], object]) -> None:
            """A frame comes after which it is so; the socket's time limit ends a wait in vain."""
            while True:
                assert json.loads(socket.recv()) == {"type": "changed"}
                if of(local_of(alice, id)):
                    return

        def versions(environment: Environment) -> list[str]:
            return [p["version"] for p in environment["packages"]]

        pip_install(str(venv), "tinywheel-00==1.0", wheelhouse)
        hears(lambda e: versions(e) == ["1.0"])
        pip_install(str(venv), "tinywheel-00==1.1", wheelhouse)
        hears(lambda e: versions(e) == ["1.1"])
        spec = server.data_dir / "kernels/own/kernel.json"
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps({"argv": [f"{venv}/bin/python"], "display_name": "Own", "language": "python"}))
        hears(lambda e: e["kernel"] == {"name": "own", "display_name": "Own", "ours": False})
        alice.delete(f"/local/{id}/kernel").refused(409, "conflict")
        alice.post(f"/environments/{built}/copy-to-local", {"name": "heard"}).ok(202)
        phases = set()
        while (found := local_of(alice, "heard"))["status"] == "In Progress":
            phases.add(found["phase"])
            assert json.loads(socket.recv()) == {"type": "changed"}
        assert found["status"] == "Ready"
        assert len(phases) > 1
    alice.delete("/local/heard").ok(204)


@pytest.fixture(scope="module")
def without_folder(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose folder of Local environments can't be written, by anybody."""
    folder = tmp_path_factory.mktemp("without")
    (folder / "file").touch()
    with live_server(folder / "root", channel.as_uri(), config={"local_dir": f"{folder}/file/local"}) as server:
        yield server
    assert "Traceback" not in server.log, server.log[-4000:]


def test_without_their_folder_all_else_works(without_folder: LiveServer, minor: str) -> None:
    person = Rest(without_folder.url, without_folder.token)
    for method, path, body in (
        *((m, f"/local/x{p}", b) for m, p, b in ROUTES),
        ("GET", "/local", None),
        ("POST", "/local", {"name": "x", "python_version": minor}),
        ("POST", "/environments/x/copy-to-local", {}),
    ):
        refused = person.request(method, path, body).refused(503, "unavailable")
        assert "/file/local can't be written (Not a directory): set DataflowEnvsApp.local_dir" in refused["message"]
    for path in ("/local-events", "/local/x/log/stream"):
        with pytest.raises(websocket.WebSocketBadStatusException) as closed, person.stream(path):
            pass
        assert closed.value.status_code == 503
    assert person.get("/health").ok()["status"] == "up"
    person.make("mlenv", python_version=minor)
    person.post("/environments/mlenv/activate").ok()
    assert "Local environments are not available: " in without_folder.log
