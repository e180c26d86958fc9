"""Environments that other tools made: what they offer, as kernels and for Copy to Dataflow."""

from __future__ import annotations

import ensurepip
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.domain.errors import Conflict, NotFound, Unreproducible
from jupyter_dataflow_envs.domain.local import Kind, LocalEnvironment, LocalStatus
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.channel.index import index_server, index_url
from tests.local.finding.conftest import Home, conda_prefix, pyenv_root
from tests.service.deployments import ALICE, deployment_in, ended, log_of
from tests.service.test_local import run_kernel, settled, versions_of
from tests.service.warm import warm

__all__ = ["conda_prefix", "pyenv_root"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of the deployments in `tests.service.deployments`."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@contextmanager
def opened(folder: Path, channel: Path, wheels: Path | None = None) -> Iterator[Deployment]:
    warm(folder / "root", channel)
    kernels = folder / "kernels"
    if wheels is None:
        with deployment_in(folder / "root", channel.as_uri(), kernels_dir=kernels) as deployment:
            yield deployment
        return
    with index_server(wheels) as index:
        url = index_url(index)
        with deployment_in(folder / "root", channel.as_uri(), kernels_dir=kernels, pip_index_url=url) as deployment:
            yield deployment


def at(deployment: Deployment, prefix: Path) -> LocalEnvironment:
    (found,) = (e for e in deployment.local.environments.list() if e.prefix == prefix.resolve())
    return found


def venv(prefix: Path, *options: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", *options, prefix], check=True)
    return prefix


def test_a_virtual_environment(tmp_path: Path, home: Path, channel: Path, wheelhouse: Path) -> None:
    wheels = shutil.copytree(wheelhouse, tmp_path / "wheels")
    for wheel in Path(ensurepip.__file__).parent.glob("_bundled/*.whl"):
        shutil.copy(wheel, wheels)
    prefix = venv(home / ".virtualenvs/torch")
    pip = [prefix / "bin/python", "-m", "pip", "install", "-q", "--no-index", "--find-links", wheels]
    subprocess.run([*pip, "tinywheel-00==1.2"], check=True)
    with opened(tmp_path, channel, wheels) as deployment:
        found = at(deployment, prefix)
        assert (found.name, found.kind, found.status, found.has_ipykernel) == (
            "torch", Kind.VENV, LocalStatus.READY, False,
        )  # fmt: skip
        local = deployment.local.environments
        with pytest.raises(Conflict, match="ipykernel"):
            local.register(found.id)
        with pytest.raises(Conflict, match="not made here"):
            local.delete(found.id)
        with pytest.raises(Conflict, match="not made here"):
            local.drift(found.id)
        with pytest.raises(NotFound, match="no log"):
            local.read_log(found.id, 0, 100)

        made = deployment.local.copy_to_dataflow(ALICE, found.id, "torch", Draft(full_name="Torch"))
        assert "tinywheel-00==1.2" in made.spec.pip_requirements
        version = ended(deployment, "torch")
        assert version.outcome.value == "succeeded", log_of(deployment, "torch", 1)
        launcher = deployment.activations.launcher(ALICE, "torch")
        assert launcher.grant.prefix is not None
        by_name = {(name, version) for _, name, version in versions_of(Path(launcher.grant.prefix))}
        assert {(p.name, p.version) for p in local.packages(found)} <= by_name


def test_a_conda_environment_becomes_a_kernel_and_is_copied(
    tmp_path: Path, home: Path, channel: Path, conda_prefix: Path
) -> None:
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"{conda_prefix}\n/no/such/folder\n")
    with opened(tmp_path, channel) as deployment:
        found = at(deployment, conda_prefix)
        assert (found.kind, found.has_ipykernel) == (Kind.CONDA, False)
        wanted = deployment.local.reproduction(found.id)
        assert {"click==8.1.7"} <= set(wanted.conda_requirements)
        assert (wanted.unreproducible, wanted.notes) == ((), ())
        deployment.local.copy_to_dataflow(ALICE, found.id, "copy", Draft(full_name="Copy"))
        version = ended(deployment, "copy")
        assert version.outcome.value == "succeeded", log_of(deployment, "copy", 1)
        launcher = deployment.activations.launcher(ALICE, "copy")
        assert launcher.grant.prefix is not None
        assert versions_of(conda_prefix) <= versions_of(Path(launcher.grant.prefix))


def test_ipykernel_is_installed_where_it_is_missing(tmp_path: Path, home: Path, channel: Path) -> None:
    """From the index that pip itself uses; the kernel is registered once that is done."""
    prefix = venv(home / ".virtualenvs/plain", "--without-pip")
    with opened(tmp_path, channel) as deployment:
        local = deployment.local.environments
        found = at(deployment, prefix)
        local.install_ipykernel(found.id)
        done = settled(deployment, found.id)
        log = local.read_log(found.id, 0, 1024 * 1024)
        assert done.kernel is not None, log.data.decode()
        assert (log.outcome, done.kernel.ours) == ("succeeded", True)
        assert done.kernel.name.startswith("local-plain.")
        said = run_kernel(tmp_path, done.kernel.name, "import os, sys; print(sys.prefix, os.environ['VIRTUAL_ENV'])")
        assert said.split() == [str(prefix), str(prefix)]
        assert {p.stat().st_nlink for p in prefix.glob("lib/python3*/site-packages/ipykernel/*.py")} == {1}
        assert local.unregister(found.id).kernel is None


def test_one_that_forbids_installs_says_so(tmp_path: Path, home: Path, channel: Path) -> None:
    prefix = venv(home / ".virtualenvs/plain", "--without-pip")
    with opened(tmp_path, channel) as deployment:
        local = deployment.local.environments
        found = at(deployment, prefix)
        shutil.rmtree(prefix / "lib")
        (prefix / "lib").write_text("no folder")
        local.install_ipykernel(found.id)
        failed = settled(deployment, found.id)
        assert failed.kernel is None
        assert failed.reason
        assert local.read_log(found.id, 0, 1024 * 1024).outcome == "failed"


def test_an_interpreter_of_pyenv(tmp_path: Path, home: Path, channel: Path, pyenv_root: Path) -> None:
    version = next(p for p in sorted((pyenv_root / "versions").glob("3.*")) if (p / "bin/python3").exists())
    (home / ".pyenv/versions").mkdir(parents=True)
    (home / f".pyenv/versions/{version.name}").symlink_to(version)
    with opened(tmp_path, channel) as deployment:
        found = at(deployment, version)
        assert (found.kind, found.python_version) == (Kind.PYENV, version.name)
        assert deployment.local.reproduction(found.id).conda_requirements == ()


def test_broken_ones_are_refused_with_their_reason(tmp_path: Path, home: Path, channel: Path) -> None:
    prefix = venv(home / ".virtualenvs/old", "--without-pip")
    for name in ("python", "python3", *(p.name for p in (prefix / "bin").glob("python3.*"))):
        (prefix / "bin" / name).unlink()
    (prefix / "bin/python").symlink_to("/no/such/python3.9")
    with opened(tmp_path, channel) as deployment:
        found = at(deployment, prefix)
        assert found.status is LocalStatus.BROKEN
        assert found.reason is not None
        for refused in (
            lambda: deployment.local.reproduction(found.id),
            lambda: deployment.local.copy_to_dataflow(ALICE, found.id, "old", Draft(full_name="Old")),
            lambda: deployment.local.environments.register(found.id),
            lambda: deployment.local.environments.install_ipykernel(found.id),
        ):
            with pytest.raises(Conflict) as error:
                refused()
            assert error.value.message == found.reason


def test_an_editable_install(tmp_path: Path, home: Path, channel: Path) -> None:
    made = Home(tmp_path / "made")
    prefix = made.venv(home / ".virtualenvs/work", "rich-13.0")
    site = prefix / "lib/python3.11/site-packages"
    made.distribution(
        site, "mylib-0.1", direct_url__json='{"url": "file:///src/mylib", "dir_info": {"editable": true}}'
    )
    with opened(tmp_path, channel) as deployment:
        found = at(deployment, prefix)
        wanted = deployment.local.reproduction(found.id)
        assert wanted.pip_requirements == ("rich==13.0",)
        assert [p.name for p in wanted.unreproducible] == ["mylib"]
        with pytest.raises(Unreproducible, match="mylib can't be reproduced"):
            deployment.local.copy_to_dataflow(ALICE, found.id, "work", Draft(full_name="Work"))


def test_400_packages(tmp_path: Path, home: Path, channel: Path) -> None:
    made = Home(tmp_path / "made")
    prefix = made.venv(home / ".virtualenvs/large", *(f"package{n:03}-1.{n}" for n in range(400)))
    with opened(tmp_path, channel) as deployment:
        found = at(deployment, prefix)
        assert found.packages == 400
        wanted = deployment.local.reproduction(found.id)
        assert len(wanted.pip_requirements) == 400
        saved = deployment.local.copy_to_dataflow(ALICE, found.id, "large", Draft(full_name="Large"))
        assert saved.spec.pip_requirements == wanted.pip_requirements


def test_found_ones_leave_no_doubles(tmp_path: Path, home: Path, channel: Path) -> None:
    """The deployment's own prefixes, and what was made here, are not found once more."""
    prefix = venv(home / ".virtualenvs/one", "--without-pip")
    (home / ".virtualenvs/again").symlink_to(prefix)
    with opened(tmp_path, channel) as deployment:
        listed = [e.prefix for e in deployment.local.environments.list()]
        assert sorted(listed) == sorted({prefix.resolve(), Path(sys.prefix).resolve()})
        assert len({e.id for e in deployment.local.environments.list()}) == len(listed)
