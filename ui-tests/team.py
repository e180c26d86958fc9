"""A whole team for the browser tests: where it is as JSON on one line, up until its standard input is closed.

What `tests/team/site.py` starts, but it builds from a `channel.py`, whose packages can be held up, and people's
JupyterLab is as in `server.py`: nothing asks a new person anything, and tests read in the page. bob has a virtual
environment of his own, `tools`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from channel import channel_server

from tests.team.accounts import Account
from tests.team.site import team_site

CONFIG = """
c.Spawner.args = [
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]

# The hub looks every half minute whether the service has ended, and has no setting for that.
import jupyterhub.services.service

jupyterhub.services.service._ServiceSpawner.poll_interval = 2
"""

NEWS = ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"


def main() -> None:
    with channel_server() as channel, team_site(CONFIG, channel.url) as site:
        for account in site.people.values():
            _no_news(account)
        _tools(site.people["bob"])
        told = {
            **site.told(),
            "channel": channel.url,
            "prefixes": str(site.root / "prefixes"),
            "uids": {who: account.uid for who, account in site.people.items()},
            "processes": {"hub": site.hub.process.pid, "service": site.service_process().pid},
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def _no_news(account: Account) -> None:
    """Else JupyterLab asks whether they want its news."""
    file = account.home / NEWS
    file.parent.mkdir(parents=True)
    file.write_text('{"fetchNews": "false"}')
    for path in (file, *(p for p in file.parents if account.home in p.parents)):
        os.chown(path, account.uid, account.gid)


def _tools(account: Account) -> None:
    """A virtual environment of their own, as they have made it at a terminal."""
    made = account.run(sys.executable, "-m", "venv", "--without-pip", str(account.home / ".virtualenvs" / "tools"))
    assert made.returncode == 0, made.stderr


if __name__ == "__main__":
    main()
