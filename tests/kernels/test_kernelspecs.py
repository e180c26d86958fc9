from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbconvert.preprocessors import ExecutePreprocessor

from jupyter_dataflow_envs.domain.errors import Conflict
from jupyter_dataflow_envs.kernels.kernelspecs import Change, Kernelspecs, default_kernels_dir
from tests.kernels.conftest import Deployment
from tests.kernels.session import TIMEOUT, notebook_of

FOREIGN = {"argv": ["true", "{connection_file}"], "display_name": "Someone's", "language": "python"}


def put(folder: Path, spec: object = FOREIGN) -> Path:
    """A kernelspec that someone else wrote."""
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_what_the_kernelspec_says(deployment: Deployment, plain_prefix: Path) -> None:
    name = deployment.specs.write(deployment.entry(plain_prefix))
    assert name == "dataflow-mlenv"
    spec = KernelSpecManager().get_kernel_spec(name)
    assert spec.display_name == "Dataflow · Machine learning"
    assert spec.argv == [str(deployment.root / "launchers/environment-1/latest"), "-f", "{connection_file}"]
    assert (spec.language, spec.interrupt_mode, spec.env) == ("python", "signal", {})
    own = json.loads((plain_prefix / "share/jupyter/kernels/python3/kernel.json").read_text())["metadata"]
    assert own["debugger"] is True
    assert spec.metadata == {
        **own,
        "conda_env_name": "mlenv",
        "conda_env_path": str(plain_prefix),
        "language": "python",
        "dataflow_envs": {
            "category": "Dataflow Environments",
            "short_name": "mlenv",
            "version": 1,
            "digest": "d" * 64,
            "deployment": "deployment-1",
            "environment_id": "environment-1",
        },
    }
    assert deployment.specs.installed() == {name: spec.metadata}
    logos = {f.name for f in Path(spec.resource_dir).iterdir()} - {"kernel.json"}
    assert logos == {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}


def test_a_version_that_is_gone_keeps_its_kernelspec(deployment: Deployment) -> None:
    name = deployment.specs.write(deployment.entry(None, version=None, digest=None))
    assert KernelSpecManager().get_kernel_spec(name).metadata["conda_env_path"] == ""


def test_the_default_folder_is_the_persons(deployment: Deployment) -> None:
    assert default_kernels_dir() == deployment.kernels_dir


def test_jupyter_lists_it_without_a_plugin_of_ours(deployment: Deployment, plain_prefix: Path) -> None:
    deployment.activate(plain_prefix)
    command = [sys.executable, "-m", "jupyter_client.kernelspecapp", "list", "--json"]
    listed = json.loads(subprocess.check_output(command))["kernelspecs"]
    assert listed["dataflow-mlenv"]["resource_dir"] == str(deployment.kernels_dir / "dataflow-mlenv")


def test_nbconvert_executes_a_notebook_in_it(deployment: Deployment, activated_prefix: Path) -> None:
    """nb_conda_kernels #77, papermill #251: no kernel "not found" outside the Lab."""
    name = deployment.activate(activated_prefix)
    code = "import os, sys; print(sys.prefix, os.environ['ACTIVATED_SUM'])"
    notebook = notebook_of(code)
    notebook.metadata["kernelspec"] = {"name": name, "display_name": "", "language": "python"}
    done, _ = ExecutePreprocessor(timeout=TIMEOUT).preprocess(notebook, {})  # type: ignore[no-untyped-call]
    assert done.cells[0].outputs[0].text == f"{activated_prefix} 42\n"


@pytest.mark.parametrize(
    "full_name",
    [
        '<img src=x onerror="alert(1)">',
        "{connection_file} {resource_dir} %s $HOME `id` $(id)",
        '"], "argv": ["sh", "-c", "id"',
        "名前 🚀 \u202egnp.exe",
        "a" * 100,
        "\\",
    ],
)
def test_hostile_full_names_are_only_names(deployment: Deployment, plain_prefix: Path, full_name: str) -> None:
    name = deployment.specs.write(deployment.entry(plain_prefix, full_name=full_name))
    spec = KernelSpecManager().get_kernel_spec(name)
    assert spec.display_name == f"Dataflow · {full_name}"
    assert spec.argv[1:] == ["-f", "{connection_file}"]
    assert (deployment.kernels_dir / name / "kernel.json").read_bytes().isascii()


def test_reconcile_puts_right_and_then_rests(deployment: Deployment, plain_prefix: Path) -> None:
    entries = [deployment.entry(plain_prefix, short_name=n, environment_id=f"id-{n}") for n in ("a", "b", "c", "d")]
    assert deployment.specs.reconcile(entries) == [Change(f"dataflow-{n}", "written") for n in "abcd"]
    before = contents(deployment.kernels_dir)
    (deployment.kernels_dir / "dataflow-b" / "logo-svg.svg").unlink()
    shutil.rmtree(deployment.kernels_dir / "dataflow-c")
    spec = json.loads(before["dataflow-d/kernel.json"])
    (deployment.kernels_dir / "dataflow-d" / "kernel.json").write_text(json.dumps({**spec, "display_name": "edited"}))
    assert deployment.specs.reconcile(entries) == [Change(f"dataflow-{n}", "written") for n in "bcd"]
    assert contents(deployment.kernels_dir) == before
    assert deployment.specs.reconcile(entries) == []
    newer = deployment.entry(plain_prefix, short_name="a", environment_id="id-a", version=2)
    changes = deployment.specs.reconcile([newer, *entries[1:3]])
    assert changes == [Change("dataflow-d", "removed"), Change("dataflow-a", "written")]
    assert deployment.specs.installed()["dataflow-a"]["dataflow_envs"]["version"] == 2


def test_what_is_not_ours_is_never_touched(deployment: Deployment, plain_prefix: Path) -> None:
    kernels = deployment.kernels_dir
    put(kernels / "dataflow-a")
    put(kernels / "dataflow-b", {**FOREIGN, "metadata": {"dataflow_envs": {"deployment": "another"}}})
    put(kernels / "dataflow-c", ["not", "a", "kernelspec"])
    put(kernels / "python3")
    (kernels / "dataflow-d").mkdir()
    (kernels / "dataflow-d" / "notes.txt").touch()
    (kernels / "dataflow-e").symlink_to(put(kernels.parent / "elsewhere"))
    (kernels / "dataflow-f").write_text("a file")
    put(kernels / "dataflow-g", {**FOREIGN, "metadata": {"dataflow_envs": "x"}})
    before = contents(kernels)
    entries = [deployment.entry(plain_prefix, short_name=n) for n in "abcdefgh"]
    changes = deployment.specs.reconcile(entries)
    assert [c.what for c in changes] == ["refused"] * 7 + ["written"]
    for letter in "abcdefg":
        with pytest.raises(Conflict, match=f"'dataflow-{letter}' is taken by a kernelspec in .* not written from here"):
            deployment.specs.write(deployment.entry(plain_prefix, short_name=letter))
        assert not deployment.specs.remove(f"dataflow-{letter}")
    assert deployment.specs.remove("dataflow-h")
    assert deployment.specs.reconcile([]) == []
    assert contents(kernels) == before


def test_two_deployments_share_a_folder(deployment: Deployment, plain_prefix: Path) -> None:
    other = Kernelspecs(deployment.kernels_dir, "deployment-2", deployment.root)
    deployment.specs.write(deployment.entry(plain_prefix, short_name="ours"))
    other.write(deployment.entry(plain_prefix, short_name="their"))
    assert deployment.specs.reconcile([]) == [Change("dataflow-ours", "removed")]
    assert list(other.installed()) == ["dataflow-their"]


def test_a_write_that_was_cut_short_is_taken_up(deployment: Deployment, plain_prefix: Path) -> None:
    folder = deployment.kernels_dir / "dataflow-mlenv"
    folder.mkdir(parents=True)
    (folder / "logo-svg.svg").write_text("half")
    (folder / ".kernel.json.abcd1234").write_text("{")
    assert "dataflow-mlenv" not in KernelSpecManager().find_kernel_specs()
    (folder / "kernel.json").touch()  # what a power cut may leave
    deployment.specs.write(deployment.entry(plain_prefix))
    assert KernelSpecManager().get_kernel_spec("dataflow-mlenv").display_name == "Dataflow · Machine learning"


def test_removing(deployment: Deployment, plain_prefix: Path) -> None:
    """jupyterlab #18185: nothing of a removed kernel stays."""
    assert not deployment.specs.remove("dataflow-mlenv")
    deployment.specs.write(deployment.entry(plain_prefix))
    assert deployment.specs.remove("dataflow-mlenv")
    assert not (deployment.kernels_dir / "dataflow-mlenv").exists()
    assert deployment.specs.installed() == {}


def test_many_at_once(deployment: Deployment, plain_prefix: Path) -> None:
    """Several threads write and remove one name, another reads: it is there and whole, or it is not there."""
    one, two = (deployment.entry(plain_prefix, version=n) for n in (1, 2))
    specs = [Kernelspecs(deployment.kernels_dir, deployment.id, deployment.root) for _ in range(3)]
    kernel_json = deployment.kernels_dir / "dataflow-mlenv" / "kernel.json"

    def write(spec: Kernelspecs) -> None:
        for _ in range(15):
            spec.write(one)
            spec.remove("dataflow-mlenv")
            spec.reconcile([two])

    def read() -> None:
        for _ in range(2000):
            try:
                text = kernel_json.read_text()
            except FileNotFoundError:
                continue
            assert json.loads(text)["metadata"]["dataflow_envs"]["version"] in (1, 2)

    with ThreadPoolExecutor(4) as pool:
        for job in [*(pool.submit(write, s) for s in specs), pool.submit(read)]:
            job.result()
    assert deployment.specs.installed()["dataflow-mlenv"]["dataflow_envs"]["version"] == 2
