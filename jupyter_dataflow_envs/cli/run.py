"""The command `run`: becomes a command in an environment, activated."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from ..domain.errors import Unavailable
from .output import cell
from .session import Session, connected


# What follows the name is the command's: none of it is taken for an option of ours.
@click.command("run", context_settings={"allow_interspersed_args": False})
@click.argument("short_name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARGUMENT]...")
@connected
def run_command(session: Session, short_name: str, command: tuple[str, ...]) -> None:
    """Run a command in an environment, activated.

    \b
    jupyter dataflow-envs run mlenv -- python job.py --days 7 < in.csv

    Standard input, signals and the exit code are the command's own; 127 says that there is no such command in the
    environment, and 126 that it can't be executed.
    """
    words = command[1:] if command[:1] == ("--",) else command
    if words is command and command and command[0].startswith("-"):
        raise click.UsageError(f"{command[0]}: options stand before the name of the environment, or after -- COMMAND.")
    if not words:
        raise click.UsageError("Say what to run: jupyter dataflow-envs run NAME -- COMMAND.")
    launcher = session.client.launcher(short_name)["path"]
    server = session.client.url
    # Nobody will be here to end them.
    session.close()
    _become(launcher, words, server)


def _become(launcher: str, words: Sequence[str], server: str) -> NoReturn:
    if not os.path.lexists(launcher):
        raise Unavailable(
            f"The server at {cell(server)} keeps its environments where this machine can't reach them: there is no "
            f"{cell(launcher)} here. Run the command on the machine of that server, in a terminal of its Jupyter, say."
        )
    sys.stdout.flush()
    sys.stderr.flush()
    # Python has these ignored, which a program inherits: the command would not end when nobody reads it any more.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(launcher, [launcher, "--run", *words], os.environ)
    except OSError as error:
        raise Unavailable(f"{cell(launcher)} can't be started: {error.strerror}.") from error
