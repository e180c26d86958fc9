"""`doctor`: what is wrong with the installation here, and with the service as it sees itself."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from .. import __version__
from ..client.errors import ServerNotFound
from ..domain.errors import DataflowError, NotAllowed
from .exit_code import ExitCode
from .output import cell, is_terminal, print_line
from .session import Session, connected

if TYPE_CHECKING:
    from ..client import Client
    from ..models import CheckAnswer

PACKAGES = ("jupyter_server", "jupyterlab", "py-rattler", "uv", "conda-lock", "sqlalchemy", "pydantic")


@click.command()
@connected
def doctor(session: Session) -> None:
    """Find out what is wrong: with what is installed here, and with the service.

    Exit code 1 when something is.
    """
    found: list[CheckAnswer] = []
    checks = (*_here(), *_there(session)) if session.as_json else _all(session)
    for check in checks:
        found.append(check)
        if not session.as_json:
            _print(check)
    session.answer({"checks": found})
    if not all(check["ok"] for check in found):
        raise click.exceptions.Exit(ExitCode.REFUSED)


def _all(session: Session) -> Iterator[CheckAnswer]:
    yield from _here()
    yield from _there(session)


def _print(check: CheckAnswer) -> None:
    mark = "ok " if check["ok"] else "BAD"
    if is_terminal():
        mark = f"\x1b[{32 if check['ok'] else 31}m{mark}\x1b[0m"
    print_line(f"{mark} {cell(check['name'])}: {cell(check['message'])}", colours=True)


def _here() -> Iterator[CheckAnswer]:
    """What can be seen without any server."""
    yield _versions()
    yield _platform()
    yield _extension()
    yield _data_folder()


def _there(session: Session) -> Iterator[CheckAnswer]:
    """What the service says, if one can be reached."""
    try:
        client = session.client
    except DataflowError as error:
        found = isinstance(error, ServerNotFound)
        yield {"name": "server", "ok": False, "message": error.message if found else f"Not reachable: {error.message}"}
        return
    where = "none runs here; started one for this command" if session.own else f"found at {client.url}"
    yield {"name": "server", "ok": True, "message": where}
    try:
        yield from _service(client)
    except DataflowError as error:
        yield {"name": "service", "ok": False, "message": error.message}


def _service(client: Client) -> Iterator[CheckAnswer]:
    health = client.health()
    up = health["status"] == "up"
    message = health["message"] or f"{health['status']}, database schema {health['schema_version']}"
    yield {"name": "service", "ok": up, "message": message if up else f"{health['status']}: {message}"}
    if health["version"] != __version__:
        yield {
            "name": "version of the service",
            "ok": False,
            "message": f"it runs {health['version']}, and {__version__} is installed here: after an upgrade, start the "
            "server again.",
        }
    if not up:
        return
    try:
        yield from client.doctor()["checks"]
    except NotAllowed as error:
        yield {"name": "checks of the service", "ok": True, "message": f"left out: {error.message}"}


def _versions() -> CheckAnswer:
    from importlib.metadata import PackageNotFoundError, version

    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    message = f"jupyter-dataflow-envs {__version__}, Python {platform.python_version()}, {', '.join(found)}"
    if missing:
        message = f"{', '.join(missing)} can't be found: install jupyter-dataflow-envs again. {message}"
    return {"name": "versions", "ok": not missing, "message": message}


def _platform() -> CheckAnswer:
    if platform.system() in ("Linux", "Darwin"):
        return {"name": "platform", "ok": True, "message": platform.platform(terse=True)}
    return {"name": "platform", "ok": False, "message": f"{platform.system()} is not supported: use Linux or macOS."}


def _extension() -> CheckAnswer:
    """What `jupyter server extension list` says of it."""
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager
    from jupyter_server.extension.manager import ExtensionPackage

    known = ExtensionConfigManager(read_config_path=jupyter_config_path())
    enabled: dict[str, bool] = known.get_jpserver_extensions()  # type: ignore[no-untyped-call]
    state = enabled.get("jupyter_dataflow_envs")
    if not state:
        what = "not enabled" if state is None else "disabled"
        message = f"{what} in {sys.executable}: `jupyter server extension enable jupyter_dataflow_envs` enables it."
        return {"name": "server extension", "ok": False, "message": message}
    try:
        package = ExtensionPackage(name="jupyter_dataflow_envs", enabled=True)  # type: ignore[no-untyped-call]
        loads = package.validate()  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001  (whatever it is, this is what keeps Jupyter from loading it)
        message = f"enabled, and can't be loaded: {type(error).__name__}: {error}"
        return {"name": "server extension", "ok": False, "message": message}
    message = (
        f"enabled in {sys.executable}" if loads else "enabled, and Jupyter finds no extension in it: install it again."
    )
    return {"name": "server extension", "ok": bool(loads), "message": message}


def _data_folder() -> CheckAnswer:
    from jupyter_core.paths import jupyter_data_dir

    folder = jupyter_data_dir()
    try:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        message = f"{folder} can't be written to ({error.strerror}): kernels can't be registered there."
        return {"name": "Jupyter data folder", "ok": False, "message": message}
    return {"name": "Jupyter data folder", "ok": True, "message": f"{folder} can be written to"}
