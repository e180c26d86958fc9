"""How the server of the browser tests is configured; `server.py` starts it and says where everything is.

galata turns authentication off, so this listens on loopback only and is never to be used for anything else.
"""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821
configure_jupyter_server(c)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["UI_TESTS_PORT"])
c.ServerApp.allow_root = True
c.Application.log_level = "ERROR"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

c.DataflowEnvsApp.root_dir = os.environ["UI_TESTS_ROOT"]
c.DataflowEnvsApp.channels = [os.environ["UI_TESTS_CHANNEL"]]
# One place: the second build waits in the queue, which the panel is to show.
c.DataflowEnvsApp.max_concurrent_builds = 1
