"""What a build leaves behind and says, in each of its modes."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy
from jupyter_dataflow_envs.domain.version import Step
from jupyter_dataflow_envs.engine.protocol import Answer, Mode
from jupyter_dataflow_envs.exchange.lockfile import parse_conda_lock, render_conda_lock
from tests.channel.archive import Package, PackageFile
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.channel.wheelhouse import write_wheel
from tests.engine.driver import Engine, Run
from tests.engine.extra_channel import extra_channel


@pytest.fixture(scope="module")
def conda_only(engine: Engine) -> tuple[Run, Path]:
    job = engine.job(conda=("tiny-000=1.3",))
    return engine.run(job), Path(job.prefix)


@pytest.fixture(scope="module")
def with_pip(engine: Engine) -> tuple[Run, Path]:
    job = engine.job(conda=("tiny-001",), pip=("tinywheel-00==1.4", "tinywheel-01"))
    return engine.run(job), Path(job.prefix)


def python(prefix: Path, code: str) -> str:
    return subprocess.run(
        [prefix / "bin" / "python", "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_conda_only(conda_only: tuple[Run, Path], engine: Engine) -> None:
    run, prefix = conda_only
    assert run.versions()["tiny-000"] == "1.3"
    assert {"python", "ipykernel", "pip"} <= run.versions().keys()
    assert run.lock.python.startswith(engine.python)
    assert all(
        len(p.sha256) == 64 and p.md5 and p.size and p.url.endswith((".conda", ".bz2")) for p in run.lock.packages
    )
    assert python(prefix, "import tiny_000; print(tiny_000.VERSION)") == "1.3"
    assert run.result["packages"] == len(run.lock.packages)


def test_steps_come_in_order_and_their_durations_add_up(with_pip: tuple[Run, Path]) -> None:
    run, _ = with_pip
    order = [step.value for step in Step]
    assert [order.index(s) for s in run.steps] == sorted(order.index(s) for s in run.steps)
    assert run.steps[0] == "solving"
    assert run.steps[-4:] == ["pip", "compiling", "sealing", "verifying"]
    assert [s["name"] for s in run.result["steps"]] == run.steps
    assert all(s["duration"] >= 0 for s in run.result["steps"])


def test_nothing_is_said_after_the_end(with_pip: tuple[Run, Path]) -> None:
    run, _ = with_pip
    assert [m["type"] for m in run.messages].index("result") == len(run.messages) - 1
    assert run.printed == ""


def test_pip_part_is_locked_with_url_hash_and_size(with_pip: tuple[Run, Path], index: Server) -> None:
    run, prefix = with_pip
    pip = {p.name: p for p in run.lock.packages if p.manager == "pip"}
    assert {n: p.version for n, p in pip.items()} == {"tinywheel-00": "1.4", "tinywheel-01": "1.9"}
    assert all(
        p.url.startswith(index.url) and p.url.endswith(".whl") and p.size and len(p.sha256) == 64 for p in pip.values()
    )
    assert {p.channel for p in pip.values()} == {index_url(index)}
    assert run.asked["lock"]["packages"] != []
    assert python(prefix, "import tinywheel_00; print(tinywheel_00.VERSION)") == "1.4"


def test_result_and_question_have_one_digest(with_pip: tuple[Run, Path]) -> None:
    run, _ = with_pip
    asked = type(run.lock).from_json(run.asked["lock"])
    assert asked.digest == run.lock.digest
    assert run.asked["prefix_key"] == run.lock.prefix_key(run_link_scripts=False)


def test_log_has_numbers(with_pip: tuple[Run, Path]) -> None:
    run, _ = with_pip
    for text in ("Solved ", "Linked ", "pip: installed 2 packages", "Bytecode: ", "Verified: Python", "Sealed: "):
        assert text in run.log


def test_progress_reaches_its_total(with_pip: tuple[Run, Path]) -> None:
    run, _ = with_pip
    progress = run.of("progress")
    assert progress[-1]["packages_done"] == progress[-1]["packages_total"] == 2
    linked = [p for p in progress if p["packages_total"] > 2]
    assert all(
        a["packages_done"] <= b["packages_done"]
        for a, b in pairwise(linked)
        if a["packages_total"] == b["packages_total"]
    )


def test_build_leaves_no_working_files(with_pip: tuple[Run, Path]) -> None:
    _, prefix = with_pip
    assert not (prefix / ".building").exists()
    assert not list(prefix.rglob("direct_url.json"))


def test_size_and_files_are_those_of_the_prefix(with_pip: tuple[Run, Path]) -> None:
    run, prefix = with_pip
    files = [p for p in prefix.rglob("*") if p.is_file() and not p.is_symlink()]
    assert run.result["files"] == len(files)
    assert run.result["size"] == sum(p.stat().st_size for p in files)


def test_downloads_are_counted_in_packages_and_bytes(engine: Engine, channel: Path, tmp_path: Path) -> None:
    with Server(channel) as server:
        sources = replace(engine.sources, channels=(server.url,))
        caches = replace(engine.caches, packages=str(tmp_path / "packages"))
        run = engine.build("big-data", sources=sources, caches=caches)
    downloads = [p for p in run.of("progress") if p["bytes_total"]]
    assert downloads[-1]["bytes_done"] == downloads[-1]["bytes_total"] > 30_000_000
    assert downloads[-1]["packages_done"] == downloads[-1]["packages_total"] == len(run.lock.packages)
    assert "downloading" in run.steps


def test_special_packages(engine: Engine) -> None:
    """`.tar.bz2`, a binary with a long prefix in it, activation scripts, a conda name that pip does not know."""
    job = engine.job(conda=("old-format", "long-prefix", "activated", "msgpack-python"))
    run, prefix = engine.run(job), Path(job.prefix)
    assert run.result
    assert python(prefix, "import old_format, msgpack; print(old_format.FORMAT)") == "tar.bz2"
    said = subprocess.run([prefix / "bin" / "long-prefix"], check=True, capture_output=True, text=True).stdout
    assert said.splitlines()[0] == str(prefix)


@pytest.mark.parametrize("allowed", [False, True])
def test_link_scripts_run_only_when_allowed(engine: Engine, allowed: bool) -> None:
    job = engine.job(conda=("post-link",), run_link_scripts=allowed)
    assert engine.run(job).result
    assert (Path(job.prefix) / "share" / "post-link" / "ran.txt").exists() is allowed


def test_python_and_what_every_environment_holds_are_not_asked_for_twice(engine: Engine) -> None:
    run = engine.run(engine.job(Mode.PREVIEW, conda=("ipykernel>=6", "pip"), pip=()))
    assert run.log.count("ipykernel") == 1


def test_equal_lock_without_pip_is_reused_before_anything_is_linked(engine: Engine) -> None:
    job = engine.job(conda=("tiny-000=1.3",))
    run = engine.run(job, Answer.REUSE)
    assert run.result["lock"] == run.asked["lock"]
    assert run.steps == ["solving"]
    assert not Path(job.prefix).exists()


def test_equal_lock_with_pip_is_reused_before_pip_installs(engine: Engine) -> None:
    job = engine.job(conda=("tiny-001",), pip=("tinywheel-00==1.4",))
    run = engine.run(job, Answer.REUSE)
    assert run.result["lock"] == run.asked["lock"]
    assert "compiling" not in run.steps
    assert not list(Path(job.prefix).rglob("tinywheel_00.py"))


def test_installing_a_lock_gives_its_digest(engine: Engine, with_pip: tuple[Run, Path]) -> None:
    lock = with_pip[0].lock
    job = engine.job(Mode.INSTALL, lock=lock)
    run = engine.run(job)
    assert run.lock == lock
    assert python(Path(job.prefix), "import tinywheel_00; print(tinywheel_00.VERSION)") == "1.4"


def test_installing_an_exported_lock_gives_its_digest(engine: Engine, with_pip: tuple[Run, Path]) -> None:
    lock = with_pip[0].lock
    read = parse_conda_lock(render_conda_lock(lock))
    run = engine.run(engine.job(Mode.INSTALL, lock=read))
    assert run.lock.digest == lock.digest


def test_installing_a_lock_needs_no_index(engine: Engine, with_pip: tuple[Run, Path], tmp_path: Path) -> None:
    """A revert must work when the index has moved on: the files' own URLs and hashes are enough."""
    caches = replace(engine.caches, uv=str(tmp_path / "uv"))
    sources = replace(engine.sources, pip_index_url="http://127.0.0.1:9/simple")
    run = engine.run(engine.job(Mode.INSTALL, lock=with_pip[0].lock, caches=caches, sources=sources))
    assert run.lock.digest == with_pip[0].lock.digest


def test_hold_keeps_what_is_installed(engine: Engine) -> None:
    before = engine.run(engine.job(conda=("click=8.1.7",), pip=("tinywheel-02==1.0",))).lock
    run = engine.build("click", "tiny-002", pip=["tinywheel-02"], lock=before)
    kept = {p.identity: p.sha256 for p in before.packages}
    now = {p.identity: p.sha256 for p in run.lock.packages}
    assert kept.items() <= now.items()
    assert now.keys() - kept.keys() == {("conda", "tiny-002")}


def test_hold_that_can_not_be_held_says_so(engine: Engine) -> None:
    before = engine.run(engine.job(Mode.PREVIEW, conda=("click=8.1.7",))).lock
    failure = engine.run(engine.job(conda=("click>=8.2",), lock=before)).failure
    assert "click" in failure["reason"]


def test_preview_with_pip_resolves_against_a_prefix_that_it_removes(engine: Engine, with_pip: tuple[Run, Path]) -> None:
    job = engine.job(Mode.PREVIEW, conda=("tiny-001",), pip=("tinywheel-00==1.4", "tinywheel-01"))
    run = engine.run(job)
    assert run.lock.digest == with_pip[0].lock.digest
    assert run.result["pip_resolved"] is True
    assert run.result["download_size"] == sum(p.size or 0 for p in run.lock.packages if p.manager == "pip")
    assert not Path(job.prefix).exists()


def test_preview_downloads_nothing(engine: Engine, tmp_path: Path) -> None:
    caches = replace(engine.caches, packages=str(tmp_path / "packages"))
    run = engine.run(engine.job(Mode.PREVIEW, conda=("tiny-001",), pip=("tinywheel-00",), caches=caches))
    assert run.result["pip_resolved"] is False
    assert run.result["download_size"] == sum(p.size or 0 for p in run.lock.packages)
    assert "resolved during the build" in run.log
    assert not list(tmp_path.glob("packages/*"))


def test_each_pip_package_names_the_index_it_comes_from(engine: Engine, index: Server, tmp_path: Path) -> None:
    """Without credentials and without a slash at its end, so that a policy can compare it."""
    write_wheel(tmp_path, "elsewhere", "1.0", {"elsewhere.py": b""})
    with index_server(tmp_path, user="someone", password="secret") as other:
        private = index_url(other).replace("http://", "http://someone:secret@") + "/"
        run = engine.build(
            pip=["elsewhere", "tinywheel-00==1.4"], sources=replace(engine.sources, pip_extra_index_urls=(private,))
        )
        assert {p.name: p.channel for p in run.lock.packages if p.manager == "pip"} == {
            "elsewhere": index_url(other),
            "tinywheel-00": index_url(index),
        }
        assert "secret" not in str(run.messages)


def test_what_conda_packages_break_themselves_is_a_warning(engine: Engine, with_pip: tuple[Run, Path]) -> None:
    """A wheel's metadata in a conda package may ask for what the conda package does not."""
    info = "inconsistent-1.0.dist-info"
    metadata = b"Metadata-Version: 2.1\nName: inconsistent\nVersion: 1.0\nRequires-Dist: click<1\n"
    wheel = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = [PackageFile(f"site-packages/{info}/{n}", d) for n, d in (("METADATA", metadata), ("WHEEL", wheel))]
    package = Package("inconsistent", "1.0", files, noarch="python", depends=["python", "click"])
    channel = extra_channel(engine.root / "inconsistent", package)
    run = engine.build("inconsistent", sources=replace(engine.sources, channels=(channel, *engine.sources.channels)))
    (warning,) = run.result["warnings"]
    assert warning.startswith("The package `inconsistent` requires `click<1`")
    assert f"Warning: {warning}" in run.log
    assert with_pip[0].result["warnings"] == []


def test_policy_is_checked_on_what_was_resolved(engine: Engine) -> None:
    policy = Policy(denied_packages=(DeniedPackage("traitlets", "", "not in this house"),))
    failure = engine.build("tiny-000", policy=policy).failure
    assert "traitlets" in failure["reason"]
    assert "not in this house" in failure["reason"]


def test_policy_is_checked_on_the_pip_part(engine: Engine) -> None:
    policy = Policy(denied_packages=(DeniedPackage("tinywheel-01", ">=1.5", "too new"),))
    run = engine.build("tiny-001", pip=["tinywheel-01"], policy=policy)
    assert "tinywheel-01 1.9: too new" in run.failure["reason"]
    assert run.of("lock") == []


def test_policy_names_required_packages_and_channels(engine: Engine) -> None:
    missing = engine.build("tiny-000", policy=Policy(required_packages=("tinywheel-05",))).failure
    assert "tinywheel-05" in missing["reason"]
    foreign = engine.build("tiny-000", policy=Policy(channels=("https://example.org/other",))).failure
    assert "is not allowed" in foreign["reason"]
    own = engine.run(engine.job(Mode.PREVIEW, policy=Policy(channels=engine.sources.channels)))
    assert own.result


def test_virtual_packages_can_be_told(engine: Engine) -> None:
    run = engine.run(engine.job(Mode.PREVIEW, conda=("needs-cuda",), virtual_packages={"__cuda": "12.4"}))
    assert "needs-cuda" in run.versions()


def test_conda_metadata_says_what_was_asked_for(conda_only: tuple[Run, Path]) -> None:
    _, prefix = conda_only
    record = json.loads(next((prefix / "conda-meta").glob("tiny-000-*.json")).read_text())
    assert record["requested_specs"] == ["tiny-000=1.3"] or "tiny-000" in str(record["requested_specs"])
