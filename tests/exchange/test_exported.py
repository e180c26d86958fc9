"""Exports of a version: the bill of materials is valid and always the same, what was asked for comes back equal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.errors import InvalidSpec
from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage
from jupyter_dataflow_envs.domain.requirement import parse_pair
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.exchange.account import Target
from jupyter_dataflow_envs.exchange.exported import Exported, render_locked_yml, render_requested_yml
from jupyter_dataflow_envs.exchange.reading import read_file
from jupyter_dataflow_envs.exchange.sbom import render_sbom
from tests.domain.texts import requirement_lines
from tests.exchange.creatable import meaning
from tests.exchange.test_lockfile import LOCKS

CHANNEL = "https://host.example/conda-forge"
SHA256, MD5 = "a" * 64, "b" * 32
TARGET = Target("linux-64", ("conda-forge",), ("3.12",))
BUILT = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)


def conda(name: str, version: str, subdir: str = "linux-64", suffix: str = ".conda", **more: Any) -> LockedPackage:
    url = f"{CHANNEL}/{subdir}/{name}-{version}-0{suffix}"
    fields = {"md5": MD5, "channel": "conda-forge", **more}
    return LockedPackage("conda", name, version, "0", "linux-64", url, SHA256, **fields)


def pip(name: str, version: str, *depends: str, **more: Any) -> LockedPackage:
    url = f"https://files.example/{name}-{version}-py3-none-any.whl"
    return LockedPackage("pip", name, version, "", "linux-64", url, SHA256, depends=depends, **more)


LOCK = Lock(
    "linux-64",
    ("conda-forge",),
    (
        conda("python", "3.12.4", license="Python-2.0", depends=("libzlib >=1.3", "__glibc >=2.17")),
        conda("libzlib", "1.3.1", license="Zlib"),
        conda("x264", "1!164.3095", license="GPL-2.0-or-later AND MIT"),
        conda("tzdata", "2024a", "noarch", ".tar.bz2", license="LicenseRef-Public-Domain"),
        conda("odd", "1.0", license="see the file", depends=("python", "odd")),
        pip("rich", "13.7.1", "odd>=1", "pygments>=2", 'tomli; python_version < "3.11"', license="MIT"),
        pip("pygments", "2.17"),
    ),
)
EXPORTED = Exported(
    lock=LOCK,
    short_name="mlenv",
    full_name="Maschinelles Lernen ✓",
    number=3,
    requested=EnvironmentSpec("3.12", ("odd[extra]>=1", "tzdata=2024a"), ("rich=13", "pygments==2.17")),
    built_at=BUILT,
)


def sbom(exported: Exported) -> dict[str, Any]:
    text = render_sbom(exported)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    content: dict[str, Any] = json.loads(text)
    return content


def test_the_bill_of_materials() -> None:
    content = sbom(EXPORTED)
    assert (content["bomFormat"], content["specVersion"]) == ("CycloneDX", "1.6")
    environment = content["metadata"]["component"]
    assert (environment["name"], environment["version"]) == ("mlenv", "3")
    assert {"name": "jupyter-dataflow-envs:digest", "value": LOCK.digest} in environment["properties"]
    assert content["metadata"]["timestamp"] == BUILT.isoformat()

    components = {c["name"]: c for c in content["components"]}
    assert {n: c["purl"] for n, c in components.items()} == {
        "python": "pkg:conda/python@3.12.4?build=0&channel=conda-forge&subdir=linux-64&type=conda",
        "libzlib": "pkg:conda/libzlib@1.3.1?build=0&channel=conda-forge&subdir=linux-64&type=conda",
        "x264": "pkg:conda/x264@1%21164.3095?build=0&channel=conda-forge&subdir=linux-64&type=conda",
        "tzdata": "pkg:conda/tzdata@2024a?build=0&channel=conda-forge&subdir=noarch&type=tar.bz2",
        "odd": "pkg:conda/odd@1.0?build=0&channel=conda-forge&subdir=linux-64&type=conda",
        "rich": "pkg:pypi/rich@13.7.1",
        "pygments": "pkg:pypi/pygments@2.17",
    }
    assert {h["alg"]: h["content"] for h in components["python"]["hashes"]} == {"SHA-256": SHA256, "MD5": MD5}
    licences = {name: c["licenses"][0] for name, c in components.items() if "licenses" in c}
    assert licences["libzlib"]["license"]["id"] == "Zlib"
    assert licences["x264"]["expression"] == "GPL-2.0-or-later AND MIT"
    assert licences["odd"]["license"]["name"] == "see the file"
    assert "pygments" not in licences

    names = {c["bom-ref"]: n for n, c in components.items()} | {environment["bom-ref"]: "mlenv"}
    needs = {names[d["ref"]]: {names[n] for n in d.get("dependsOn", ())} for d in content["dependencies"]}
    assert needs["python"] == {"libzlib"}
    assert needs["rich"] == {"odd", "pygments"}
    assert needs["odd"] == {"python"}
    assert needs["mlenv"] == {"python", "odd", "tzdata", "x264", "rich", "pygments"}


def test_equal_versions_have_equal_bills_and_others_have_not() -> None:
    text = render_sbom(EXPORTED)
    assert render_sbom(EXPORTED) == text
    shuffled = replace(LOCK, packages=tuple(reversed(LOCK.packages)))
    assert render_sbom(replace(EXPORTED, lock=shuffled)) == text
    other = json.loads(render_sbom(replace(EXPORTED, number=4)))
    assert other["serialNumber"] != json.loads(text)["serialNumber"]
    assert "timestamp" not in json.loads(render_sbom(replace(EXPORTED, built_at=None)))["metadata"]


@settings(max_examples=15)
@given(lock=LOCKS)
def test_every_bill_is_valid(lock: Lock) -> None:
    content = sbom(replace(EXPORTED, lock=lock))
    assert len(content.get("components", ())) == len(lock.packages)


def test_requested_yml_is_what_conda_reads() -> None:
    content = yaml.safe_load(render_requested_yml(EXPORTED))
    assert content == {
        "name": "mlenv",
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": [
            "python=3.12",
            "odd>=1",
            "tzdata=2024a",
            {"pip": ["odd[extra]", "rich==13.*", "pygments==2.17"]},
        ],
    }


def test_what_was_asked_for_comes_back() -> None:
    found = read_file(render_requested_yml(EXPORTED), TARGET, "mlenv-v3-requested.yml")
    assert (found.short_name, found.full_name, found.python_version) == ("mlenv", "Maschinelles Lernen ✓", "3.12")
    assert found.conda_requirements == EXPORTED.requested.conda_requirements
    assert found.pip_requirements == EXPORTED.requested.pip_requirements
    assert found.left_out == ()


def test_the_locked_environment_comes_back_at_its_versions() -> None:
    found = read_file(render_locked_yml(EXPORTED), TARGET)
    assert (found.short_name, found.full_name, found.python_version) == ("mlenv", "Maschinelles Lernen ✓", "3.12.4")
    assert found.conda_requirements == ("libzlib==1.3.1", "odd==1.0", "tzdata==2024a", "x264==1!164.3095")
    assert found.pip_requirements == ("pygments==2.17", "rich==13.7.1")
    assert (found.left_out, found.notes) == ((), ())


@given(data=st.data(), extended=st.booleans())
def test_any_specification_comes_back(data: st.DataObject, extended: bool) -> None:
    lines = {
        manager: data.draw(st.lists(requirement_lines(manager, extended=extended), max_size=4))
        for manager in ("conda", "pip")
    }
    try:
        parse_pair(lines["conda"], lines["pip"], extended=extended)
    except InvalidSpec:
        return
    spec = EnvironmentSpec(data.draw(st.sampled_from(["3.12", "3.11.7"])), tuple(lines["conda"]), tuple(lines["pip"]))
    exported = replace(EXPORTED, requested=spec)
    found = read_file(render_requested_yml(exported), replace(TARGET, extended=extended))
    assert (found.short_name, found.python_version) == ("mlenv", spec.python_version)
    assert meaning(found.conda_requirements, found.pip_requirements) == meaning(lines["conda"], lines["pip"])
