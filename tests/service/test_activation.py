"""Kernelspecs follow the environments behind them."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_dataflow_envs.kernels.kernelspecs import KernelspecEntry, Kernelspecs
from tests.service.deployments import deployment_in


def test_a_deleted_environment_does_not_take_its_successors_kernel(tmp_path: Path) -> None:
    kernels = tmp_path / "kernels"
    with deployment_in(tmp_path / "root", "file:///nowhere", kernels_dir=kernels) as deployment:
        specs = Kernelspecs(kernels, deployment.id, tmp_path / "root")
        specs.write(KernelspecEntry("new", "mlenv", "Machine Learning", 1, "0" * 64, None, "latest"))
        deployment.activations.forget("mlenv", "old")
        spec = json.loads((kernels / "dataflow-mlenv" / "kernel.json").read_text())
        assert spec["metadata"]["dataflow_envs"]["environment_id"] == "new"
        deployment.activations.forget("mlenv", "new")
        assert not (kernels / "dataflow-mlenv").exists()
