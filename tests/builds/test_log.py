"""Logs on disk: capped, masked, readable from any byte while they grow."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_dataflow_envs.builds.log import READ_LIMIT, RESERVE, BuildLog, Logs

LIMIT = 4 * RESERVE
LINES = st.lists(st.text(max_size=60), max_size=30)


def _read_all(logs: Logs, limit: int, offset: int = 0) -> bytes:
    data = b""
    while True:
        part, following = logs.read("e", 1, 1, offset + len(data), limit)
        assert following == offset + len(data) + len(part)
        if not part:
            return data
        part.decode()
        data += part


def test_lines_are_appended_and_kept_apart(tmp_path: Path) -> None:
    logs = Logs(tmp_path, LIMIT)
    log = logs.open("e", 2, 3)
    log.write("one")
    log.write("two\nthree\n")
    log.close("end")
    assert logs.path("e", 2, 3) == tmp_path / "e" / "2.3.log"
    assert logs.path("e", 2, 3).read_text() == "one\ntwo\nthree\nend\n"
    assert logs.path("e", 2, 3).stat().st_mode & 0o777 == 0o600


def test_a_log_not_begun_is_empty(tmp_path: Path) -> None:
    assert Logs(tmp_path, LIMIT).read("e", 1, 1, 7) == (b"", 7)


def test_what_was_written_is_there_at_once_and_a_log_taken_up_again_goes_on(tmp_path: Path) -> None:
    logs = Logs(tmp_path, LIMIT)
    first = logs.open("e", 1, 1)
    first.write("before")
    assert logs.read("e", 1, 1, 0)[0] == b"before\n"
    again = logs.open("e", 1, 1)
    again.write("after")
    assert logs.read("e", 1, 1, 0)[0] == b"before\nafter\n"
    for log in (first, again):
        log.close()


def test_closing_twice_says_the_last_words_once(tmp_path: Path) -> None:
    logs = Logs(tmp_path, LIMIT)
    log = logs.open("e", 1, 1)
    log.close("last")
    log.close("later")
    assert logs.read("e", 1, 1, 0)[0] == b"last\n"


@pytest.mark.parametrize(
    "secret",
    [
        "https://user:S3CRET@host.example/channel",
        "https://host.example/t/S3CRET/channel",
        "http://S3CRET@host.example/simple",
        "looking in https://a:S3CRET@x.example, and https://b:S3CRET@y.example/t/S3CRET/z",
    ],
)
def test_credentials_never_reach_the_disk(tmp_path: Path, secret: str) -> None:
    logs = Logs(tmp_path, LIMIT)
    log = logs.open("e", 1, 1)
    log.write(f"before {secret} after")
    log.close(f"failed at {secret}")
    text = logs.path("e", 1, 1).read_text()
    assert "S3CRET" not in text
    assert text.count("***") >= 2
    assert "example" in text


def test_a_log_is_cut_with_a_line_that_says_so_and_still_ends(tmp_path: Path) -> None:
    logs = Logs(tmp_path, LIMIT)
    log = logs.open("e", 1, 1)
    for number in range(10_000):
        log.write(f"line {number} {'x' * 100}")
    log.close("Succeeded. " + "y" * 50)
    lines = logs.path("e", 1, 1).read_text().splitlines()
    assert logs.path("e", 1, 1).stat().st_size <= LIMIT
    assert lines[-2] == f"[The log is cut here: it has reached {LIMIT:,} bytes. The build goes on.]"
    assert lines[-1].startswith("Succeeded.")
    assert lines[:-2] == [f"line {n} {'x' * 100}" for n in range(len(lines) - 2)]


def test_the_reserve_is_enough_for_any_last_words(tmp_path: Path) -> None:
    logs = Logs(tmp_path, LIMIT)
    log = logs.open("e", 1, 1)
    for _ in range(LIMIT // 100):
        log.write("x" * 99)
    log.close("ü€🐍" * RESERVE)
    data = logs.path("e", 1, 1).read_bytes()
    assert len(data) <= LIMIT
    assert data.decode().endswith("\n")


def test_a_log_of_8000_lines_costs_nothing_to_speak_of(tmp_path: Path) -> None:
    """Constant cost a line: the last thousand takes no longer than the first by an order of magnitude."""
    logs = Logs(tmp_path, 64 * 1024 * 1024)
    log = logs.open("e", 1, 1)
    laps = []
    for _ in range(8):
        begun = time.perf_counter()
        for _ in range(1000):
            log.write("x" * 109)
        laps.append(time.perf_counter() - begun)
    log.close()
    assert logs.path("e", 1, 1).stat().st_size == 8000 * 110
    assert sorted(laps[4:])[0] < 10 * sorted(laps[:4])[-1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(1, 50))
def test_pages_of_any_size_put_together_are_the_log(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], limit: int
) -> None:
    logs = Logs(tmp_path_factory.mktemp("log"), 64 * 1024 * 1024)
    log = logs.open("e", 1, 1)
    for line in lines:
        log.write(line)
    log.close()
    whole = logs.path("e", 1, 1).read_bytes()
    whole.decode()
    assert _read_all(logs, limit) == whole
    # From the start of any character the rest is read as it is.
    for start in range(0, len(whole), 7):
        if whole[start] & 0xC0 != 0x80:
            assert _read_all(logs, limit, start) == whole[start:]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(RESERVE * 2, RESERVE * 4), st.text(max_size=100))
def test_no_log_grows_beyond_its_limit(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], limit: int, last_words: str
) -> None:
    path = tmp_path_factory.mktemp("log") / "1.1.log"
    log = BuildLog(path, limit)
    for line in lines:
        log.write(line * 100)
    log.close(last_words)
    assert path.stat().st_size <= limit
    path.read_bytes().decode()


def test_one_read_returns_no_more_than_a_megabyte(tmp_path: Path) -> None:
    logs = Logs(tmp_path, 64 * 1024 * 1024)
    log = logs.open("e", 1, 1)
    log.write("x" * (3 * READ_LIMIT))
    log.close()
    assert len(logs.read("e", 1, 1, 0, 10**12)[0]) == READ_LIMIT
    assert logs.read("e", 1, 1, 10**15) == (b"", 10**15)


def test_a_reader_beside_a_writer_sees_every_byte_once(tmp_path: Path) -> None:
    logs = Logs(tmp_path, 64 * 1024 * 1024)
    log = logs.open("e", 1, 1)
    ended = threading.Event()

    def write() -> None:
        for number in range(3000):
            log.write(f"{number} ü€🐍")
        log.close("end")
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    data, offset = b"", 0
    while True:
        over = ended.is_set()
        part, offset = logs.read("e", 1, 1, offset, 37)
        part.decode()
        data += part
        if over and not part:
            break
    writer.join()
    assert data.decode() == "".join(f"{n} ü€🐍\n" for n in range(3000)) + "end\n"
