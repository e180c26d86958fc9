from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.images import pack, programs, remove_tree, unpack
from tests.images.folders import sealed_prefix


@pytest.fixture(params=["programs", "python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the system's tar and zstd, and with Python's own."""
    if request.param == "programs":
        assert programs.find_programs() is not None, "this machine lacks GNU tar or zstd"
    else:
        for module in (pack, unpack):
            monkeypatch.setattr(module, "find_programs", lambda: None)
    return str(request.param)


@pytest.fixture
def prefix(tmp_path: Path) -> Iterator[Path]:
    yield sealed_prefix(tmp_path / "prefixes" / "0123456789ab")
    remove_tree(tmp_path / "prefixes")
