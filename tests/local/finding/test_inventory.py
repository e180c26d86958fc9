from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.local import FoundKernel
from jupyter_dataflow_envs.local.finding import looks
from jupyter_dataflow_envs.local.finding.inventory import Inventory, found_id
from tests.local.finding.conftest import Home

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def mine(home: Home) -> Path:
    return home.venv(home.folder / ".virtualenvs/mine", "rich-1.0")


@pytest.fixture
def inventory(home: Home, mine: Path) -> Inventory:
    return Inventory(replace(home.around, folders=(home.folder / "projects",)))


def names(inventory: Inventory) -> list[str]:
    return [found.name for found in inventory.look()]


def test_what_was_found_is_sorted(home: Home, inventory: Inventory) -> None:
    home.conda(home.folder / "miniforge3/envs/Another")
    assert names(inventory) == ["Another", "mine", "server"]


def test_excluded_folders_and_all_below_them(home: Home, mine: Path) -> None:
    made = home.venv(home.folder / "local/environments/made")
    launcher = home.folder / "local/launchers/x/python"
    home.kernel("made", made / "bin/python")
    home.kernel("launched", launcher)
    home.venv(home.folder / ".virtualenvs/mine-too")
    (home.folder / "alias").symlink_to(home.folder / "local")
    excluded = [home.folder / "alias", mine]
    inventory = Inventory(home.around, excluded=excluded)
    assert names(inventory) == ["mine-too", "server"]
    assert [kernel.name for kernel in inventory.kernels_of(made)] == ["made"]


CHANGES: dict[str, Callable[[Home, Path], object]] = {
    "an environment more": lambda home, mine: home.venv(mine.with_name("other")),
    "an environment less": lambda home, mine: shutil.rmtree(mine),
    "a first environment in a new place": lambda home, mine: home.conda(home.folder / "anaconda3/envs/x"),
    "a package more": lambda home, mine: home.distribution(mine / SITE, "six-1.0"),
    "a package less": lambda home, mine: shutil.rmtree(mine / SITE / "rich-1.0.dist-info"),
    "another Python": lambda home, mine: (mine / "pyvenv.cfg").write_text(f"home = {home.base}/bin\nversion = 3.11.9"),
    "its Python gone": lambda home, mine: (home.base / "bin/python3.11").unlink(),
    "its Python forbidden": lambda home, mine: (home.base / "bin/python3.11").chmod(0o644),
    "a kernel more": lambda home, mine: home.kernel("mine", mine / "bin/python"),
    "environments.txt": lambda home, mine: _listed(home),
    "a .condarc": lambda home, mine: _configured(home),
    "a project's .venv": lambda home, mine: home.venv(home.folder / "projects/app/.venv"),
}


def _listed(home: Home) -> None:
    (home.folder / ".conda").mkdir()
    prefix = home.conda(home.folder / "somewhere")
    (home.folder / ".conda/environments.txt").write_text(f"{prefix}\n")


def _configured(home: Home) -> None:
    home.conda(home.folder / "disk/one")
    (home.folder / ".condarc").write_text("envs_dirs: [~/disk]")


@pytest.mark.parametrize("grain", [0, looks.GRAIN])
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_seen(
    home: Home, inventory: Inventory, mine: Path, change: str, grain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "GRAIN", grain)
    before, stamp = inventory.look(), inventory.stamp()
    assert (inventory.look(), inventory.stamp()) == (before, stamp)
    CHANGES[change](home, mine)
    assert inventory.stamp() > stamp
    fresh = Inventory(inventory._around)
    assert inventory.look() == fresh.look()
    assert inventory.look() != before
    assert inventory.kernels_of(mine) == fresh.kernels_of(mine)


def test_an_update_is_told_although_the_description_is_the_same(home: Home, inventory: Inventory, mine: Path) -> None:
    before, stamp = inventory.look(), inventory.stamp()
    (mine / SITE / "rich-1.0.dist-info").rename(mine / SITE / "rich-1.1.dist-info")
    assert inventory.stamp() > stamp
    assert inventory.look() == before


def test_a_project_that_gets_its_environment_bit_by_bit(home: Home, inventory: Inventory) -> None:
    for folder in ("projects", "projects/app", "projects/app/.venv"):
        (home.folder / folder).mkdir()
        assert names(inventory) == ["mine", "server"]
    (home.folder / "projects/app/.venv/pyvenv.cfg").touch()
    assert names(inventory) == ["app", "mine", "server"]


def test_nothing_is_read_twice(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "GRAIN", 0)
    before = inventory.look()
    monkeypatch.setattr(os, "scandir", lambda path: pytest.fail(f"{path} is read again"))
    monkeypatch.setattr(looks, "read_bytes", lambda path, limit: pytest.fail(f"{path} is read again"))
    assert inventory.look() == before


def test_what_changed_just_now_is_read_again(inventory: Inventory, mine: Path) -> None:
    """A disk that counts whole seconds would give the second change the time of the first."""
    before = (mine / "pyvenv.cfg").stat()
    inventory.look()
    text = (mine / "pyvenv.cfg").read_text().replace("3.11.4", "3.11.5")
    (mine / "pyvenv.cfg").write_text(text)
    os.utime(mine / "pyvenv.cfg", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert {found.python_version for found in inventory.look() if found.name == "mine"} == {"3.11.5"}


def test_kernels_and_whose_they_are(home: Home, mine: Path) -> None:
    metadata = {"dataflow_envs": {"local_owner": "me"}, "conda_env_path": str(mine)}
    home.kernel("theirs", mine / "bin/python", metadata={"dataflow_envs": {"local_owner": 1}})
    home.kernel("ours", "/launchers/found/latest", metadata=metadata)
    metadata["dataflow_envs"] = {"local_owner": "someone"}  # type: ignore[assignment]
    home.kernel("another-ours", "/launchers/found/latest", metadata=metadata)
    inventory = Inventory(home.around, owner="me")
    assert inventory.kernels_of(mine) == (
        FoundKernel("ours", "Kernel ours", True),
        FoundKernel("another-ours", "Kernel another-ours", False),
        FoundKernel("theirs", "Kernel theirs", False),
    )
    assert inventory.kernels_of(home.folder) == ()
    assert not any(k.ours for k in Inventory(home.around).kernels_of(mine))


@pytest.mark.parametrize(
    "spec",
    [
        "", "[]", "{", "[" * 100_000, '{"argv": []}', '{"argv": [1]}', '{"argv": "python"}',
        '{"argv": ["/a\\u0000/python"]}', '{"argv": ["/\\ud800/bin/python"]}',
        json.dumps({"argv": ["{x}"], "metadata": {"dataflow_envs": {"local_owner": "me"}}}),
    ],
)  # fmt: skip
def test_a_broken_kernelspec_names_nothing(home: Home, inventory: Inventory, spec: str) -> None:
    home.kernel("odd", "x").write_text(spec)
    assert names(inventory) == ["mine", "server"]


def test_several_threads_get_the_same(home: Home, inventory: Inventory, mine: Path) -> None:
    found, start = [], threading.Barrier(8)

    def look() -> None:
        start.wait()
        found.extend((tuple(inventory.look()), inventory.stamp()) for _ in range(20))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 160
    assert set(found) == {(tuple(inventory.look()), 1)}


def test_an_id_is_that_of_the_real_prefix(home: Home, mine: Path) -> None:
    (home.folder / "alias").symlink_to(mine)
    assert found_id(mine) == found_id(home.folder / "alias") == found_id(mine / "../mine")
    assert found_id(mine) != found_id(home.folder)
    assert (len(found_id(mine)), found_id(mine)[:6]) == (18, "found-")
