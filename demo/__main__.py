"""`python -m demo`: create `mlenv`, build it while its log is shown, activate it, run a notebook in it.

`--lab`: then JupyterLab."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.domain.errors import NotFound

from .site import PROJECT, Site, server_options

CELLS = (
    "import sys, pandas, rich\nprint('Python', sys.version.split()[0], 'in', sys.prefix)",
    """\
sales = pandas.DataFrame({'city': ['Bern', 'Oslo', 'Bern'], 'sold': [3, 5, 4]})
print(sales.groupby('city').sold.sum().to_string())""",
    "from importlib.metadata import version\nprint('pandas', pandas.__version__, '| rich', version('rich'))",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--lab", action="store_true", help="start JupyterLab afterwards, in this terminal")
    parser.add_argument("--port", type=int, default=8888, help="of JupyterLab")
    options = parser.parse_args()
    site = Site(PROJECT / ".demo")
    os.environ.update(site.env)
    with timed("channel"):
        channel = site.choose_channel()
    site.configure(channel)
    say(f"Packages come from {channel}" + ("" if channel == "conda-forge" else " (conda-forge can't be reached)"))
    started = time.monotonic()
    with site.server() as client:
        say(f"server: {time.monotonic() - started:.2f} s")
        run(client, site)
    if options.lab:
        os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *server_options(site, options.port)])
    say("Next: `make lab` opens JupyterLab with this environment in the launcher, and the panel on the left.")
    say("      `.venv/bin/jupyter dataflow-envs --help` does the same from a terminal.")
    return 0


def run(client: Client, site: Site) -> None:
    """The main job, through the REST interface."""
    try:
        environment = client.environment("mlenv")
        say(f"'mlenv' is there already: {environment['status']}, version {environment['latest_version']}")
    except NotFound:
        environment = client.create(
            "mlenv",
            full_name="Machine Learning",
            python_version=".".join(platform.python_version_tuple()[:2]),
            conda_requirements=["pandas"],
            pip_requirements=["rich"],
        )
        say("Created 'mlenv' (conda: pandas; pip: rich)")
    if environment["usable_version"] is None or environment["modified"]:
        with timed("build"):
            if environment["status"] != "In Progress":
                client.build("mlenv")
            for text in client.follow_log("mlenv"):
                sys.stdout.write("  │ " + text.rstrip("\n").replace("\n", "\n  │ ") + "\n")
                sys.stdout.flush()
        version = client.wait("mlenv")
        steps = ", ".join(f"{p['name']} {p['duration']:.2f} s" for p in version["phases"])
        say(f"Version {version['number']} {version['outcome']}: {len(version['packages'])} packages; {steps}")
    environment = client.environment("mlenv")
    if environment["status"] != "Draft":
        raise SystemExit(f"'mlenv' is {environment['status']}: {environment['failure']}")
    with timed("activate"):
        kernel = client.activate("mlenv")["kernel_name"]
    say(f"Activated: kernel {kernel}")
    with timed("notebook"):
        printed = execute(kernel, site.notebooks / "demo.ipynb")
    sys.stdout.write("".join(f"  > {line}\n" for line in printed.splitlines()))


def execute(kernel: str, path: Path) -> str:
    """Run a notebook in the kernel, keep it at `path`, and return what its cells printed."""
    notebook: Any = nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [_cell(code) for code in CELLS]}
    )
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    NotebookClient(notebook, timeout=120, kernel_name=kernel).execute()
    path.write_text(nbformat.writes(notebook))
    return "".join(
        output["text"] for cell in notebook.cells for output in cell.outputs if output.output_type == "stream"
    )


def _cell(code: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": code}


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - started:.2f} s")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
