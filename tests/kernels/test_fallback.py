from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from jupyter_dataflow_envs.kernels import leases
from jupyter_dataflow_envs.kernels.launcher import Target, write_fallback, write_launcher
from tests.kernels.conftest import Deployment
from tests.kernels.session import TIMEOUT, notebook_of, session

REMOVED = "Version 3 of 'mlenv' was removed by Zoë's \"clean-up\" $(touch broken)."


def removed(deployment: Deployment, copy: Path) -> str:
    """The service says that there is nothing to start."""
    write_launcher(deployment.root, "environment-1", "latest", Target("mlenv", 3, None, None, REMOVED))
    return REMOVED


def folder_gone(deployment: Deployment, copy: Path) -> str:
    """Someone removed the prefix behind the service's back."""
    deployment.point(copy, version=3)
    shutil.rmtree(copy)
    return "Version 3 of 'mlenv' can't start: its folder is gone or broken (no executable bin/python in it)."


def ipykernel_gone(deployment: Deployment, copy: Path) -> str:
    deployment.point(copy, version=3)
    (next(copy.glob("lib/python*")) / "site-packages/ipykernel_launcher.py").unlink()
    return "Version 3 of 'mlenv' can't start a kernel: ipykernel is missing from it."


@pytest.fixture
def copy(activated_prefix: Path, tmp_path: Path) -> Path:
    """As much of a prefix as a launcher looks at, to break."""
    module = next(activated_prefix.glob("lib/python*/site-packages/ipykernel_launcher.py"))
    copied = tmp_path / "copy" / module.relative_to(activated_prefix)
    copied.parent.mkdir(parents=True)
    copied.symlink_to(module)
    for part in ("bin", "etc", "share"):
        (tmp_path / "copy" / part).symlink_to(activated_prefix / part)
    return tmp_path / "copy"


@pytest.mark.parametrize("break_it", [removed, folder_gone, ipykernel_gone])
def test_a_notebook_shows_the_reason(
    deployment: Deployment, copy: Path, break_it: Callable[[Deployment, Path], str]
) -> None:
    name = deployment.activate(copy)
    reason = break_it(deployment, copy)
    notebook = notebook_of("1 + 1")
    with pytest.raises(CellExecutionError) as raised:
        NotebookClient(notebook, kernel_name=name, timeout=TIMEOUT).execute()
    assert reason in str(raised.value)
    assert "restart this kernel" in str(raised.value)
    (output,) = (o for o in notebook.cells[0].outputs if o.output_type == "error")
    assert (output.ename, output.evalue) == ("EnvironmentUnavailable", reason)
    assert notebook.metadata.language_info.name == "python"
    assert not Path("broken").exists()
    assert leases.running(deployment.root) == {}


def test_it_is_a_healthy_kernel_and_a_restart_after_the_repair_works(
    deployment: Deployment, activated_prefix: Path
) -> None:
    name = deployment.specs.write(deployment.entry(activated_prefix))
    removed(deployment, activated_prefix)
    with session(name) as kernel:
        info = kernel.client.kernel_info(reply=True, timeout=TIMEOUT)
        assert REMOVED in info["content"]["banner"]
        for _ in range(2):
            assert kernel.execute("1")[0]["evalue"] == REMOVED
        assert kernel.client.complete("pri", reply=True, timeout=TIMEOUT)["content"]["matches"] == []
        assert debug_info(kernel.client)["success"] is False
        kernel.manager.interrupt_kernel()
        assert kernel.execute("1")[0]["status"] == "error"
        deployment.point(activated_prefix)
        kernel.restart()
        assert kernel.run("print(1 + 1)") == "2"


def debug_info(client: Any) -> dict[str, Any]:
    """Lab asks each kernel whose kernelspec promises a debugger."""
    request = client.session.msg("debug_request", {"type": "request", "seq": 1, "command": "debugInfo"})
    client.control_channel.send(request)
    content: dict[str, Any] = client.get_control_msg(timeout=TIMEOUT)["content"]
    return content


def test_files_beside_the_notebook_do_not_matter(deployment: Deployment, activated_prefix: Path) -> None:
    Path("traitlets.py").write_text("raise SystemExit('of the notebook')")
    name = deployment.specs.write(deployment.entry(activated_prefix))
    removed(deployment, activated_prefix)
    with session(name) as kernel:
        assert kernel.execute("1")[0]["evalue"] == REMOVED


def test_a_command_gets_the_reason_on_standard_error(deployment: Deployment, activated_prefix: Path) -> None:
    launcher = deployment.point(activated_prefix)
    removed(deployment, activated_prefix)
    done = subprocess.run([launcher, "--run", "true"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", REMOVED + "\n")


def test_without_a_server_the_reason_goes_to_standard_error(deployment: Deployment, activated_prefix: Path) -> None:
    launcher = deployment.point(activated_prefix)
    removed(deployment, activated_prefix)
    for python in (Path("/no/such/python"), None):
        if python is None:
            (deployment.root / "fallback").unlink()
        else:
            write_fallback(deployment.root, python)
        done = subprocess.run([launcher, "-f", "nothing"], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (1, REMOVED + "\n")
