"""Names and versions that channels and indexes offer, as far as they can be installed here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.engine.catalog import indexes
from jupyter_dataflow_envs.engine.protocol import Job, Mode
from tests.channel.index import SimpleIndex, index_url
from tests.channel.server import Page, Server
from tests.channel.special import TINY_VERSIONS
from tests.engine.driver import Engine, Run


def versions(engine: Engine, manager: str, name: str, **more: object) -> list[str]:
    values: list[str] = engine.run(engine.job(Mode.VERSIONS, manager=manager, name=name, **more)).result["values"]
    return values


@pytest.mark.parametrize(("manager", "some"), [("conda", "pandas"), ("pip", "tinywheel-00")])
def test_names_are_written_sorted(engine: Engine, tmp_path: Path, manager: str, some: str) -> None:
    output = tmp_path / "names"
    run: Run = engine.run(engine.job(Mode.NAMES, manager=manager, output=str(output)))
    names = output.read_text().splitlines()
    assert names == sorted(set(names))
    assert some in names
    assert run.result["packages"] == len(names)
    assert [p.name for p in tmp_path.iterdir()] == ["names"]


def test_conda_versions_newest_first(engine: Engine) -> None:
    assert versions(engine, "conda", "tiny-000") == TINY_VERSIONS[::-1]
    assert versions(engine, "conda", "Tiny-000") == TINY_VERSIONS[::-1]
    assert versions(engine, "conda", "no-such-thing") == []


def test_conda_versions_fit_the_python(engine: Engine, channel: Path) -> None:
    builds = {p.name.split("-")[1]: [] for p in channel.glob("*/numpy-*")}  # type: dict[str, list[str]]
    for path in channel.glob("*/numpy-*"):
        builds[path.name.split("-")[1]].append(path.name)
    tag = f"py{engine.python.replace('.', '')}_"
    fitting = {version for version, files in builds.items() if any(tag in name for name in files)}
    assert set(versions(engine, "conda", "numpy")) == fitting
    assert set(versions(engine, "conda", "numpy", python_version="")) == builds.keys()
    assert versions(engine, "conda", "numpy", python_version="3.2") == []


def test_conda_versions_fit_the_machine(engine: Engine) -> None:
    assert versions(engine, "conda", "needs-cuda", virtual_packages={"__cuda": ""}) == []
    assert versions(engine, "conda", "needs-cuda", virtual_packages={"__cuda": "11.8"}) == []
    assert versions(engine, "conda", "needs-cuda", virtual_packages={"__cuda": "12.4"}) == ["1.0"]


def test_pip_versions(engine: Engine) -> None:
    assert versions(engine, "pip", "Tinywheel_00") == TINY_VERSIONS[::-1]
    assert versions(engine, "pip", "no-such-wheel") == []


def test_sources_count_only_where_they_may_be_built(engine: Engine) -> None:
    assert versions(engine, "pip", "source-only") == ["1.0"]
    assert versions(engine, "pip", "source-only", allow_source_builds=False) == []


HTML = b"""<!DOCTYPE html><html><body>
<a href="a" data-requires-python="&gt;=3.99">odd-3.0-py3-none-any.whl</a>
<a href="b" data-yanked="broken">odd-2.5-py3-none-any.whl</a>
<a href="c">odd-2.4-cp27-cp27m-win32.whl</a>
<a href="d">odd-2.3rc1-py3-none-any.whl</a>
<a href="e" data-requires-python="&gt;=3.8">odd-2.2-py3-none-any.whl</a>
<a href="f">odd-1.0-py2.py3-none-any.whl</a>
<a href="g">odd-not a name.exe</a>
</body></html>"""
JSON = b"""{"meta": {"api-version": "1.0"}, "name": "odd", "files": [
 {"filename": "odd-3.0-py3-none-any.whl", "url": "a", "hashes": {}, "requires-python": ">=3.99"},
 {"filename": "odd-2.5-py3-none-any.whl", "url": "b", "hashes": {}, "yanked": "broken"},
 {"filename": "odd-2.4-cp27-cp27m-win32.whl", "url": "c", "hashes": {}},
 {"filename": "odd-2.3rc1-py3-none-any.whl", "url": "d", "hashes": {}},
 {"filename": "odd-2.2-py3-none-any.whl", "url": "e", "hashes": {}, "requires-python": ">=3.8"},
 {"filename": "odd-1.0-py2.py3-none-any.whl", "url": "f", "hashes": {}},
 {"filename": "odd-not a name.exe", "url": "g", "hashes": {}}]}"""


@pytest.mark.parametrize("page", [Page("text/html", HTML), Page("application/vnd.pypi.simple.v1+json", JSON)])
def test_what_can_not_be_installed_is_left_out(engine: Engine, tmp_path: Path, page: Page) -> None:
    with Server(tmp_path, lambda path, accept: page if path == "simple/odd/" else None) as server:
        sources = replace(engine.sources, pip_index_url=index_url(server))
        assert versions(engine, "pip", "odd", sources=sources) == ["2.2", "1.0"]
        assert versions(engine, "pip", "odd", sources=sources, python_version="") == ["3.0", "2.2", "1.0"]


def test_private_index_is_asked_with_its_credentials(engine: Engine, wheelhouse: Path) -> None:
    with Server(wheelhouse, SimpleIndex(wheelhouse).page, user="a", password="b%c") as server:
        url = index_url(server).replace("http://", "http://a:b%25c@")
        assert versions(engine, "pip", "tinywheel-00", sources=replace(engine.sources, pip_index_url=url))
        failure = engine.run(
            engine.job(
                Mode.VERSIONS,
                manager="pip",
                name="x",
                sources=replace(engine.sources, pip_index_url=index_url(server)),
            )
        ).failure
    assert "401" in failure["reason"]


def test_default_index_is_the_one_uv_uses(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://example.org/simple")
    Path(engine.caches.uv).mkdir(parents=True, exist_ok=True)
    job: Job = engine.job(sources=replace(engine.sources, pip_index_url=None))
    assert indexes(job) == ["https://example.org/simple/"]
    extra = replace(job.sources, pip_index_url="https://a/simple", pip_extra_index_urls=("https://b/x", "https://c/y"))
    assert indexes(replace(job, sources=extra)) == ["https://b/x/", "https://c/y/", "https://a/simple/"]


def test_unreachable_sources_are_named(engine: Engine) -> None:
    pip = replace(engine.sources, pip_index_url="http://127.0.0.1:9/simple")
    failure = engine.run(engine.job(Mode.VERSIONS, manager="pip", name="x", sources=pip)).failure
    assert failure["reason"].startswith("package index http://127.0.0.1:9/simple/x/ can't be reached")
    conda = replace(engine.sources, channels=("file:///no/such/channel",))
    failure = engine.run(engine.job(Mode.NAMES, sources=conda)).failure
    assert failure["reason"] == "channel file:///no/such/channel can't be reached: there is no channel at this place"
