"""How the servers of the browser tests are configured; `server.py` starts them and says where everything is.

Without people, galata turns authentication off, so this listens on loopback only and is never to be used for anything
else. With people, logins and XSRF checks are those of a real server.
"""

import os
from pathlib import Path

import jupyterlab.galata
from people import ADMINISTRATORS, People

c = get_config()  # noqa: F821

home = Path(os.environ["UI_TESTS_HOME"])

if os.environ.get("UI_TESTS_PEOPLE"):
    c.ServerApp.identity_provider_class = People
    c.IdentityProvider.token = ""
    c.ServerApp.port_retries = 0
    c.ServerApp.open_browser = False
    c.ServerApp.root_dir = str(home / "work")
    # What tests read in a page: `window.jupyterapp`, and galata's own helper.
    c.LabApp.expose_app_in_browser = True
    c.LabServerApp.extra_labextensions_path = str(Path(jupyterlab.galata.__file__).parent)
    c.DataflowEnvsApp.admins = ADMINISTRATORS
    c.DataflowEnvsApp.allow_self_approval = False
else:
    jupyterlab.galata.configure_jupyter_server(c)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["UI_TESTS_PORT"])
c.ServerApp.allow_root = True
c.Application.log_level = "ERROR"
c.LabApp.workspaces_dir = str(home / "workspaces")
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

c.DataflowEnvsApp.root_dir = str(home / "root")
c.DataflowEnvsApp.local_folders = [str(home / "venvs")]
c.DataflowEnvsApp.channels = [os.environ["UI_TESTS_CHANNEL"]]
c.DataflowEnvsApp.pip_index_url = os.environ["UI_TESTS_CHANNEL"] + "/simple"
# One place: the second build waits in the queue, which the panel is to show.
c.DataflowEnvsApp.max_concurrent_builds = 1
