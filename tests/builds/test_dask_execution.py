"""What a worker does while nobody looks: it waits, and it ends; and its journal."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.builds.dask import journal as journal_module
from jupyter_dataflow_envs.builds.dask.exchange import ENDED, TOKEN_FILE, WAITING, Claim
from jupyter_dataflow_envs.builds.dask.execution import Execution
from jupyter_dataflow_envs.builds.dask.journal import Journal
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.engine.protocol import Caches, Job, Mode, Sources
from tests.channel.server import Server
from tests.faults.processes import of_root
from tests.live import wait_until
from tests.service.deployments import minor_of
from tests.service.warm import warm


@pytest.fixture(scope="module")
def served(channel: Path) -> Iterator[Server]:
    with Server(channel) as server:
        yield server


@contextmanager
def alive(execution: Execution) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=execution.live)
    thread.start()
    try:
        yield thread
    finally:
        execution.end()
        thread.join(10)
        assert not thread.is_alive()


def claim(root: Path, served: Server, channel: Path) -> Claim:
    """Of a build that stays in its solve for as long as the channel hangs."""
    root.mkdir(exist_ok=True)
    (root / TOKEN_FILE).write_text("token")
    job = Job(
        mode=Mode.BUILD,
        caches=Caches(*(str(root / "cache" / name) for name in ("packages", "repodata", "uv", "bytecode"))),
        sources=Sources((served.url,)),
        prefix=str(root / "prefixes" / "0123456789ab"),
        python_version=minor_of(channel),
        conda=("tiny-000",),
    )
    return Claim(job.to_line(), str(root), 1_000_000, "token")


def test_a_place_that_nobody_claims_is_given_back(tmp_path: Path) -> None:
    execution = Execution("run", tmp_path, 0.3, lambda: False)
    begun = time.monotonic()
    with alive(execution) as thread:
        assert execution.state == WAITING
        thread.join(5)
        assert not thread.is_alive()
    assert 0.3 <= time.monotonic() - begun < 2
    assert (execution.state, list(tmp_path.iterdir())) == (ENDED, [])


def test_what_was_ended_is_not_claimed_any_more(tmp_path: Path) -> None:
    execution = Execution("run", tmp_path, 60, lambda: False)
    with alive(execution) as thread:
        execution.end()
        execution.claim(Claim("not read", str(tmp_path), 1, ""))
        thread.join(5)
        assert (execution.state, execution.journal) == (ENDED, None)


@pytest.mark.parametrize("why", ["unheard", "leaving"])
def test_a_build_does_not_go_on_unseen(tmp_path: Path, served: Server, channel: Path, why: str) -> None:
    """The service is silent for too long, or the worker is about to go."""
    root = tmp_path / "root"
    gone = threading.Event()
    served.hang("*repodata*")
    execution = Execution("run", tmp_path, 1.5 if why == "unheard" else 60, gone.is_set)
    with alive(execution) as thread:
        execution.claim(claim(root, served, channel))
        wait_until(lambda: of_root(root), "the engine", 5)
        if why == "leaving":
            gone.set()
        wait_until(lambda: execution.state == ENDED, "its end", 10)
        thread.join(10)
        assert not thread.is_alive()
    served.heal()
    assert of_root(root) == []
    assert list((root / "prefixes").iterdir()) == []
    assert list(tmp_path.glob("*.jsonl")) == []


def test_a_worker_that_does_not_see_the_folder_builds_nothing(tmp_path: Path, served: Server, channel: Path) -> None:
    told = claim(tmp_path / "root", served, channel)
    (tmp_path / "root" / TOKEN_FILE).write_text("another deployment's")
    execution = Execution("run", tmp_path, 60, lambda: False)
    with alive(execution):
        execution.claim(told)
        wait_until(lambda: execution.state == ENDED, "its end", 5)
        assert execution.journal is not None
        last = json.loads(execution.journal.read(0)[0].splitlines()[-1])["last"]
        assert last["type"] == "failure"
        assert "does not see the service's folder" in last["reason"]
        execution.dismiss()
    assert of_root(tmp_path / "root") == []


def test_what_is_built_on_a_disk_of_the_worker_s_own_travels_as_an_image(
    tmp_path: Path, served: Server, channel: Path
) -> None:
    root = warm(tmp_path / "root", channel)
    told = replace(claim(root, served, channel), token="the service's", image_url=(tmp_path / "store").as_uri())
    execution = Execution("run", tmp_path, 60, lambda: False)
    with alive(execution):
        execution.claim(told)
        execution.answer(["install"])
        wait_until(lambda: execution.state == ENDED, "its end", 60)
        assert execution.journal is not None
        lines = [json.loads(line) for line in execution.journal.read(0)[0].splitlines()]
        execution.dismiss()
    last = lines[-1]["last"]
    assert last["type"] == "result", last
    assert last["steps"][-1]["name"] == "packing"
    (image,) = (tmp_path / "store").glob("0123456789ab*")
    assert image.stat().st_size == last["image"]["size"]
    assert list((root / "prefixes").iterdir()) == []
    remove_tree(root)


def test_a_journal_is_read_by_offset_in_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "READ_LIMIT", 100)
    journal = Journal(tmp_path / "journal", 10_000)
    assert journal.read(0) == ("", 0)
    said = [{"type": "log", "text": f"line {n} über {'x' * n * 17}"} for n in range(12)]
    for message in said:
        journal.heard(message)
    journal.end(None)
    text, offset, reads = "", 0, 0
    while journal.has_more(offset):
        more, offset = journal.read(offset)
        assert more.endswith("\n")
        text, reads = text + more, reads + 1
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines == [*({"heard": message} for message in said), {"last": None}]
    assert reads > 5
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600
    journal.remove()
    assert journal.read(0) == ("", 0)
    assert not (tmp_path / "journal").exists()


def test_a_journal_holds_no_credentials_and_no_more_than_a_log(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", 200)
    journal.printed("from https://me:secret@example.org/simple")
    journal.heard({"type": "log", "text": "x" * 150})
    journal.heard({"type": "log", "text": "y" * 150})
    journal.printed("z")
    journal.heard({"type": "step", "name": "linking"})
    journal.end({"type": "failure", "reason": "no https://me:secret@example.org/simple", "details": "", "steps": []})
    text, _ = journal.read(0)
    assert "secret" not in text
    assert "https://***@example.org/simple" in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [next(iter(line)) for line in lines] == ["printed", "heard", "heard", "last"], "the step is no text"
    journal.remove()
