"""The server that the browser tests talk to: folders of its own, removed when it ends, and a small real channel."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree  # noqa: E402
from tests.channel.cache import cached_channel  # noqa: E402


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    channel = cached_channel(small=True)
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
        TMPDIR=str(folders["tmp"]),
        UI_TESTS_CHANNEL=channel.as_uri(),
        UI_TESTS_ROOT=str(folders["root"]),
    )
    # Only now, because Jupyter looks at these variables when it is imported.
    from jupyterlab.labapp import LabApp

    try:
        LabApp.launch_instance([f"--config={HERE / 'jupyter_server_test_config.py'}"])
    finally:
        remove_tree(home)


if __name__ == "__main__":
    main()
