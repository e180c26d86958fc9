"""A real JupyterHub with its proxy, in processes of their own, in a folder of its own, on loopback."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil

from tests.live import ELSEWHERE, free_port, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]

READY = 60.0
"""Seconds that hub, proxy or a person's server may need until they answer, on a busy machine."""

STOPPING = 30.0

BASE = """
c = get_config()  # noqa
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_bind_url = {hub_url!r}
c.JupyterHub.db_url = "sqlite:///" + {folder!r} + "/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 30}}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = {proxy_url!r}
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {admins!r}
c.SimpleLocalProcessSpawner.home_dir_template = {folder!r} + "/people/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.default_url = "/api"
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "tests", "services": ["tests"], "scopes": [
    "admin:users", "admin:servers", "tokens", "access:servers", "admin:groups", "read:hub",
]}}]
"""


class Hub:
    """`config` is Python text that goes below what is needed here, and may change all of it; `command` stands before
    the hub's own (such as what starts it as somebody else), and `env` is added to its environment.

    Everybody can log in, without a password. As a context manager it is up inside, and nothing of it is left after.
    """

    process: subprocess.Popen[bytes]

    def __init__(
        self,
        folder: Path,
        config: str = "",
        *,
        admins: Sequence[str] = ("boss",),
        command: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}/"
        self.token = secrets.token_hex(16)
        """Of a service that may do what administrators may."""
        self.log_path = folder / "hub.log"
        self._command = list(command)
        self._env = {**{k: v for k, v in os.environ.items() if not k.startswith(ELSEWHERE)}, **(env or {})}
        self._children: list[psutil.Process] = []
        (folder / "people").mkdir(parents=True, exist_ok=True)
        base = BASE.format(
            url=self.url,
            hub_url=f"http://127.0.0.1:{free_port()}",
            proxy_url=f"http://127.0.0.1:{free_port()}",
            proxy=_proxy(),
            folder=str(folder),
            admins=set(admins),
            python=sys.executable,
            token=self.token,
        )
        self.config_path = folder / "jupyterhub_config.py"
        self.config_path.write_text(base + textwrap.dedent(config))

    def __enter__(self) -> Hub:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What hub, proxy and the people's servers have written so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self) -> Hub:
        """Return when it answers through its proxy."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command, sys.executable, "-m", "jupyterhub", "-f", str(self.config_path)],
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def answers() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"the hub ended with {self.process.returncode}:\n{self.log[-4000:]}")
            try:
                return self.api("GET", "info").status_code == 200
            except httpx.HTTPError:
                return False

        try:
            wait_until(answers, "the hub", READY, 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-4000:]}") from None
        return self

    def stop(self) -> None:
        """As its administrator would; proxy and people's servers end with it."""
        if not hasattr(self, "process"):
            return
        self._remember()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOPPING)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # After a kill of the hub they may be there still: these are ours, by their ids.
        for child in self._children:
            if child.is_running():
                child.kill()
        psutil.wait_procs(self._children, STOPPING)

    def kill(self) -> None:
        """SIGKILL to the hub alone: proxy and people's servers go on, until `stop`."""
        self._remember()
        self.process.kill()
        self.process.wait()

    def api(
        self, method: str, path: str, json: Any = None, *, token: str | None = None, timeout: float = READY
    ) -> httpx.Response:
        """A request to the hub's REST API, as an administrator or with that token."""
        headers = {"Authorization": f"token {token or self.token}"}
        with httpx.Client(trust_env=False, timeout=timeout) as http:
            return http.request(method, f"{self.url}hub/api/{path}", json=json, headers=headers)

    def add_user(self, name: str) -> None:
        self.api("POST", f"users/{name}").raise_for_status()

    def token_of(self, name: str, scopes: Sequence[str] | None = None) -> str:
        """A new token of that user, by default with all that is theirs to do."""
        body = {"scopes": list(scopes)} if scopes is not None else {}
        token: str = self.api("POST", f"users/{name}/tokens", body).raise_for_status().json()["token"]
        return token

    def start_server(self, name: str, options: Mapping[str, Any] | None = None) -> str:
        """The address of that user's server, once it answers. AssertionError when it can't be started."""
        answer = self.api("POST", f"users/{name}/server", options)
        assert answer.status_code in (201, 202), f"{answer.status_code} {answer.text}\n{self.log[-4000:]}"
        return self.wait_for_server(name)

    def wait_for_server(self, name: str) -> str:
        def ready() -> bool:
            server = self.api("GET", f"users/{name}").raise_for_status().json()["servers"].get("")
            return bool(server and server["ready"])

        try:
            wait_until(ready, f"the server of {name}", READY, 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-4000:]}") from None
        return self.server_url(name)

    def server_url(self, name: str) -> str:
        return f"{self.url}user/{name}/"

    def stop_server(self, name: str) -> None:
        """Return when it has gone."""
        answer = self.api("DELETE", f"users/{name}/server")
        assert answer.status_code in (202, 204), answer.text

        def gone() -> bool:
            return not self.api("GET", f"users/{name}").raise_for_status().json()["servers"]

        wait_until(gone, f"the end of the server of {name}", READY, 0.1)

    def browser(self, name: str) -> httpx.Client:
        """Logged in as that user, with cookies, as a browser is; close it. `post_form` sends a form of the hub's."""
        browser = httpx.Client(base_url=self.url, trust_env=False, timeout=READY, follow_redirects=True)
        answer = post_form(browser, "hub/login", {"username": name, "password": ""}, at="hub/login?next=/hub/home")
        assert answer.status_code == 200, answer.text
        assert answer.url.path == "/hub/home", answer.url
        return browser

    def _remember(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self._children += psutil.Process(self.process.pid).children(recursive=True)


def post_form(browser: httpx.Client, page: str, fields: Mapping[str, str], *, at: str | None = None) -> httpx.Response:
    """Fill in the form of a hub's page and send it, to where it stands or to `at`."""
    shown = browser.get(page)
    found = re.search(r'name="_xsrf" value="([^"]+)"|xsrf_token:\s*"([^"]+)"', shown.text)
    assert found is not None, shown.text[:2000]
    xsrf = found[1] or found[2]
    return browser.post(at or page, data={"_xsrf": xsrf, **fields}, headers={"Referer": str(shown.url)})


def _proxy() -> str:
    """The JavaScript tools of the browser tests bring it."""
    own = REPOSITORY / "ui-tests" / "node_modules" / ".bin" / "configurable-http-proxy"
    found = str(own) if own.exists() else shutil.which("configurable-http-proxy")
    assert found, "configurable-http-proxy is missing: run 'jlpm install' in ui-tests"
    return found
