"""The server that the browser tests talk to: folders of its own, removed when it ends, and a small real channel.

The channel's server, whose address is among the channels that `/dataflow-envs/me` tells, also answers `python` (which
Python it has, such as 3.11), `hold` (from now on the package pandas does not arrive) and `release`: so a test can look
at a build for as long as it likes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree  # noqa: E402
from tests.channel.cache import cached_channel  # noqa: E402
from tests.channel.server import Page, Server  # noqa: E402


def serve_channel() -> Server:
    """A server, yet to be entered, that also answers the words above."""
    folder = cached_channel(small=True)
    (python,) = folder.glob("*/python-3.*")

    def answer(word: str, _accept: str) -> Page | None:
        if word == "hold":
            server.hang("*/pandas-*")
        elif word == "release":
            server.heal()
        elif word != "python":
            return None
        return Page("text/plain", ".".join(python.name.split("-")[1].split(".")[:2]).encode())

    server = Server(folder, answer)
    return server


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    with serve_channel() as channel:
        serve_jupyter(channel.url)


def serve_jupyter(channel_url: str) -> None:
    """JupyterLab with a deployment that builds from this channel; its folders are removed when it ends."""
    home = Path(tempfile.mkdtemp(prefix="dataflow-envs-ui-tests-"))
    folders = {name: home / name for name in ("config", "data", "runtime", "work", "ipython", "tmp", "root")}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    os.environ.update(
        JUPYTER_CONFIG_DIR=str(folders["config"]),
        JUPYTER_DATA_DIR=str(folders["data"]),
        JUPYTER_RUNTIME_DIR=str(folders["runtime"]),
        JUPYTERLAB_GALATA_ROOT_DIR=str(folders["work"]),
        IPYTHONDIR=str(folders["ipython"]),
        TMPDIR=str(folders["tmp"]),  # for the processes it starts
        UI_TESTS_CHANNEL=channel_url,
        UI_TESTS_ROOT=str(folders["root"]),
    )
    tempfile.tempdir = str(folders["tmp"])
    # Only now, because Jupyter looks at these variables when it is imported.
    from jupyterlab.labapp import LabApp

    try:
        LabApp.launch_instance([f"--config={HERE / 'jupyter_server_test_config.py'}"])
    finally:
        remove_tree(home)


if __name__ == "__main__":
    main()
