"""A kernel of somebody's Jupyter server, over HTTP and a WebSocket as a notebook has it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import websocket

from tests.handlers.rest import Rest

TIMEOUT = 60


@dataclass
class RemoteKernel:
    id: str
    socket: websocket.WebSocket

    def run(self, code: str) -> str:
        """What the cell printed; an error of the cell is an AssertionError with its text."""
        sent = uuid.uuid4().hex
        header = {"msg_id": sent, "msg_type": "execute_request", "username": "", "session": sent, "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self.socket.send(json.dumps(message))
        printed: list[str] = []
        idle = replied = False
        while not (idle and replied):
            got: dict[str, Any] = json.loads(self.socket.recv())
            if got["parent_header"].get("msg_id") != sent:
                continue
            match got["msg_type"]:
                case "stream":
                    printed.append(got["content"]["text"])
                case "error":
                    raise AssertionError(f"{got['content']['ename']}: {got['content']['evalue']}")
                case "execute_reply":
                    replied = True
                case "status":
                    idle = got["content"]["execution_state"] == "idle"
        return "".join(printed).strip()


@contextmanager
def remote_kernel(server: Rest, kernel_name: str) -> Iterator[RemoteKernel]:
    """A new one of that name, for the length of a `with` block."""
    headers = {"Authorization": f"token {server.token}"}
    with httpx.Client(base_url=f"{server.url}api/", headers=headers, trust_env=False, timeout=TIMEOUT) as http:
        kernel_id = http.post("kernels", json={"name": kernel_name}).raise_for_status().json()["id"]
        try:
            channels = websocket.create_connection(
                f"ws{server.url.removeprefix('http')}api/kernels/{kernel_id}/channels",
                header=headers,
                timeout=TIMEOUT,
                suppress_origin=True,
                http_no_proxy=["*"],
            )
            try:
                yield RemoteKernel(kernel_id, channels)
            finally:
                channels.shutdown()
        finally:
            http.delete(f"kernels/{kernel_id}")
