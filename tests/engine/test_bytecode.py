"""Each package is compiled once for a deployment, and every prefix has its bytecode."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.driver import Engine, Run

_COUNTS = re.compile(r"Bytecode: ([\d,]+) files linked, ([\d,]+) compiled")


def counts(run: Run) -> tuple[int, int]:
    match = _COUNTS.search(run.log)
    assert match is not None
    return int(match[1].replace(",", "")), int(match[2].replace(",", ""))


@pytest.fixture(scope="module")
def two(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Run, Path]]:
    """Two builds after one another that share all packages but one, with an empty store at first."""
    caches = replace(engine.caches, bytecode=str(tmp_path_factory.mktemp("bytecode")))
    jobs = [engine.job(conda=(f"tiny-009=1.{n}",), pip=("tinywheel-07==1.0",), caches=caches) for n in (1, 2)]
    return [(engine.run(job), Path(job.prefix)) for job in jobs]


def cached(prefix: Path, module: str) -> Path:
    code = f"import {module} as m; print(m.__cached__); print(m.__file__)"
    done = subprocess.run([prefix / "bin" / "python", "-c", code], check=True, capture_output=True, text=True)
    return Path(done.stdout.splitlines()[0])


def test_second_build_compiles_only_what_is_new(two: list[tuple[Run, Path]]) -> None:
    (first, _), (second, _) = two
    linked, compiled = counts(first)
    assert compiled >= linked > 500
    linked_again, compiled_again = counts(second)
    assert linked_again == linked
    own = compiled - linked  # files that hold the prefix' path: compiled in each
    assert compiled_again == 1 + own


@pytest.mark.parametrize("module", ["traitlets", "IPython.core.ultratb", "tornado.web", "tinywheel_07", "tiny_009"])
def test_all_packages_have_bytecode_shared_by_prefixes(two: list[tuple[Run, Path]], module: str) -> None:
    first, second = (cached(prefix, module) for _, prefix in two)
    assert first.exists()
    assert first.read_bytes()[4] == 1  # PEP 552: unchecked
    assert first.samefile(second) is (module != "tiny_009")


def test_bytecode_knows_nothing_of_the_prefix_it_was_made_in(two: list[tuple[Run, Path]]) -> None:
    (_, first), (_, second) = two
    assert str(first).encode() not in cached(second, "traitlets").read_bytes()
    code = "import traitlets.traitlets as t; print(t.Int.__init__.__code__.co_filename)"
    done = subprocess.run([second / "bin" / "python", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith(str(second))


def test_concurrent_builds_share_an_empty_store(engine: Engine, tmp_path: Path) -> None:
    caches = replace(engine.caches, bytecode=str(tmp_path / "bytecode"))
    jobs = [engine.job(conda=(f"tiny-010=1.{n}",), pip=("tinywheel-08",), caches=caches) for n in range(3)]
    with ThreadPoolExecutor(len(jobs)) as pool:
        runs = list(pool.map(engine.run, jobs))
    assert len({counts(run)[0] for run in runs}) == 1
    assert not list(Path(caches.bytecode).glob("*/*/.*"))
    for job in jobs:
        assert cached(Path(job.prefix), "traitlets").exists()
