"""Jobs of jupyter-scheduler, which run in a process of their own beside the Jupyter server."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_scheduler.executors import ArchivingExecutionManager, DefaultExecutionManager

from ..client import Client, DataflowError, NotFound, ServerNotFound
from ..kernels.atomic import replace_file

_DATAFLOW = "dataflow-"


class EnvironmentGone(Exception):
    """There is no kernel of the job's environment; the job ends with this as its reason."""


class _InItsEnvironment:
    """Runs the notebook in the kernel of the job's environment, whatever kernel it names itself."""

    def execute(self) -> None:
        """Raises EnvironmentGone before anything has run."""
        kernel = ready_kernel(self.model.runtime_environment_name)  # type: ignore[attr-defined]
        with _naming(Path(self.staging_paths["input"]), kernel):  # type: ignore[attr-defined]
            super().execute()  # type: ignore[misc]

    def validate(self, input_path: str) -> bool:
        """Any notebook will do: which kernel runs it is the job's to say."""
        try:
            content = json.loads(Path(input_path).read_bytes())
        except (OSError, ValueError):
            return False
        return isinstance(content, dict) and isinstance(content.get("cells"), list)


class DataflowExecutionManager(_InItsEnvironment, DefaultExecutionManager):  # type: ignore[misc]  # untyped
    """For `c.Scheduler.execution_manager_class`."""


class ArchivingDataflowExecutionManager(_InItsEnvironment, ArchivingExecutionManager):  # type: ignore[misc]  # untyped
    """For the ArchivingScheduler, which packs all that a job writes."""


def ready_kernel(name: str) -> str:
    """The name of an environment's kernel, once it can be started; a Dataflow environment is activated if need be.

    Raises EnvironmentGone with the reason.
    """
    if _exists(name):
        return name
    if not name.startswith(_DATAFLOW):
        raise EnvironmentGone(
            f"There is no kernel '{name}' any more: its environment was deleted, or its kernel removed. Choose another "
            "environment for this job."
        )
    short_name = name.removeprefix(_DATAFLOW)
    try:
        with _server() as server:
            server.activate(short_name)
    except NotFound as error:
        raise EnvironmentGone(
            f"There is no environment '{short_name}' any more: choose another one for this job."
        ) from error
    except ServerNotFound as error:
        raise EnvironmentGone(
            f"'{short_name}' is not active, and the Jupyter server that could activate it was not found: activate it "
            "in the panel, then run the job again."
        ) from error
    except DataflowError as error:
        raise EnvironmentGone(f"'{short_name}' is not active and could not be activated: {error.message}") from error
    if not _exists(name):
        raise EnvironmentGone(
            f"'{short_name}' was activated, but this job does not see the kernel '{name}': see that JUPYTER_DATA_DIR "
            "and JUPYTER_PATH of the jobs are those of the Jupyter server."
        )
    return name


def _exists(name: str) -> bool:
    try:
        KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        return False
    return True


def _server() -> Client:
    """The Jupyter server that has started this job comes before others that run here."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        os.environ["JPY_PARENT_PID"] = str(parent.pid)
    return Client()


@contextmanager
def _naming(notebook: Path, kernel: str) -> Iterator[None]:
    """Meanwhile the job's copy of its notebook names that kernel: the scheduler's own code takes it from there."""
    before, mode = notebook.read_bytes(), stat.S_IMODE(notebook.stat().st_mode)
    content = json.loads(before)
    spec = KernelSpecManager().get_kernel_spec(kernel)
    content.setdefault("metadata", {})["kernelspec"] = {
        "name": kernel,
        "display_name": spec.display_name,
        "language": spec.language,
    }
    replace_file(notebook, json.dumps(content).encode(), mode)
    try:
        yield
    finally:
        replace_file(notebook, before, mode)
