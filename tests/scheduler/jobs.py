"""jupyter-scheduler's own REST interface, as its panel uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import nbformat

from tests.live import LiveServer, wait_until

ENDED = ("COMPLETED", "FAILED")
"""Not STOPPED: that is what a job is called until it has started."""


class Jobs:
    """One person's jobs in one server."""

    def __init__(self, server: LiveServer) -> None:
        self._work = server.home / "work"
        self._http = httpx.Client(
            base_url=f"{server.url}scheduler/",
            headers={"Authorization": f"token {server.token}"},
            timeout=60,
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def environments(self) -> dict[str, dict[str, Any]]:
        """Those that are offered, by their names."""
        items = self._http.get("runtime_environments").raise_for_status().json()
        return {e["name"]: e for e in items}

    def config(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._http.get("config").raise_for_status().json()
        return answer

    def run(
        self, environment: str, code: str, *, kernel: str | None = None, formats: tuple[str, ...] = ("ipynb",)
    ) -> dict[str, Any]:
        """A job of a notebook with one cell, once it has ended; the notebook names `kernel`."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        if kernel is not None:
            notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
        nbformat.write(notebook, self._work / "job.ipynb")
        body = {
            "name": "job",
            "input_uri": "job.ipynb",
            "runtime_environment_name": environment,
            "output_formats": list(formats),
        }
        made = self._http.post("jobs", json=body)
        assert made.is_success, made.text
        path = f"jobs/{made.json()['job_id']}"

        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = self._http.get(path).raise_for_status().json()
            return job if job["status"] in ENDED else None

        return wait_until(ended, "the job", 120, interval=0.1)

    def files(self, job: dict[str, Any]) -> dict[str, Path]:
        """What the job leaves in the person's folder, by format, once it lies there."""
        path = f"jobs/{job['job_id']}"
        self._http.get(f"{path}/download_files").raise_for_status()

        def there() -> list[dict[str, Any]] | None:
            told = self._http.get(path).raise_for_status().json()
            return told["job_files"] if told["downloaded"] else None

        return {f["file_format"]: self._work / f["file_path"] for f in wait_until(there, "the job's files", 60, 0.1)}

    def printed(self, job: dict[str, Any]) -> str:
        """What the cell of the output notebook has printed."""
        cell = json.loads(self.files(job)["ipynb"].read_text())["cells"][0]
        return "".join(text for output in cell["outputs"] for text in output.get("text", []))
