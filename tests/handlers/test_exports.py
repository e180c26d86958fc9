"""Versions as files that other tools read."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.builds.runner import LocalRunner
from jupyter_dataflow_envs.engine.protocol import Answer, Caches, Job, Message, Mode, Sources
from jupyter_dataflow_envs.exchange.lockfile import parse_conda_lock
from jupyter_dataflow_envs.service.versions import EXPORTS
from tests.channel.index import index_url
from tests.channel.server import Server
from tests.handlers.rest import Rest


@pytest.fixture(scope="module")
def version(alice: Rest, built: str) -> dict[str, Any]:
    found: dict[str, Any] = alice.get(f"/environments/{built}/versions/1").ok()
    return found


def _export(person: Rest, built: str, form: str) -> str:
    answer = person.get(f"/environments/{built}/versions/1/export/{form}")
    assert answer.status == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{built}-v1-{form}"'
    return answer.text


def test_conda_lock_itself_reads_the_lock(alice: Rest, built: str, version: dict[str, Any], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, on being imported
        from conda_lock.lockfile import parse_conda_lock_file

    file = tmp_path / "conda-lock.yml"
    file.write_text(_export(alice, built, "conda-lock.yml"))
    parsed = parse_conda_lock_file(file)
    assert {(p.manager, p.name, p.version) for p in parsed.package} == {
        (p["manager"], p["name"], p["version"]) for p in version["packages"]
    }
    assert all(p.hash.sha256 for p in parsed.package)


class Listener:
    """Lets the engine install."""

    def started(self, process: dict[str, Any]) -> None: ...

    def heard(self, message: Message) -> Answer | None:
        return Answer.INSTALL if message["type"] == "lock" else None

    def printed(self, text: str) -> None: ...


def test_installing_again_from_the_exported_lock_gives_the_same_digest(
    alice: Rest, built: str, version: dict[str, Any], channel: Path, index: Server, tmp_path: Path
) -> None:
    lock = parse_conda_lock(_export(alice, built, "conda-lock.yml"))
    prefix = tmp_path / "prefix"
    job = Job(
        mode=Mode.INSTALL,
        caches=Caches(*(str(tmp_path / name) for name in ("packages", "repodata", "uv", "bytecode"))),
        sources=Sources((channel.as_uri(),), index_url(index)),
        prefix=str(prefix),
        title=built,
        lock=lock,
    )
    last = LocalRunner(tmp_path).run(job, Listener(), threading.Event())
    try:
        assert last is not None
        assert last["type"] == "result", last
        assert lock.digest == version["digest"]
        installed = {p.name.rsplit("-", 2)[0] for p in (prefix / "conda-meta").glob("*.json")}
        assert installed == {p["name"] for p in version["packages"] if p["manager"] == "conda"}
    finally:
        remove_tree(prefix)
        remove_tree(tmp_path / "packages")
        remove_tree(tmp_path / "uv")


def test_environment_yml_names_every_package(alice: Rest, built: str, version: dict[str, Any]) -> None:
    content = yaml.safe_load(_export(alice, built, "environment.yml"))
    assert content["name"] == built
    *conda, pip = content["dependencies"]
    assert sorted(conda) == sorted(
        f"{p['name']}={p['version']}={p['build']}" for p in version["packages"] if p["manager"] == "conda"
    )
    assert pip == {"pip": ["tinywheel-00==1.4"]}


def test_explicit_txt_is_a_list_of_urls_with_hashes(alice: Rest, built: str, version: dict[str, Any]) -> None:
    lines = [line for line in _export(alice, built, "explicit.txt").splitlines() if not line.startswith("#")]
    assert lines[0] == "@EXPLICIT"
    conda = [p for p in version["packages"] if p["manager"] == "conda"]
    assert len(lines) == 1 + len(conda)
    assert all("#" in line and line.split("#")[0].endswith((".conda", ".tar.bz2")) for line in lines[1:])


def test_explicit_txt_is_the_lock(alice: Rest, built: str) -> None:
    lock = parse_conda_lock(_export(alice, built, "conda-lock.yml"))
    expected = {f"{p.url}#{p.md5}" for p in lock.packages if p.manager == "conda"}
    text = _export(alice, built, "explicit.txt")
    assert {line for line in text.splitlines() if "://" in line and not line.startswith("#")} == expected
    pip = {f"# pip {p.name} @ {p.url}#sha256={p.sha256}" for p in lock.packages if p.manager == "pip"}
    assert {line for line in text.splitlines() if line.startswith("# pip")} == pip


@pytest.mark.parametrize("form", EXPORTS)
def test_no_export_is_empty(alice: Rest, built: str, version: dict[str, Any], form: str) -> None:
    answer = alice.get(f"/environments/{built}/versions/1/export/{form}")
    assert answer.headers["content-type"].startswith(EXPORTS[form].media_type)
    content = [line for line in answer.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert content
    if form != "requested.yml":
        assert all(p["name"] in answer.text for p in version["packages"])


def test_a_cyclonedx_validator_accepts_the_bill_of_materials(
    alice: Rest, built: str, version: dict[str, Any], minor: str
) -> None:
    text = _export(alice, built, "sbom.cdx.json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    content = json.loads(text)
    assert content["metadata"]["component"]["version"] == "1"
    assert len(content["components"]) == len(version["packages"])
    assert {(c["name"], c["version"]) for c in content["components"]} == {
        (p["name"], p["version"]) for p in version["packages"]
    }
    python = next(c for c in content["components"] if c["name"] == "python")
    purl = PackageURL.from_string(python["purl"])
    assert (purl.type, purl.name) == ("conda", "python")
    assert str(purl.version).startswith(minor)
    assert {h["alg"] for h in python["hashes"]} == {"SHA-256", "MD5"}
    needs = {d["ref"]: d.get("dependsOn", []) for d in content["dependencies"]}
    reached, waiting = set(), [content["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += needs[ref]
    assert reached >= {c["bom-ref"] for c in content["components"]}
    assert _export(alice, built, "sbom.cdx.json") == text


def _imported(person: Rest, built: str, form: str) -> dict[str, Any]:
    text = _export(person, built, form)
    answer: dict[str, Any] = person.post("/import", {"text": text, "name": f"{built}-v1-{form}"}).ok()
    return answer


def test_what_was_asked_for_is_imported_again(alice: Rest, built: str) -> None:
    answer = _imported(alice, built, "requested.yml")
    environment = alice.get(f"/environments/{built}").ok()
    same = ("full_name", "python_version", "conda_requirements", "pip_requirements")
    assert {k: answer["spec"][k] for k in same} == {
        **{k: environment[k] for k in same},
        # For pip `=` with two numbers is a series, and `==` is what it is.
        "pip_requirements": ["tinywheel-00==1.4"],
    }
    assert answer["spec"]["short_name"] == built
    assert (answer["left_out"], answer["changed"]) == ([], [])


@pytest.mark.parametrize("form", ["environment.yml", "conda-lock.yml", "explicit.txt"])
def test_the_locked_packages_are_imported_again(alice: Rest, built: str, version: dict[str, Any], form: str) -> None:
    answer = _imported(alice, built, form)
    packages = {(p["manager"], p["name"]): p["version"] for p in version["packages"]}
    assert answer["spec"]["python_version"] == packages.pop(("conda", "python"))
    found = {
        (manager, line.split("==")[0]): line.split("==")[1]
        for manager in ("conda", "pip")
        for line in answer["spec"][f"{manager}_requirements"]
    }
    assert found == packages
    assert answer["left_out"] == []


def test_pip_takes_requirements_txt(alice: Rest, built: str, index: Server, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(_export(alice, built, "requirements.txt"))
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-cache-dir"]
    command += ["--index-url", index_url(index), "-r", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Would install tinywheel-00-1.4" in done.stdout


@pytest.mark.parametrize(
    "form",
    [
        "conda-lock.yaml",
        "..%2Fconda-lock.yml",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "conda-lock.yml%00",
        "x" * 3000,
        "%20",
    ],
)
def test_an_unknown_format_lists_those_there_are(alice: Rest, built: str, form: str) -> None:
    refusal = alice.get(f"/environments/{built}/versions/1/export/{form}").refused(404, "not_found")
    assert (
        "conda-lock.yml, environment.yml, requested.yml, explicit.txt, requirements.txt, sbom.cdx.json"
        in refusal["message"]
    )


def test_what_was_not_built_can_not_be_exported(alice: Rest, fresh_name: Any, minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["no-such-package"])
    alice.post(f"/environments/{name}/build").ok(202)
    alice.wait(name)
    alice.get(f"/environments/{name}/versions/1/export/conda-lock.yml").refused(409, "conflict")
