"""The server that the browser tests talk to: a deployment of its own, thrown away afterwards, and an empty channel.

galata turns authentication off, so this listens on loopback only and is never to be used for anything else.
"""

import json
import os
from pathlib import Path
from tempfile import mkdtemp

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821
configure_jupyter_server(c)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ.get("UI_TESTS_PORT", "8987"))
c.ServerApp.allow_root = True
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

channel = Path(mkdtemp(prefix="dataflow-envs-empty-channel-"))
for subdir in ("noarch", "linux-64", "linux-aarch64", "osx-64", "osx-arm64"):
    (channel / subdir).mkdir()
    (channel / subdir / "repodata.json").write_text(
        json.dumps({"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}, "repodata_version": 1})
    )

c.DataflowEnvsApp.root_dir = mkdtemp(prefix="dataflow-envs-ui-tests-")
c.DataflowEnvsApp.channels = [channel.as_uri()]
