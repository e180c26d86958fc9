"""The reserve on a disk with room; what happens on a full one is tested with the faults."""

from __future__ import annotations

from pathlib import Path

from jupyter_dataflow_envs.builds.reserve import BYTES, Reserve


def test_it_is_kept_while_there_is_room(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    assert reserve.make_room()
    reserve.keep()
    written = reserve.path.stat()
    assert written.st_size == BYTES
    assert written.st_blocks * 512 >= BYTES, "a hole in a file keeps no room"
    reserve.keep()
    assert reserve.path.stat().st_mtime_ns == written.st_mtime_ns
    assert reserve.make_room()
    assert reserve.path.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["reserve"]
