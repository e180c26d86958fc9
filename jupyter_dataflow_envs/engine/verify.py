"""Proves that a kernel of the new prefix starts and answers, as a launcher will start it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.errors import EngineError
from .activation import command, environment
from .processes import run

PATIENCE = 120.0
"""Seconds until a silent kernel counts as broken: a first start on a cold network disk can take most of a minute."""

_DELIMITER = b"<IDS|MSG>"
_LONGEST_SOCKET = 90
"""Of the about 107 bytes that a Unix socket's path may have."""


@dataclass(frozen=True, slots=True)
class KernelInfo:
    """What the kernel said of itself."""

    banner: str
    language_version: str
    duration: float


def verify_kernel(prefix: Path, work: Path, title: str) -> KernelInfo:
    """Starts the prefix' kernel, activated, and waits for its answer to `kernel_info`; then ends it.

    Raises:
        EngineError: the kernel ended, or stayed silent; the details are the end of what it printed.
    """
    started = time.monotonic()
    with _socket_folder(work) as sockets:
        connection, key = _connection_file(work, sockets)
        output = work / "kernel.log"
        variables = {
            **environment(prefix, title),
            "IPYTHONDIR": str(work / "ipython"),
            "JUPYTER_CONFIG_DIR": str(work / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(work / "jupyter"),
        }
        arguments = [str(prefix / "bin" / "python"), "-m", "ipykernel_launcher", "-f", str(connection)]
        with output.open("wb") as log:
            kernel = subprocess.Popen(
                command(prefix, arguments), env=variables, cwd=work, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                answer = _ask(f"ipc://{sockets}/k-1", key, kernel, output)
            finally:
                kernel.kill()
                kernel.wait()
    return KernelInfo(
        answer.get("banner", "").splitlines()[0] if answer.get("banner") else "",
        answer.get("language_info", {}).get("version", ""),
        time.monotonic() - started,
    )


def verify_python(prefix: Path, work: Path) -> None:
    """Starts the prefix' Python alone. Raises EngineError when it can't run on this machine."""
    done = run([str(prefix / "bin" / "python"), "-I", "-S", "-c", ""], env=environment(prefix), cwd=work)
    if done.code:
        lines = done.err.strip().splitlines()
        raise EngineError(
            f"its Python can't run here: {lines[-1] if lines else f'it ended with {done.code}'}", done.err
        )


@contextmanager
def _socket_folder(work: Path) -> Iterator[Path]:
    if len(os.fsencode(work)) < _LONGEST_SOCKET:
        yield work
        return
    short = Path(tempfile.mkdtemp(prefix="dataflow-"))
    try:
        yield short
    finally:
        shutil.rmtree(short, ignore_errors=True)


def _connection_file(work: Path, sockets: Path) -> tuple[Path, bytes]:
    path, key = work / "kernel.json", os.urandom(16).hex()
    ports = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
    content = {
        "transport": "ipc",
        "ip": str(sockets / "k"),
        "key": key,
        "signature_scheme": "hmac-sha256",
        **{name: number for number, name in enumerate(ports, 1)},
    }
    path.touch(0o600)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path, key.encode()


def _ask(address: str, key: bytes, kernel: subprocess.Popen[bytes], output: Path) -> dict[str, Any]:
    import zmq

    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.setsockopt(zmq.RECONNECT_IVL, 5)  # milliseconds: the kernel binds when it is ready, we ask from the start
    try:
        socket.connect(address)
        socket.send_multipart(_request(key))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if socket.poll(50):
                return _reply(socket.recv_multipart(), key)
            if kernel.poll() is not None:
                raise EngineError(f"the kernel can't start: {_last_line(output, kernel.returncode)}", _tail(output))
        raise EngineError(f"the kernel did not answer within {PATIENCE:.0f} s", _tail(output))
    finally:
        context.destroy(linger=0)


def _request(key: bytes) -> list[bytes]:
    header = {
        "msg_id": os.urandom(8).hex(),
        "session": "verify",
        "username": "",
        "msg_type": "kernel_info_request",
        "version": "5.3",
    }
    parts = [json.dumps(header).encode(), b"{}", b"{}", b"{}"]
    return [_DELIMITER, _signature(key, parts), *parts]


def _reply(frames: list[bytes], key: bytes) -> dict[str, Any]:
    start = frames.index(_DELIMITER)
    signature, *parts = frames[start + 1 : start + 6]
    content: dict[str, Any] = json.loads(parts[3])
    if not hmac.compare_digest(signature, _signature(key, parts)) or content.get("status", "ok") != "ok":
        raise EngineError("the kernel answered with something else than its information", json.dumps(content))
    return content


def _signature(key: bytes, parts: list[bytes]) -> bytes:
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()


def _tail(output: Path) -> str:
    return "\n".join(output.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def _last_line(output: Path, code: int) -> str:
    lines = [line.strip() for line in _tail(output).splitlines() if line.strip()]
    if lines:
        return lines[-1]
    return f"its process ended by signal {-code}" if code < 0 else f"its process ended with code {code}"
