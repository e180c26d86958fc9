"""A real JupyterHub on whose spawn page environments are offered, and whose servers start with the chosen one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest

from jupyter_dataflow_envs import hub as configuration
from tests.hub.hub import Hub, post_form
from tests.live import LiveServer, wait_until

CONFIG = """
from jupyter_dataflow_envs import hub

c.Spawner.args += ["--DataflowEnvsApp.root_dir={root}", "--DataflowEnvsApp.channels=['{channel}']"]
c.Spawner.environment = {{"JUPYTER_PREFER_ENV_PATH": "0"}}
scheduler = "jupyter_dataflow_envs.scheduler."
c.Spawner.args += [
    "--SchedulerApp.environment_manager_class=" + scheduler + "DataflowEnvironmentManager",
    "--Scheduler.execution_manager_class=" + scheduler + "DataflowExecutionManager",
]
hub.configure(c, service_url="{service}", api_token="{token}")
"""


@pytest.fixture(scope="module")
def hub(service: LiveServer, token: str, channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Its people's servers have the extension embedded, and one deployment."""
    config = CONFIG.format(root=service.root, channel=channel.as_uri(), service=service.url, token=token)
    with Hub(tmp_path_factory.mktemp("hub"), config) as hub:
        hub.add_user("dana")
        hub.add_user("erin")
        yield hub


def default_kernel(hub: Hub, name: str) -> str:
    headers = {"Authorization": f"token {hub.token}"}
    answer = httpx.get(f"{hub.server_url(name)}api/kernelspecs", headers=headers, trust_env=False, timeout=30)
    return str(answer.raise_for_status().json()["default"])


def kernelspec(hub: Hub, name: str, short_name: str) -> dict[str, Any]:
    folder = hub.folder / "people" / name / ".local" / "share" / "jupyter" / "kernels" / f"dataflow-{short_name}"
    spec: dict[str, Any] = json.loads((folder / "kernel.json").read_text())
    return spec


def environment(hub: Hub, name: str, short_name: str) -> dict[str, Any]:
    """As that person's own server tells it."""
    url = f"{hub.server_url(name)}dataflow-envs/environments/{short_name}"
    headers = {"Authorization": f"token {hub.token_of(name)}"}
    told: dict[str, Any] = httpx.get(url, headers=headers, trust_env=False, timeout=60).raise_for_status().json()
    return told


def test_an_api_spawn_with_json_starts_with_the_environment(hub: Hub) -> None:
    hub.start_server("dana", {configuration.OPTION: "mlenv"})
    try:
        wait_until(lambda: default_kernel(hub, "dana") == "dataflow-mlenv", "the default kernel")
        assert kernelspec(hub, "dana", "mlenv")["display_name"] == "Dataflow · Machine Learning"
        assert environment(hub, "dana", "mlenv")["active"], "it is hers, not that of the account of her server"
    finally:
        hub.stop_server("dana")


def test_an_api_spawn_of_what_there_is_not_is_refused(hub: Hub) -> None:
    for chosen, said in (("nope", "There is no published environment 'nope'"), (7, "must be the short name")):
        refused = hub.api("POST", "users/dana/server", {configuration.OPTION: chosen})
        assert refused.status_code == 400
        assert said in refused.json()["message"]
    assert not hub.api("GET", "users/dana").json()["servers"]


def test_the_spawn_page_offers_environments_and_starts_with_the_chosen_one(hub: Hub) -> None:
    with closing(hub.browser("dana")) as browser:
        page = browser.get("hub/spawn")
        assert page.status_code == 200
        assert 'name="dataflow_environment"' in page.text
        assert "Machine Learning" in page.text
        assert "<script>alert(1)</script>" not in page.text

        refused = post_form(browser, "hub/spawn", {configuration.OPTION: "nope"})
        assert refused.status_code == 400
        assert "There is no published environment" in refused.text
        assert 'name="dataflow_environment"' in refused.text

        post_form(browser, "hub/spawn", {configuration.OPTION: "evil"})
        hub.wait_for_server("dana")
        try:
            wait_until(lambda: default_kernel(hub, "dana") == "dataflow-evil", "the default kernel")
        finally:
            hub.stop_server("dana")
        again = browser.get("hub/spawn").text
        assert 'value="evil" aria-labelledby="dataflow_environment-1-title"' in again
        assert again.count(" checked") == 1


def test_a_scheduled_job_runs_in_an_environment_that_is_not_active_yet(hub: Hub) -> None:
    """The job's process finds the server that has started it, with the token that the hub has given that."""
    hub.start_server("erin", {})
    try:
        work = hub.folder / "people" / "erin"
        cell = nbformat.v4.new_code_cell("import sys; print('prefix', sys.prefix)")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), work / "job.ipynb")
        headers = {"Authorization": f"token {hub.token_of('erin')}"}
        url = f"{hub.server_url('erin')}scheduler/"
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as scheduler:
            listed = scheduler.get("runtime_environments").raise_for_status().json()
            assert "Machine Learning" in {e["label"] for e in listed}
            assert not environment(hub, "erin", "mlenv")["active"]
            body = {"name": "job", "input_uri": "job.ipynb", "runtime_environment_name": "dataflow-mlenv"}
            made = scheduler.post("jobs", json={**body, "output_formats": ["ipynb"]}).raise_for_status().json()

            def ended() -> dict[str, Any] | None:
                job: dict[str, Any] = scheduler.get(f"jobs/{made['job_id']}").raise_for_status().json()
                return job if job["status"] in ("COMPLETED", "FAILED") else None

            job = wait_until(ended, "the job", 120, interval=0.1)
            assert job["status"] == "COMPLETED", job["status_message"]
        output = next((work / ".local/share/jupyter/scheduler_staging_area" / made["job_id"]).glob("job-*.ipynb"))
        assert f"prefix {kernelspec(hub, 'erin', 'mlenv')['metadata']['conda_env_path']}" in output.read_text()
    finally:
        hub.stop_server("erin")
