"""Jobs of the real jupyter-scheduler in real environments."""

from __future__ import annotations

import asyncio
import json
import threading

import httpx
import pytest

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.scheduler import DataflowEnvironmentManager
from jupyter_dataflow_envs.scheduler.jobs import EnvironmentGone, ready_kernel
from tests.live import LiveServer
from tests.scheduler.jobs import Jobs

WHERE = "import sys; print(sys.prefix)"


def prefix_of(server: LiveServer, kernel: str) -> str:
    spec = json.loads((server.data_dir / "kernels" / kernel / "kernel.json").read_text())
    return str(spec["metadata"]["conda_env_path"])


def test_the_list_shows_what_the_person_can_run(jobs: Jobs, person: Client, built: str) -> None:
    person.create("saved", full_name="Only Saved", python_version="3.11")
    listed = jobs.environments()
    mine = listed[f"dataflow-{built}"]
    assert mine["label"] == "Machine Learning"
    assert mine["description"] == "For the course"
    assert mine["file_extensions"] == ["ipynb"]
    assert mine["output_formats"] == [{"name": "ipynb", "label": "Notebook"}, {"name": "html", "label": "HTML"}]
    assert mine["metadata"]["short_name"] == built
    assert mine["metadata"]["version"] == "1"
    assert "dataflow-saved" not in listed
    assert jobs.config()["manage_environments_command"] == "dataflow-envs:show-panel"


def test_same_full_names_are_told_apart(jobs: Jobs, person: Client, built: str, python: str) -> None:
    person.create("twin", full_name="Machine Learning", python_version=python)
    person.build("twin")
    assert person.wait("twin")["outcome"] == "succeeded"
    listed = jobs.environments()
    assert listed["dataflow-twin"]["label"] == "Machine Learning (dataflow-twin)"
    assert listed["dataflow-mlenv"]["label"] == "Machine Learning (dataflow-mlenv)"
    person.delete("twin")


def test_a_job_runs_in_its_environment_whatever_its_notebook_names(
    jobs: Jobs, server: LiveServer, person: Client, built: str
) -> None:
    """It is activated for it; the notebook it was made of stays as it is."""
    job = jobs.run(f"dataflow-{built}", WHERE, kernel="another", formats=("ipynb", "html"))
    assert (job["status"], job["status_message"]) == ("COMPLETED", None)
    assert person.environment(built)["active"]
    prefix = prefix_of(server, f"dataflow-{built}")
    assert prefix.startswith(str(server.root))
    assert jobs.printed(job).strip() == prefix
    files = jobs.files(job)
    assert prefix in files["html"].read_text()
    assert json.loads(files["ipynb"].read_text())["metadata"]["kernelspec"]["name"] == f"dataflow-{built}"
    assert json.loads(files["input"].read_text())["metadata"]["kernelspec"]["name"] == "another"


def test_a_notebook_without_a_kernel_runs_as_well_and_a_failing_one_says_why(jobs: Jobs, built: str) -> None:
    job = jobs.run(f"dataflow-{built}", f"{WHERE}; print(1 / 0)")
    assert job["status"] == "FAILED"
    assert "ZeroDivisionError" in job["status_message"]


def test_a_local_environment_is_listed_and_runs(jobs: Jobs, server: LiveServer, person: Client, built: str) -> None:
    person.copy_to_local(built, "mine")
    assert person.wait_local("mine", 120)["status"] == "Ready"
    mine = jobs.environments()["local-mine"]
    assert mine["label"] == "Local · mine"
    job = jobs.run("local-mine", WHERE)
    assert job["status"] == "COMPLETED", job["status_message"]
    assert jobs.printed(job).strip() == mine["metadata"]["path"]


def test_a_job_of_a_deleted_environment_fails_and_says_so(jobs: Jobs, person: Client, python: str) -> None:
    person.create("gone", full_name="Soon Gone", python_version=python)
    person.build("gone")
    assert person.wait("gone")["outcome"] == "succeeded"
    assert "dataflow-gone" in jobs.environments()
    person.delete("gone")
    assert "dataflow-gone" not in jobs.environments()
    job = jobs.run("dataflow-gone", WHERE)
    assert job["status"] == "FAILED"
    assert job["status_message"] == "There is no environment 'gone' any more: choose another one for this job."


def test_what_is_no_environments_kernel_any_more_is_refused(
    monkeypatch: pytest.MonkeyPatch, server: LiveServer
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(server.data_dir))
    with pytest.raises(EnvironmentGone, match="There is no kernel 'local-lost' any more"):
        ready_kernel("local-lost")


def test_without_its_server_a_job_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(empty))
    for name in ("JUPYTER_DATAFLOW_ENVS_URL", "JUPYTER_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EnvironmentGone, match="activate it in the panel"):
        ready_kernel("dataflow-mlenv")


def test_twenty_lists_at_once_and_the_server_answers_meanwhile(jobs: Jobs, server: LiveServer, built: str) -> None:
    """Nothing waits for itself: the server asks its own routes while it answers."""
    lists: list[int] = []
    threads = [threading.Thread(target=lambda: lists.append(len(jobs.environments()))) for _ in range(20)]
    for thread in threads:
        thread.start()
    answer = httpx.get(f"{server.url}dataflow-envs/health", timeout=10, trust_env=False)
    for thread in threads:
        thread.join(60)
    assert answer.status_code == 200
    assert len(lists) == 20
    assert len(set(lists)) == 1


def test_while_the_environments_are_away_those_that_are_kernels_are_listed(
    monkeypatch: pytest.MonkeyPatch, server: LiveServer, person: Client, built: str, caplog: pytest.LogCaptureFixture
) -> None:
    person.activate(built)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(server.data_dir))
    listed = {e.name: e for e in asyncio.run(DataflowEnvironmentManager().list_environments())}
    assert listed[f"dataflow-{built}"].label == "Machine Learning"
    assert listed[f"dataflow-{built}"].metadata["short_name"] == built
    assert "Jobs can only run in environments that are kernels already" in caplog.text


def test_a_stranger_is_shown_nothing(server: LiveServer, built: str) -> None:
    answer = httpx.get(f"{server.url}scheduler/runtime_environments", trust_env=False)
    assert answer.status_code == 403
    assert built not in answer.text
