"""What runs from a prefix has the variables that its packages' own scripts compute."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jupyter_dataflow_envs.engine.activation import command, environment, scripts
from tests.channel.special import ACTIVATED_SUM
from tests.engine.driver import Engine

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture(scope="module", params=[(), ("activated",)])
def built(request: pytest.FixtureRequest, engine: Engine) -> tuple[Path, bool]:
    job = engine.job(conda=("tiny-011", *request.param))
    assert engine.run(job).result
    return Path(job.prefix), bool(request.param)


def test_activated_command(built: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    prefix, activates = built
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "/elsewhere")
    arguments = command(prefix, [str(prefix / "bin" / "python"), "-c", SHOW])
    assert (arguments[0] == "bash") is activates
    done = subprocess.run(arguments, env=environment(prefix, "mlenv"), check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout)
    assert seen["PATH"].split(":")[0] == str(prefix / "bin")
    assert seen["CONDA_PREFIX"] == str(prefix)
    assert seen["CONDA_DEFAULT_ENV"] == "mlenv"
    assert seen["PYTHONNOUSERSITE"] == seen["PYTHONDONTWRITEBYTECODE"] == "1"
    assert not {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"} & seen.keys()
    assert seen.get("ACTIVATED_SUM") == (str(ACTIVATED_SUM) if activates else None)


def test_scripts_are_listed(built: tuple[Path, bool]) -> None:
    prefix, activates = built
    assert [s.name for s in scripts(prefix)] == (["activated.sh"] if activates else [])


def test_arguments_reach_the_program_unchanged(built: tuple[Path, bool]) -> None:
    prefix, _ = built
    odd = ["a b", "$HOME", "`id`", "x;y", ""]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    arguments = command(prefix, [str(prefix / "bin" / "python"), "-c", code, *odd])
    done = subprocess.run(arguments, env=environment(prefix), check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == odd
