"""Jupyter servers that run here: which of them is to be talked to, and with which token."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from .errors import ServerNotFound

PROBE_SECONDS = 3.0
"""How long one server may take to say whether it has the extension: enough for a busy one, not long for a hung one."""

PAGES = frozenset({"lab", "tree", "notebooks", "doc", "login", "dataflow-envs"})
"""What may follow a server's base URL in an address that was pasted."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: its base URL, which ends in a slash, and the token it wants."""

    url: str
    token: str = ""


def parse_address(url: str, token: str | None = None) -> Address:
    """An address as people paste it, from the browser or the server's log: a page's path and `?token=` may be in it.

    Raises ServerNotFound for what is no http(s) URL.
    """
    try:
        parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
        host = parts.hostname
        parts.port  # noqa: B018  (raises for what is no number)
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise ServerNotFound(f"{url!r} is not the address of a server: give one like http://127.0.0.1:8888/.")
    given = parse_qs(parts.query).get("token", [""])[0]
    segments = [s for s in parts.path.split("/") if s]
    own = 2 if segments[:1] == ["user"] else 0  # on a hub a person may be called like a page
    page = next((i for i, s in enumerate(segments) if i >= own and s in PAGES), len(segments))
    segments = segments[:page]
    path = "/" + "".join(f"{s}/" for s in segments)
    return Address(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", "")), token or given)


def find_address(url: str | None = None, token: str | None = None) -> Address:
    """The server to talk to: the one named, or the one that runs here.

    What is named comes first from the arguments, then from `JUPYTER_DATAFLOW_ENVS_URL` and
    `JUPYTER_DATAFLOW_ENVS_TOKEN`. A named server without a token gets the one in its runtime file, if it runs here. Of
    several that run here, the one that this process belongs to (a terminal or a kernel in it) comes first, then those
    started last; those that have the extension come before those where it is disabled. Raises ServerNotFound when there
    is none.
    """
    url = url or os.environ.get("JUPYTER_DATAFLOW_ENVS_URL")
    token = token or os.environ.get("JUPYTER_DATAFLOW_ENVS_TOKEN")
    if url:
        address = parse_address(url, token)
        if address.token:
            return address
        here = (a for a in running_servers() if _same_place(a.url, address.url))
        return Address(address.url, next((a.token for a in here), ""))
    disabled: Address | None = None
    silent: list[str] = []
    for address in running_servers():
        status = health_of(address)
        if status in ("up", "starting"):
            return Address(address.url, token or address.token)
        if status == "disabled":
            disabled = disabled or Address(address.url, token or address.token)
        else:
            silent.append(address.url)
    if disabled is not None:
        return disabled
    if silent:
        raise ServerNotFound(
            f"No running Jupyter server has jupyter-dataflow-envs (looked at {', '.join(silent)}): restart the server "
            "if it was started before the installation, or name another with --url or Client(url=…)."
        )
    raise ServerNotFound(
        "No Jupyter server runs here: start one (`jupyter lab`), or name one with --url and --token or "
        "Client(url=…, token=…)."
    )


def running_servers() -> list[Address]:
    """All Jupyter servers of this account that run on this machine, the one this process belongs to first."""
    found = sorted(_runtime_files(), key=_rank)
    addresses = [Address(_loopback(info), _token(info)) for _, info in found]
    # A terminal knows its server even where the runtime file lies in a folder that we don't see.
    surrounding, secret = os.environ.get("JUPYTER_SERVER_URL", ""), os.environ.get("JUPYTER_TOKEN", "")
    if surrounding.startswith("http") and not any(_same_place(a.url, surrounding) for a in addresses):
        addresses.insert(0, parse_address(surrounding, secret or _hub_token()))
    return addresses


def _runtime_files() -> Iterator[tuple[float, Mapping[str, Any]]]:
    # The files that jupyter_server.serverapp.list_running_servers reads; importing that takes most of a second.
    from jupyter_core.paths import jupyter_runtime_dir

    for path in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
        try:
            info, written = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
        except (OSError, ValueError):
            continue
        if (
            isinstance(info, dict)
            and isinstance(info.get("url"), str)
            and not info.get("sock")
            and _alive(info.get("pid"))
        ):
            yield written, info


def _alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _rank(found: tuple[float, Mapping[str, Any]]) -> tuple[int, float]:
    written, info = found
    mine = str(info.get("pid")) == os.environ.get("JPY_PARENT_PID") or _same_place(
        info["url"], os.environ.get("JUPYTER_SERVER_URL", "")
    )
    return (0 if mine else 1, -written)


def _loopback(info: Mapping[str, Any]) -> str:
    """The URL of a runtime file, with a host that this machine can connect to."""
    url = parse_address(info["url"]).url
    parts = urlsplit(url)
    if parts.hostname in ("0.0.0.0", "::", ""):
        return urlunsplit(parts._replace(netloc=f"127.0.0.1:{parts.port or info.get('port')}"))
    return url


def _token(info: Mapping[str, Any]) -> str:
    return str(info.get("token") or "") or _hub_token()


def _hub_token() -> str:
    """On a JupyterHub the server's runtime file holds no token: the hub's own opens this person's server."""
    return os.environ.get("JUPYTERHUB_API_TOKEN") or os.environ.get("JPY_API_TOKEN") or ""


def _same_place(left: str, right: str) -> bool:
    a, b = urlsplit(left), urlsplit(right)
    local = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
    same_host = a.hostname == b.hostname or (a.hostname in local and b.hostname in local)
    return same_host and a.port == b.port and a.path.rstrip("/") == b.path.rstrip("/")


def health_of(address: Address) -> str | None:
    """What the extension there says of itself; `absent` where a server has none, None where nothing answers."""
    import httpx

    from .transport import http_client

    try:
        with http_client(address, timeout=PROBE_SECONDS) as http:
            answer = http.get("health")
    except httpx.HTTPError:
        return None
    try:
        body = answer.json()
    except ValueError:
        return "absent"
    status = body.get("status") if isinstance(body, dict) else None
    return status if isinstance(status, str) else "absent"
