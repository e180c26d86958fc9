"""A made channel is made once, whole, and never over something else."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .cache import MARKER, cached_channel, digest, made
from .interpreter import Interpreter, UnusableInterpreterError, find_interpreters


def test_of_many_at_once_one_makes_it(tmp_path: Path) -> None:
    makings: list[Path] = []
    everyone_is_here = threading.Barrier(8)

    def make(folder: Path) -> None:
        makings.append(folder)
        (folder / "noarch").mkdir()

    def ask(_: int) -> Path:
        everyone_is_here.wait(10)
        return made(tmp_path / "channel", "abc", make)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {tmp_path / "channel"}
    assert len(makings) == 1
    assert (tmp_path / "channel" / "noarch").is_dir()


def test_a_failed_making_leaves_nothing(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        made(tmp_path / "channel", "abc", make)
    assert [p.name for p in tmp_path.iterdir() if not p.name.endswith(".lock")] == []


def test_other_sources_replace_what_was_made(tmp_path: Path) -> None:
    for text in ("one", "two"):
        made(tmp_path / "channel", text, lambda folder, text=text: (folder / "text").write_text(text))  # type: ignore[misc]
        assert (tmp_path / "channel" / "text").read_text() == text
        assert (tmp_path / "channel" / MARKER).read_text() == text


def test_strangers_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="not made here"):
        made(tmp_path, "abc", lambda folder: None)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_the_cached_channel_is_found_again(channel: Path) -> None:
    before = (channel / "noarch" / "repodata.json").stat().st_mtime_ns
    assert cached_channel() == channel
    assert (channel / "noarch" / "repodata.json").stat().st_mtime_ns == before
    assert channel.name.endswith(digest(find_interpreters(), small=False))


def test_the_running_interpreter_comes_first_where_it_can() -> None:
    found = find_interpreters()
    try:
        running = Interpreter.probe(Path(sys.executable))
    except UnusableInterpreterError:
        pytest.skip("this interpreter can't become a package")
    assert found[0].version == running.version
    assert len({i.minor for i in found}) == len(found) <= 2


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho no modules >&2; exit 1\n"])
def test_an_interpreter_that_does_not_run_is_refused_with_its_reason(tmp_path: Path, text: str) -> None:
    program = tmp_path / "python3.11"
    program.write_text(text)
    program.chmod(0o755)
    with pytest.raises(UnusableInterpreterError, match=r"python3\.11 can't be used: no m"):
        Interpreter.probe(program)


def test_the_command_prints_the_folder(channel: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    got = subprocess.run(
        [sys.executable, "-m", "tests.channel"], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert got.stdout == f"{channel}\n"


def test_the_command_says_what_is_wrong_with_an_interpreter(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "tests.channel", str(tmp_path / "c"), "--python", str(tmp_path / "none")]
    got = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    assert got.returncode == 1
    assert got.stderr.startswith(f"{tmp_path / 'none'} does not run")
    assert "Traceback" not in got.stderr
    assert not (tmp_path / "c").exists()
