"""A real JupyterHub with the service of a team behind it, and environments in every state that decisions are about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.handlers.rest import Rest
from tests.hub.hub import REPOSITORY, Hub
from tests.live import free_port, wait_until
from tests.service.deployments import ALICE, deployment_in, ended
from tests.service.scripted_runner import ScriptedRunner

CONFIG = """
from jupyter_dataflow_envs import hub

hub.add_service(
    c,
    url="http://127.0.0.1:{port}",
    config_file={settings!r},
    environment={{"PYTHONPATH": {repository!r}, "JUPYTER_CONFIG_DIR": {root!r} + "-config"}},
    administrators=["paul"],
)
c.JupyterHub.services[-2]["oauth_no_confirm"] = {no_confirm!r}
"""

SETTINGS = """
c.DataflowEnvsService.root_dir = {root!r}
c.DataflowEnvsService.trust_builds = True
c.DataflowEnvsService.channels = ["file:///scripted"]
"""

ACCESS = "access:services!service=environments"
DECIDE = "custom:dataflow-envs:decide"

EVIL = '<script>document.title="taken"</script> & "friends"'


class Team:
    """`hub`, and the service behind it. boss and grace decide; chief is an administrator without the role, paul has the
    role and is none, alice owns what there is."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.url = f"{hub.url}services/environments/"

    def rest(self, name: str, *scopes: str) -> Rest:
        """That person's requests to the API; with a token as their server has it, or one with those scopes."""
        token = self.hub.token_of(name, [ACCESS, *scopes])
        return Rest(self.url, token)


@contextmanager
def team_in(folder: Path, *, no_confirm: bool = False) -> Iterator[Team]:
    root = folder / "root"
    with deployment_in(root, "file:///scripted", runner=ScriptedRunner(waits=False)) as deployment:
        for name, full_name in {
            "mlenv": "Machine Learning",
            "rep": "Reporting",
            "nlp": "Language Models",
            "evil": EVIL,
            "spare": "Spare One",
            "geo": "Geo Data",
            "shell": "From a Shell",
        }.items():
            _make(deployment, name, full_name)
    settings = folder / "service.py"
    settings.write_text(SETTINGS.format(root=str(root)))
    config = CONFIG.format(
        port=free_port(), settings=str(settings), root=str(root), repository=str(REPOSITORY), no_confirm=no_confirm
    )
    (folder / "hub").mkdir()
    with Hub(folder / "hub", config, admins=("boss", "grace")) as hub:
        hub.add_user("alice")
        hub.api("POST", "users/chief", {"admin": True}, token=hub.token_of("boss")).raise_for_status()
        team = Team(hub)

        def ready() -> bool:
            try:
                return httpx.get(f"{team.url}ready", trust_env=False, timeout=5).status_code == 200
            except httpx.HTTPError:
                return False

        wait_until(ready, "the service", interval=0.1)
        yield team


def _make(deployment: Deployment, name: str, full_name: str) -> None:
    """Alice's, with a version that was built."""
    conda = ("numpy==2.1", "pandas==2.2", "scikit-learn==1.5")
    deployment.environments.create(ALICE, name, Draft(full_name, "For the course in May", "3.11", conda, ()))
    deployment.versions.build(ALICE, name)
    assert ended(deployment, name).outcome.value == "succeeded"


class Forms(HTMLParser):
    """The forms of a page: their method, action and what their fields hold; of buttons and boxes nothing."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.actions: list[str] = []
        self._area: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append({})
            self.actions.append(given.get("action", ""))
        elif self.found and tag == "input" and given.get("name"):
            self.found[-1][given["name"]] = given.get("value", "")
        elif self.found and tag == "textarea":
            self._area = given["name"]
            self.found[-1][self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.found[-1][self._area] += data


class Visitor:
    """Somebody's browser, logged in at the hub; it agrees when the hub asks whether a service may know who it is."""

    def __init__(self, team: Team, name: str) -> None:
        self.team = team
        self.browser = team.hub.browser(name)
        self.confirmed: list[str] = []
        """Scopes that the hub's page named."""

    def open(self, path: str = "") -> httpx.Response:
        answer = self.browser.get(self.team.url + path)
        if urlsplit(str(answer.url)).path == "/hub/api/oauth2/authorize":
            self.confirmed = re.findall(r'name="scopes"\s+value="([^"]+)"', answer.text)
            xsrf = next(form["_xsrf"] for form in Forms(answer.text).found if "_xsrf" in form)
            data = {"_xsrf": xsrf, "scopes": self.confirmed}
            answer = self.browser.post(str(answer.url), data=data, headers={"Referer": str(answer.url)})
        return answer

    def form(self, path: str, **chosen: str) -> dict[str, str]:
        """Of a page, the fields of the form that has these values."""
        page = self.open(path)
        assert page.status_code == 200, page.text
        return next(f for f in Forms(page.text).found if all(f.get(k) == v for k, v in chosen.items()) and "once" in f)

    def send(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        return self.browser.post(self.team.url + path, data=fields, headers=headers)

    def close(self) -> None:
        self.browser.close()
