"""A server that the browser tests talk to: JupyterLab with folders of its own. tests/servers.ts starts it.

- `--home FOLDER`: everything is kept there, in `root` the deployment, so that the server can be killed and started
  again as if nothing had happened; `seed.py FOLDER/root` fills it.
- `--port PORT`, of 127.0.0.1.
- `--channel URL`: of a `channel.py`, which outlives it.
- `--people`: logins as on a shared server, for alice, bob and root (people.py); otherwise there is no authentication.
- `--attended`: ends when its standard input is closed.
- `--remove`: only removes that folder, in which built prefixes are read-only.

It listens on loopback only, and is up when `/dataflow-envs/health` says so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from channel import end_with_input  # noqa: E402

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree  # noqa: E402

FOLDERS = ("config", "data", "runtime", "work", "workspaces", "ipython", "tmp", "root", "person", "venvs")


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A server of the browser tests.")
    parser.add_argument("--home", type=Path, required=True, help="keep everything in this folder")
    parser.add_argument("--port", type=int, help="of 127.0.0.1")
    parser.add_argument("--channel", help="URL of a channel.py")
    parser.add_argument("--people", action="store_true", help="with logins for alice, bob and root")
    parser.add_argument("--attended", action="store_true", help="end when standard input is closed")
    parser.add_argument("--remove", action="store_true", help="remove the folder --home, and do nothing else")
    options = parser.parse_args()
    home = options.home.absolute()
    if options.remove:
        remove_tree(home)
        return
    if options.port is None or options.channel is None:
        parser.error("--port and --channel are needed")
    os.environ.update(
        UI_TESTS_PORT=str(options.port),
        UI_TESTS_CHANNEL=options.channel,
        UI_TESTS_PEOPLE="yes" if options.people else "",
    )
    if options.attended:
        end_with_input()
    serve_jupyter(home)


def serve_jupyter(home: Path) -> None:
    """JupyterLab with everything it writes below `home`."""
    for name in FOLDERS:
        (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in [n for n in os.environ if n == "VIRTUAL_ENV" or n.startswith(("CONDA", "MAMBA", "PYENV", "WORKON"))]:
        del os.environ[name]
    os.environ.update(
        HOME=str(home / "person"),  # else the environments of whoever runs this are found
        JUPYTER_CONFIG_DIR=str(home / "config"),
        JUPYTER_DATA_DIR=str(home / "data"),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        JUPYTERLAB_GALATA_ROOT_DIR=str(home / "work"),
        IPYTHONDIR=str(home / "ipython"),
        TMPDIR=str(home / "tmp"),  # for the processes it starts
        UI_TESTS_HOME=str(home),
    )
    tempfile.tempdir = str(home / "tmp")
    # Only what is tested here: another extension's buttons would push ours into the toolbar's overflow.
    page = home / "config/labconfig/page_config.json"
    page.parent.mkdir(exist_ok=True)
    page.write_text(json.dumps({"disabledExtensions": {"@jupyterlab/scheduler": True}}))
    # Else JupyterLab asks each new person whether they want its news.
    news = home / "config/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    news.parent.mkdir(parents=True, exist_ok=True)
    news.write_text('{"fetchNews": "false"}')
    # Only now, because Jupyter looks at these variables when it is imported.
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance([f"--config={HERE / 'jupyter_server_test_config.py'}"])


if __name__ == "__main__":
    main()
