"""What importing the package offers, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys

import jupyter_dataflow_envs
from jupyter_dataflow_envs import client


def test_package_offers_what_the_client_offers() -> None:
    assert set(jupyter_dataflow_envs.__all__) == {*client.__all__, "__version__"}
    for name in client.__all__:
        assert getattr(jupyter_dataflow_envs, name) is getattr(client, name)


def test_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(jupyter_dataflow_envs, "no_such_name")


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys; before = {*sys.modules}; import jupyter_dataflow_envs; print(*sorted({*sys.modules} - before))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    others = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert others == {"jupyter_dataflow_envs", "jupyter_dataflow_envs._version"}
