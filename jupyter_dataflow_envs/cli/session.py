"""What every command shares: its connection, and how it answers."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from ..client.errors import ServerNotFound
from .output import clean, print_json, print_line

if TYPE_CHECKING:
    from types import TracebackType

    from ..client import Client
    from .own_server import OwnServer

F = TypeVar("F", bound=Callable[..., Any])


class Session:
    """One command's run. `client` connects at its first use and, where no server runs, starts one for this command."""

    def __init__(self, url: str | None, token: str | None, *, as_json: bool) -> None:
        self.url = url
        self.token = token
        self.as_json = as_json
        self.own: OwnServer | None = None
        self._client: Client | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection, and end the server that was started for this command."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self.own is not None:
            self.own.stop()
            self.own = None

    @property
    def client(self) -> Client:
        """Raises ServerNotFound for a --url that is no server, and Unavailable when none could be started."""
        if self._client is None:
            self._client = self._connect()
        return self._client

    def answer(self, value: Any) -> bool:
        """With --json, print the value and say True: there is nothing more to show."""
        if self.as_json:
            print_json(value)
        return self.as_json

    def confirm(self, question: str, *, yes: bool) -> None:
        """At a terminal, ask, unless `yes` says it already; a no ends the command as an interrupt does."""
        if not yes and not self.as_json and sys.stdin.isatty():
            click.confirm(clean(question), abort=True, err=True)

    def note(self, text: str) -> None:
        """Something a person should know, beside the answer."""
        if not self.as_json:
            print_line(text, error=True)

    def _connect(self) -> Client:
        from ..client import Client

        try:
            return Client(self.url, self.token)
        except ServerNotFound:
            if self.url:
                raise
        from .own_server import OwnServer

        self.note("No Jupyter server with the extension runs here: starting one for this command.")
        self.own = OwnServer()
        address = self.own.start()
        return Client(address.url, address.token)


def called_alone() -> bool:
    """Whether a group is called without any of its commands. Raises UsageError for options that belong to one."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        return True
    given = context.get_parameter_source
    if wrong := [name for name in ("as_json", "url", "token") if given(name) is ParameterSource.COMMANDLINE]:
        option = "--" + wrong[0].removeprefix("as_")
        group, command = context.info_name, context.invoked_subcommand
        raise click.UsageError(f"{option} stands after the command: {group} {command} {option}.")
    return False


def connected(function: F) -> F:
    """Give a command the options of the connection and, as its first argument, a Session."""

    @click.option(
        "--url", envvar="JUPYTER_DATAFLOW_ENVS_URL", help="The Jupyter server to talk to [default: the one here]."
    )
    @click.option("--token", envvar="JUPYTER_DATAFLOW_ENVS_TOKEN", help="Its token [default: as that server keeps it].")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON, and errors in JSON on standard error.")
    @functools.wraps(function)
    def command(*args: Any, url: str | None, token: str | None, as_json: bool, **options: Any) -> Any:
        with Session(url, token, as_json=as_json) as session:
            return function(session, *args, **options)

    return command  # type: ignore[return-value]
