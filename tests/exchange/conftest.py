from __future__ import annotations

from tests.channel_fixtures import channel, wheelhouse
from tests.engine.conftest import engine, index, root

__all__ = ["channel", "engine", "index", "root", "wheelhouse"]
