"""What jupyter-scheduler offers to run jobs in."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import Any
from urllib.parse import urlencode

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.models import RuntimeEnvironment

from ..domain.errors import DataflowError
from .routes import ask

PAGE = 500
"""Environments of one request."""

_LOG = logging.getLogger(__name__)


class DataflowEnvironmentManager(EnvironmentManager):  # type: ignore[misc]  # untyped
    """The environments that the person who asks can run: Dataflow ones, active or not, and Local ones with a kernel.

    Their names are those of their kernels. Override `output_formats_mapping` to offer more formats of nbconvert.
    """

    async def list_environments(self) -> list[RuntimeEnvironment]:
        """While the environments can't be asked for, those that are kernels of this server already."""
        shared, local = await asyncio.gather(_or_kernels(_dataflow()), _or_kernels(_local()))
        return self._offered([*shared, *local])

    def manage_environments_command(self) -> str:
        """The panel's, in JupyterLab."""
        return "dataflow-envs:show-panel"

    def output_formats_mapping(self) -> dict[str, str]:
        return {"ipynb": "Notebook", "html": "HTML"}

    def _offered(self, found: Iterable[dict[str, Any]]) -> list[RuntimeEnvironment]:
        by_name: dict[str, dict[str, Any]] = {}
        for environment in found:
            by_name.setdefault(environment["name"], environment)
        labels = Counter(e["label"] for e in by_name.values())
        formats = list(self.output_formats_mapping())
        return [
            RuntimeEnvironment(
                name=name,
                label=e["label"] if labels[e["label"]] == 1 else f"{e['label']} ({name})",
                description=e["description"],
                file_extensions=["ipynb"],
                output_formats=formats,
                metadata={k: str(v) for k, v in e["metadata"].items() if v is not None},
            )
            for name, e in by_name.items()
        ]


async def _or_kernels(listing: Awaitable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    try:
        return await listing
    except DataflowError as error:
        _LOG.warning("Jobs can only run in environments that are kernels already: %s", error.message)
        return await asyncio.to_thread(_kernels)


async def _dataflow() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": PAGE, "sort": "full_name", **({"cursor": cursor} if cursor else {})}
        page = await ask(f"environments?{urlencode(query)}")
        found += [_of_dataflow(e) for e in page["items"] if e["active"] or e["actions"]["activate"]["allowed"]]
        cursor = page["next"]
    return found


async def _local() -> list[dict[str, Any]]:
    items = (await ask("local"))["items"]
    return [_of_local(e) for e in items if e["status"] == "Ready" and e["kernel"] is not None]


def _of_dataflow(environment: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": environment["kernel_name"],
        "label": environment["full_name"],
        "description": environment["description"] or f"Dataflow environment {environment['short_name']}",
        "metadata": {
            "category": "Dataflow Environments",
            "short_name": environment["short_name"],
            "version": environment["usable_version"],
            "python_version": environment["python_version"],
            "owner": environment["owner"],
        },
    }


def _of_local(environment: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": environment["kernel"]["name"],
        "label": f"Local · {environment['name']}",
        "description": f"Local environment in {environment['prefix']}",
        "metadata": {
            "category": "Local Environments",
            "name": environment["name"],
            "path": environment["prefix"],
            "python_version": environment["python_version"],
        },
    }


def _kernels() -> list[dict[str, Any]]:
    """Of the environments that have one in this server, by what their kernelspecs say."""
    found = []
    for name, kernel in KernelSpecManager().get_all_specs().items():
        ours = kernel["spec"].get("metadata", {}).get("dataflow_envs")
        if isinstance(ours, dict):
            label = kernel["spec"]["display_name"].removeprefix("Dataflow · ")
            said = {k: ours[k] for k in ("category", "short_name", "name", "version") if k in ours}
            found.append({"name": name, "label": label, "description": f"Kernel {name}", "metadata": said})
    return found
