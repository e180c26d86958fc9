"""A running kernel as a person meets it, through Jupyter's own client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

TIMEOUT = 60


@dataclass
class Session:
    """A kernel that has answered `kernel_info`."""

    manager: KernelManager
    client: BlockingKernelClient

    @property
    def pid(self) -> int:
        """Of the process that Jupyter started and signals."""
        return int(self.manager.provisioner.process.pid)  # type: ignore[union-attr]

    def run(self, code: str) -> str:
        """What the cell printed; an error of the cell is an AssertionError with its text."""
        reply, messages = self.execute(code)
        assert reply["status"] == "ok", f"{reply.get('ename')}: {reply.get('evalue')}"
        return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream").strip()

    def execute(self, code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The reply's content and all messages that were published for the cell."""
        messages: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(code, timeout=TIMEOUT, output_hook=messages.append)
        return reply["content"], messages

    def restart(self) -> None:
        """As the notebook's menu does: the same manager, which has read `kernel.json` once."""
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=TIMEOUT)


def notebook_of(code: str) -> Any:
    """A notebook with one cell."""
    cell = nbformat.v4.new_code_cell(code)  # type: ignore[no-untyped-call]
    return nbformat.v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]


@contextmanager
def session(kernel_name: str, **start: Any) -> Iterator[Session]:
    """A kernel of that name, for the length of a `with` block."""
    manager, client = start_new_kernel(startup_timeout=TIMEOUT, kernel_name=kernel_name, **start)
    try:
        yield Session(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
