"""Builds on a base environment, and with it beside what is installed."""

from __future__ import annotations

import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy
from jupyter_dataflow_envs.engine.protocol import Answer, Job, Mode
from tests.channel.archive import Package, PackageFile
from tests.channel.index import index_server, index_url
from tests.channel.special import python_package
from tests.channel.wheelhouse import write_wheel
from tests.engine.driver import Engine
from tests.engine.extra_channel import extra_channel

TITLE = "mlenv version 2"
BASE = f"the base environment {TITLE}"


def job(engine: Engine, base: Lock, mode: Mode = Mode.BUILD, **more: Any) -> Job:
    return engine.job(mode, base=base, base_title=TITLE, python_version="", **more)


def why(engine: Engine, base: Lock, **more: Any) -> tuple[str, str]:
    failure = engine.run(job(engine, base, **more)).failure
    return failure["reason"], failure["details"]


def added(child: Lock, base: Lock) -> dict[str, str]:
    """What the child holds beside the base, every one of whose packages it holds in the base's own words."""
    assert set(base.packages) <= set(child.packages)
    return {p.name: p.version for p in set(child.packages) - set(base.packages)}


@pytest.fixture(scope="module")
def base(engine: Engine) -> Lock:
    return engine.build("click=8.1.7", "tiny-000=1.3", "numpy=2.4.6", pip=["tinywheel-00==1.4"]).lock


def test_child_holds_the_base_and_its_own(engine: Engine, base: Lock) -> None:
    asked = job(engine, base, conda=("tiny-001=1.2",), pip=("tinywheel-01==1.1",))
    run, prefix = engine.run(asked), Path(asked.prefix)
    assert added(run.lock, base) == {"tiny-001": "1.2", "tinywheel-01": "1.1"}
    code = "import tiny_000, tiny_001, tinywheel_00, tinywheel_01, click; print(tiny_000.VERSION, tinywheel_00.VERSION)"
    done = subprocess.run([prefix / "bin" / "python", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1.3", "1.4"]
    assert f"Holding on to {len(base.packages)} packages, {len(base.packages)} of them of the base {TITLE}" in run.log
    assert Lock.from_json(run.asked["lock"]).digest == run.lock.digest
    assert run.result["packages"] == len(base.packages) + 2


def test_child_with_nothing_of_its_own_is_the_base(engine: Engine, base: Lock) -> None:
    """Known to be equal before anything is linked, so that the base's prefix serves."""
    run = engine.run(job(engine, base), Answer.REUSE)
    assert run.lock.digest == base.digest
    assert run.asked["prefix_key"] == base.prefix_key(run_link_scripts=False)
    assert run.steps == ["solving"]


def test_what_the_base_fulfils_adds_nothing(engine: Engine, base: Lock) -> None:
    """Whichever list asks for it: numpy is conda's in the base, and tinywheel-00 is pip's."""
    run = engine.run(job(engine, base, conda=("click>=8", "tinywheel-00>=1"), pip=("Tinywheel_00==1.4", "numpy>=2")))
    assert run.lock.digest == base.digest


def test_the_same_child_has_the_same_digest(engine: Engine, base: Lock) -> None:
    asked: dict[str, Any] = {"conda": ("tiny-001=1.2",), "pip": ("tinywheel-01==1.1",)}
    built = engine.run(job(engine, base, **asked)).lock
    preview = engine.run(job(engine, base, Mode.PREVIEW, **asked))
    assert preview.lock.digest == built.digest
    assert preview.result["pip_resolved"] is True
    assert preview.result["packages"] == len(built.packages)
    assert engine.run(engine.job(Mode.INSTALL, lock=built, python_version="")).lock == built


def test_preview_knows_the_base_s_pip_packages_without_a_prefix(engine: Engine, base: Lock, tmp_path: Path) -> None:
    caches = replace(engine.caches, packages=str(tmp_path / "packages"))
    run = engine.run(job(engine, base, Mode.PREVIEW, caches=caches))
    assert (run.lock.digest, run.result["pip_resolved"]) == (base.digest, True)
    assert not list(tmp_path.iterdir())


def test_base_that_the_channel_does_not_offer_any_more(engine: Engine, tmp_path: Path) -> None:
    """Neither its packages nor, with other files in the same place, their names and versions."""
    gone = extra_channel(tmp_path / "extra", python_package("here-today", "1.0", "DAY = 1\n"))
    sources = replace(engine.sources, channels=(gone, *engine.sources.channels))
    base = engine.build("here-today", "tiny-000=1.3", sources=sources).lock
    child = engine.run(job(engine, base, conda=("tiny-001=1.2",))).lock
    assert added(child, base) == {"tiny-001": "1.2"}
    assert child.channels == (*engine.sources.channels, gone)
    other = extra_channel(tmp_path / "other", python_package("here-today", "1.0", "DAY = 2\n"))
    sources = replace(engine.sources, channels=(other, *engine.sources.channels))
    child = engine.run(job(engine, base, conda=("tiny-001=1.2", "here-today"), sources=sources)).lock
    assert added(child, base) == {"tiny-001": "1.2"}


def test_base_s_pip_packages_that_the_index_does_not_offer_any_more(engine: Engine, base: Lock, tmp_path: Path) -> None:
    """Their own files are enough, cached or not."""
    write_wheel(tmp_path, "child-only", "1.0", {"child_only.py": b""})
    with index_server(tmp_path) as server:
        sources = replace(engine.sources, pip_index_url=index_url(server))
        asked: dict[str, Any] = {"pip": ("child-only",), "sources": sources}
        assert added(engine.run(job(engine, base, **asked)).lock, base) == {"child-only": "1.0"}
        caches = replace(engine.caches, uv=str(tmp_path / "uv"))
        child = engine.run(job(engine, base, caches=caches, **asked)).lock
        assert added(child, base) == {"child-only": "1.0"}
        assert next(p for p in child.packages if p.name == "child-only").channel == index_url(server)


def test_policy_is_checked_on_the_base_s_packages(engine: Engine, base: Lock) -> None:
    policy = Policy(denied_packages=(DeniedPackage("tinywheel-00", "", "withdrawn"),))
    run = engine.run(job(engine, base, pip=("tinywheel-01",), policy=policy))
    assert "tinywheel-00 1.4: withdrawn" in run.failure["reason"]
    assert run.steps == ["solving"]


def test_conda_requirement_that_excludes_the_base_s_version(engine: Engine, base: Lock) -> None:
    reason, _ = why(engine, base, conda=("numpy=1.26", "tiny-001"))
    assert reason == f"numpy=1.26 does not fit {BASE}, which holds numpy 2.4.6"


def test_every_requirement_that_excludes_the_base_s_version_is_named(engine: Engine, base: Lock) -> None:
    reason, details = why(engine, base, conda=("numpy=1.26", "tinywheel-00==1.5"))
    assert reason == f"numpy=1.26 does not fit {BASE}, which holds numpy 2.4.6 (and 1 more)"
    assert details.splitlines()[1] == f"tinywheel-00==1.5 does not fit {BASE}, which holds tinywheel-00 1.4"


def test_conda_package_that_needs_another_version_than_the_base_s(engine: Engine, base: Lock) -> None:
    reason, details = why(engine, base, conda=("pandas=1.5.3",))
    assert reason == f"the requirements do not fit {BASE}: they need numpy 1.26.4, and the base holds numpy 2.4.6"
    assert details.splitlines()[0] == (
        "numpy 1.26.4 instead of numpy 2.4.6: pandas=1.5.3: pandas 1.5.3 requires numpy <2"
    )


def test_package_behind_a_requirement_is_traced_to_it(engine: Engine, base: Lock, tmp_path: Path) -> None:
    needs = Package("needs-pandas", "3.0", [], noarch="generic", depends=["pandas <2"])
    sources = replace(engine.sources, channels=(extra_channel(tmp_path / "extra", needs), *engine.sources.channels))
    _, details = why(engine, base, conda=("tiny-001", "needs-pandas"), sources=sources)
    assert "needs-pandas: pandas 1.5.3 requires numpy <2" in details


def test_conda_package_that_needs_another_python_than_the_base_s(engine: Engine, base: Lock) -> None:
    other = "3.12" if engine.python == "3.11" else "3.11"
    package = Package("other-python", "1.0", [], noarch="generic", depends=[f"python {other}.*"])
    folder = Path(engine.root / "other-python")
    sources = replace(engine.sources, channels=(extra_channel(folder, package), *engine.sources.channels))
    reason, details = why(engine, base, conda=("other-python",), sources=sources)
    assert reason.startswith(f"the requirements do not fit {BASE}: they need python {other}.")
    assert f"and the base holds python {base.python}" in reason
    assert f"other-python: other-python 1.0 requires python {other}" in details
    assert "numpy" not in reason, "what only follows from another Python stands in the details"
    assert "numpy" in details


def test_requirements_that_conflict_without_the_base_too_are_explained_as_ever(engine: Engine, base: Lock) -> None:
    reason, _ = why(engine, base, conda=("conflict-a", "conflict-b"))
    assert reason.endswith("can't be installed together: they need different versions of shared-lib")
    reason, _ = why(engine, base, conda=("pandsa",))
    assert reason.startswith("no package called 'pandsa'")


def test_pip_requirement_that_excludes_the_base_s_version(engine: Engine, base: Lock) -> None:
    """Of a pip package before anything is solved, of a conda package as soon as pip's names for those are known."""
    run = engine.run(job(engine, base, pip=("tinywheel-00>=1.5",)))
    assert run.failure["reason"] == f"tinywheel-00>=1.5 does not fit {BASE}, which holds tinywheel-00 1.4"
    assert run.steps == ["solving"]
    reason, _ = why(engine, base, pip=("click<8",))
    assert reason == f"click<8 does not fit {BASE}, which holds click 8.1.7"


def test_pip_package_that_needs_another_version_than_the_base_s(engine: Engine, base: Lock, tmp_path: Path) -> None:
    reason, details = why(engine, base, pip=("needs-old-click",))
    assert reason == f"the requirements do not fit {BASE}: they need click 7.0, and the base holds click 8.1.7"
    assert "depend on click<8" in details
    for version in ("1.4", "1.5"):
        write_wheel(tmp_path, "tinywheel-00", version, {"tinywheel_00.py": b""})
    write_wheel(tmp_path, "needs-newer", "1.0", {"needs_newer.py": b""}, ["tinywheel-00>=1.5"])
    with index_server(tmp_path) as server:
        sources = replace(engine.sources, pip_index_url=index_url(server))
        reason, _ = why(engine, base, pip=("needs-newer",), sources=sources)
    assert (
        reason == f"the requirements do not fit {BASE}: they need tinywheel-00 1.5, and the base holds tinywheel-00 1.4"
    )


def test_pip_package_that_needs_another_python_than_the_base_s(engine: Engine, base: Lock, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "futuristic-1.0-py3-none-any.whl", "w") as wheel:
        info = "futuristic-1.0.dist-info"
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: futuristic\nVersion: 1.0\nRequires-Python: >=3.99\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    with index_server(tmp_path) as server:
        sources = replace(engine.sources, pip_index_url=index_url(server))
        reason, _ = why(engine, base, pip=("futuristic",), sources=sources)
    assert reason == (
        f"the requirements do not fit {BASE}: futuristic 1.0 requires Python >=3.99, "
        f"and the base holds python {base.python}"
    )


def test_pip_conflict_that_is_not_the_base_s(engine: Engine, base: Lock) -> None:
    reason, _ = why(engine, base, pip=("no-such-wheel",))
    assert reason == "no pip package called 'no-such-wheel' on the index"
    child = replace(base, packages=tuple(p for p in base.packages if p.name != "click"))
    reason, _ = why(engine, child, conda=("click=8.1.7",), pip=("needs-old-click",))
    assert reason == "the pip libraries do not fit together with what conda installed"


def test_conda_package_that_the_base_holds_from_pip(engine: Engine, tmp_path: Path) -> None:
    base = engine.build("tiny-000=1.3", pip=["click==7.0"]).lock
    reason, _ = why(engine, base, conda=("click>=8",))
    assert reason == f"click>=8 does not fit {BASE}, which holds click 7.0"
    needs = Package("needs-click", "1.0", [PackageFile("share/x", b"")], noarch="generic", depends=["click 8.1.7"])
    sources = replace(engine.sources, channels=(extra_channel(tmp_path / "extra", needs), *engine.sources.channels))
    reason, details = why(engine, base, conda=("needs-click",), sources=sources)
    assert reason == (
        f"the requirements do not fit {BASE}: they need click 8.1.7 from conda, and the base holds click 7.0"
    )
    assert "ask for it in the pip list" in details


def test_installed_packages_stay_beside_a_base_that_moved_on(engine: Engine) -> None:
    before = engine.build("tiny-000=1.3", "tiny-001=1.2", pip=["tinywheel-02==1.0", "click==7.0"]).lock
    base = engine.build("tiny-000=1.4", "click=8.1.7", pip=["tinywheel-00==1.4"]).lock
    child = engine.run(
        job(engine, base, conda=("tiny-001", "tiny-002=1.0"), pip=("tinywheel-02", "tinywheel-03==1.0"), lock=before)
    ).lock
    assert added(child, base) == {"tiny-001": "1.2", "tiny-002": "1.0", "tinywheel-02": "1.0", "tinywheel-03": "1.0"}
    mine = {p.identity: p for p in before.packages}
    assert all(mine[p.identity] == p for p in child.packages if p.name in ("tiny-001", "tinywheel-02"))


def test_installed_package_that_does_not_fit_what_is_asked_for(engine: Engine, base: Lock) -> None:
    """Kept by `pin_installed` alone: said to be what is installed, with the way out."""
    held = engine.run(engine.job(conda=("pandas=1.5.3",), lock=base)).failure
    assert held["reason"] == (
        "the requirements do not fit what is installed and has to stay: they need numpy 1.26.4, "
        "and numpy 2.4.6 is installed"
    )
    held = engine.run(engine.job(conda=("click>=8.2",), lock=base)).failure
    assert held["reason"] == (
        "click>=8.2 does not fit click 8.1.7, which is installed and has to stay: build without keeping what is there"
    )


def test_installed_packages_that_need_no_resolution_are_known_before_linking(engine: Engine, base: Lock) -> None:
    asked = engine.job(conda=("tiny-000", "tiny-001=1.2"), pip=("tinywheel-00",), lock=base)
    run = engine.run(asked, Answer.REUSE)
    assert added(run.lock, base) == {"tiny-001": "1.2"}
    assert run.steps == ["solving"]
