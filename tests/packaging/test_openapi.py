"""The front end's copy of the interface is the one that this server serves."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_dataflow_envs.openapi import document

COPY = Path(__file__).resolve().parents[2] / "src" / "api" / "openapi.json"


def test_front_end_has_the_interface_of_this_server() -> None:
    served = json.loads(json.dumps(document()))
    assert json.loads(COPY.read_text()) == served, "run `jlpm types` after changing the models or the routes"
