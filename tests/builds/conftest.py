from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree


@pytest.fixture(autouse=True)
def tidy(tmp_path: Path) -> Iterator[None]:
    """A deployment's tens of thousands of files are not kept as pytest keeps other folders."""
    yield
    remove_tree(tmp_path / "root")
