"""What goes wrong, said so that a person knows what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.engine.faults import explain, explain_text
from jupyter_dataflow_envs.engine.protocol import Mode, Sources
from tests.channel.index import SimpleIndex, index_url
from tests.channel.server import Page, Server
from tests.channel.wheelhouse import write_wheel
from tests.engine.driver import Engine

NOWHERE = "http://127.0.0.1:9"


def test_conflict_names_both_sides_and_what_they_disagree_on(engine: Engine) -> None:
    failure = engine.build("conflict-a", "conflict-b").failure
    assert "conflict-a" in failure["reason"]
    assert "conflict-b" in failure["reason"]
    assert "different versions of shared-lib" in failure["reason"]
    assert "conflict-a 1.0 requires shared-lib <2" in failure["details"]
    assert "conflict-b 1.0 requires shared-lib >=2" in failure["details"]
    assert "├" not in failure["details"]


def test_constraint_counts_as_conflict(engine: Engine) -> None:
    failure = engine.build("constrains", "click>=8.2").failure
    assert "click" in failure["reason"]
    assert "constrains 1.0 allows only click <8.2" in failure["details"]


def test_requirement_of_a_requirement_that_is_nowhere(engine: Engine) -> None:
    failure = engine.build("dangling").failure
    assert (
        failure["reason"]
        == "dangling can't be installed: dangling 1.0 requires not-in-this-channel >=1, which no channel offers"
    )


def test_machine_that_is_not_there(engine: Engine) -> None:
    failure = engine.build("needs-cuda", virtual_packages={"__cuda": ""}).failure
    assert "__cuda >=12, which the machines of this deployment do not have" in failure["reason"]


def test_unknown_package_names_the_channel_and_what_was_meant(engine: Engine) -> None:
    failure = engine.build("pandsa", "no-such-thing-at-all").failure
    channel = engine.sources.channels[0]
    assert failure["reason"] == f"no package called 'pandsa' in channel {channel}: did you mean pandas? (and 1 more)"
    assert f"no package called 'no-such-thing-at-all' in channel {channel}" in failure["details"]


def test_other_spelling_is_found(engine: Engine) -> None:
    assert "did you mean jupyter-client?" in engine.build("Jupyter_Client").failure["reason"]


def test_version_that_is_nowhere_lists_those_that_are(engine: Engine) -> None:
    failure = engine.build("click==99").failure
    assert "no version of click fits 'click ==99'" in failure["reason"]
    assert "8.1.7" in failure["details"]


def test_python_that_is_nowhere(engine: Engine) -> None:
    failure = engine.build(python_version="3.2").failure
    assert "no version of python fits" in failure["reason"]


def test_unreachable_channel_is_named(engine: Engine) -> None:
    sources = Sources((*engine.sources.channels, f"{NOWHERE}/main"))
    failure = engine.build(sources=sources).failure
    assert failure["reason"] == f"channel {NOWHERE}/main can't be reached: Connection refused (os error 111)"


def test_folder_that_is_no_channel(engine: Engine, tmp_path: Path) -> None:
    failure = engine.build(sources=Sources((tmp_path.as_uri(),))).failure
    assert failure["reason"] == f"channel {tmp_path.as_uri()} can't be reached: there is no channel at this place"


def test_channel_that_wants_a_login(engine: Engine, channel: Path) -> None:
    with Server(channel, user="someone", password="secret") as server:
        failure = engine.build(sources=Sources((server.url,))).failure
    assert server.url in failure["reason"]
    assert "401" in failure["reason"]


def test_channel_that_breaks_during_the_download(engine: Engine, channel: Path, tmp_path: Path) -> None:
    with Server(channel) as server:
        server.fail("*/big-data-*", 404)
        caches = replace(engine.caches, packages=str(tmp_path / "packages"))
        failure = engine.build("big-data", sources=Sources((server.url,)), caches=caches).failure
    assert failure["reason"].startswith("package big-data-1.0-0.conda can't be downloaded: its channel answers 404")


def test_bad_hash_names_the_package(engine: Engine) -> None:
    failure = engine.build("bad-hash").failure
    assert "package bad-hash-1.0-0.conda has a wrong hash" in failure["reason"]


def test_environment_without_python(engine: Engine) -> None:
    failure = engine.run(engine.job(Mode.INSTALL, lock=_lock_without_python(engine))).failure
    assert "holds no Python" in failure["reason"]


def _lock_without_python(engine: Engine) -> Lock:
    lock = engine.run(engine.job(Mode.PREVIEW)).lock
    return replace(lock, packages=tuple(p for p in lock.packages if p.name != "python"))


def test_unreachable_index_is_named(engine: Engine) -> None:
    sources = replace(engine.sources, pip_index_url=f"{NOWHERE}/simple")
    failure = engine.run(engine.job(pip=("tinywheel-00",), sources=sources), env={"UV_HTTP_RETRIES": "0"}).failure
    assert f"package index {NOWHERE}" in failure["reason"]
    assert "Connection refused" in failure["reason"]


def test_unknown_pip_package(engine: Engine) -> None:
    assert engine.build(pip=["no-such-wheel"]).failure["reason"] == "no pip package called 'no-such-wheel' on the index"


def test_requirement_of_a_pip_package_that_is_nowhere(engine: Engine) -> None:
    failure = engine.build(pip=["needs-absent"]).failure
    assert "no pip package called 'not-in-this-index' on the index" in failure["reason"]


def test_pip_version_that_is_nowhere(engine: Engine) -> None:
    failure = engine.build(pip=["tinywheel-00==9"]).failure
    assert "no version of tinywheel-00==9" in failure["reason"]


def test_pip_does_not_replace_what_conda_installed(engine: Engine) -> None:
    failure = engine.build("click=8.1.7", pip=["needs-old-click"]).failure
    assert failure["reason"] == "the pip libraries do not fit together with what conda installed"
    assert "click==8.1.7" in failure["details"]
    assert "click<8" in failure["details"]


def test_pip_requirement_that_conda_fulfils_needs_nothing(engine: Engine) -> None:
    run = engine.build("click=8.1.7", pip=["click>=8"])
    assert [p.name for p in run.lock.packages if p.manager == "pip"] == []
    assert "conda installed all of it" in run.log


def test_pip_hash_that_is_wrong_names_the_package(engine: Engine, tmp_path: Path) -> None:
    with _changed_index(tmp_path) as server:
        sources = replace(engine.sources, pip_index_url=index_url(server))
        failure = engine.build(pip=["changed"], sources=sources).failure
    assert failure["reason"].startswith("pip package changed 1.0 has a wrong hash")


@contextmanager
def _changed_index(folder: Path) -> Iterator[Server]:
    """An index whose page was made from other bytes than it serves."""
    write_wheel(folder, "changed", "1.0", {"changed.py": b"before\n"})
    pages = SimpleIndex(folder)
    page = pages.page("simple/changed/", "text/html")
    write_wheel(folder, "changed", "1.0", {"changed.py": b"after\n"})
    with _serving(folder, pages, page) as server:
        yield server


def _serving(folder: Path, pages: SimpleIndex, project: Page | None) -> Server:
    """Serves the folder with this page for its one project, and the metadata as they were at first."""
    return Server(folder, lambda path, accept: project if path.startswith("simple/") else pages.page(path, accept))


def test_source_only_package_is_refused_without_source_builds(engine: Engine) -> None:
    failure = engine.build(pip=["source-only"], allow_source_builds=False).failure
    assert (
        failure["reason"]
        == "source-only has no wheel for this Python, and this deployment builds no source distributions"
    )


def test_source_only_package_is_built_and_marked(engine: Engine) -> None:
    run = engine.build(pip=["source-only"])
    (package,) = [p for p in run.lock.packages if p.manager == "pip"]
    assert package.source_build is True
    assert package.url.endswith(".tar.gz")
    assert run.asked["prefix_key"] is None


def test_kernel_that_can_not_start_fails_the_build(engine: Engine) -> None:
    failure = engine.build("broken-kernel").failure
    assert failure["reason"] == "the kernel can't start: broken-kernel: ipykernel can't start in this environment"


def test_pip_package_that_breaks_conda_s_requirements_fails_the_build(engine: Engine, tmp_path: Path) -> None:
    """The index tells of no requirement; the wheel itself has one that conda's click does not meet."""
    write_wheel(tmp_path, "liar", "1.0", {"liar.py": b""})
    pages = SimpleIndex(tmp_path)
    write_wheel(tmp_path, "liar", "1.0", {"liar.py": b""}, ["click<8"])
    page = SimpleIndex(tmp_path).page("simple/liar/", "text/html")
    assert page is not None
    page = Page(page.content_type, re.sub(rb' data-core-metadata="[^"]*"', b' data-core-metadata="true"', page.body))
    with _serving(tmp_path, pages, page) as server:
        sources = replace(engine.sources, pip_index_url=index_url(server))
        failure = engine.build("click=8.1.7", pip=["liar"], sources=sources).failure
    assert failure["reason"].startswith(
        "the pip libraries break what is installed: The package `liar` requires `click<8`"
    )


def test_full_disk_says_which_and_how_much_is_free(engine: Engine, root: Path) -> None:
    place = root / "small"
    place.mkdir()
    mount = f'mount -t tmpfs -o size=20m,mode=755 tmpfs {place} && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") and not subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        job = engine.job(conda=("big-data",), caches=replace(engine.caches, packages=str(place / "packages")))
        failure = engine.run(job, command=command).failure
        assert f"the disk that holds {place}" in failure["reason"]
        assert "is full" in failure["reason"]
        assert "MB free" in failure["reason"]
    for text in ("failed to write: No space left on device (os error 28)", "Disk quota exceeded (os error 122)"):
        known = explain_text(text, place)
        assert known is not None
        assert known.reason.startswith(f"the disk that holds {place} is full: ")


def test_refused_write_names_the_folder() -> None:
    known = explain(PermissionError(13, "Permission denied", "/srv/dataflow/prefixes"))
    assert known is not None
    assert known.reason.startswith("no permission to write /srv/dataflow/prefixes")


def test_other_errors_are_not_explained_away() -> None:
    assert explain(ValueError("something else")) is None
