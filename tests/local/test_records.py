"""What is known of made environments, also when several servers of one person know it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.domain.errors import Conflict, LocalNameTaken, NotFound, Unavailable
from jupyter_dataflow_envs.domain.local import CopiedFrom, InstalledPackage, Work
from jupyter_dataflow_envs.local.folder import LocalFolder
from jupyter_dataflow_envs.local.records import Maker, Record, Records, State


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    folder = LocalFolder(tmp_path / "local")
    folder.create()
    return folder


def record(name: str = "mine", **more: object) -> Record:
    made = Record(name, State.MAKING, Work.COPY, Maker.this_process(), now())
    return replace(made, **more)  # type: ignore[arg-type]


def dead() -> Maker:
    """Of a process that has ended."""
    code = "import psutil; p = psutil.Process(); print(p.pid, p.create_time())"
    pid, created = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    return replace(Maker.this_process(), pid=int(pid), created=float(created))


def test_a_record_is_read_as_it_was_written(folder: LocalFolder) -> None:
    packages = (InstalledPackage("conda", "numpy", "2.0", "py0", "https://channel", "editable"),)
    full = record(
        copied_from=CopiedFrom("mlenv", "Machine learning", 3, "d" * 64),
        requested={"python_version": "3.11"},
        packages=packages,
        session=True,
    )
    Records(folder).claim(full)
    assert Records(folder).all() == {"mine": full}
    assert (folder.records / "mine.json").stat().st_mode & 0o777 == 0o600


def test_the_folder_is_its_persons_alone_and_keeps_its_id(folder: LocalFolder) -> None:
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.create() == folder.create()


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="local_dir"):
        LocalFolder(tmp_path / "file" / "local").create()


def test_of_many_that_want_a_name_one_gets_it(folder: LocalFolder) -> None:
    def claim(number: int) -> str | None:
        try:
            Records(folder).claim(record(requested={"n": number}))
        except LocalNameTaken as taken:
            return str(taken.more["suggestion"])
        return None

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(claim, range(40)))
    assert told.count(None) == 1
    assert set(told) == {None, "mine-2"}


def test_a_failed_one_gives_its_name_away(folder: LocalFolder) -> None:
    records = Records(folder)
    first = record()
    records.claim(first)
    assert records.finish(first, state=State.FAILED, reason="no room")
    second = record(requested={"again": True})
    records.claim(second)
    assert records.get("mine") == second
    # What the first one's thread still has to say is about something that is no more.
    assert not records.finish(first, state=State.READY)


def test_a_folder_that_somebody_put_there_is_taken(folder: LocalFolder) -> None:
    folder.prefix("mine").mkdir()
    with pytest.raises(LocalNameTaken):
        Records(folder).claim(record())


def test_removing(folder: LocalFolder) -> None:
    records = Records(folder)
    made = record()
    records.claim(made)
    folder.prefix("mine").mkdir()
    with pytest.raises(Conflict, match="cancel"):
        records.remove("mine")
    records.finish(made, state=State.READY)
    records.remove("mine")
    assert not folder.prefix("mine").exists()
    folder.clear()
    assert list(folder.removed.iterdir()) == []
    with pytest.raises(NotFound):
        records.remove("mine")


def test_what_dead_servers_leave(folder: LocalFolder) -> None:
    records, maker = Records(folder), dead()
    records.claim(record("half", maker=maker))
    records.claim(record("short", maker=maker, state=State.READY, session=True))
    records.claim(record("kept", maker=maker, state=State.READY))
    records.claim(record("going"))
    for name in ("half", "short", "kept", "going"):
        folder.prefix(name).mkdir()
    assert records.settle() == ["short"]
    assert {name: found.state for name, found in records.all().items()} == {
        "half": State.FAILED,
        "kept": State.READY,
        "going": State.MAKING,
    }
    assert "Make it again" in (records.get("half").reason or "")
    assert sorted(path.name for path in folder.environments.iterdir()) == ["going", "kept"]


def test_a_server_elsewhere_counts_as_living(folder: LocalFolder) -> None:
    Records(folder).claim(record(maker=replace(dead(), host="another-machine")))
    assert Records(folder).settle() == []
    assert Records(folder).get("mine").state is State.MAKING


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": 1}', "\x00"])
def test_a_file_that_is_no_record_is_left_alone(folder: LocalFolder, text: str) -> None:
    (folder.records / "odd.json").write_text(text)
    assert Records(folder).all() == {}
    assert (folder.records / "odd.json").read_text() == text
