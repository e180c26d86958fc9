"""What is done with a Local environment, seen through to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .exit_code import ExitCode
from .output import cell, clean, print_error, print_line
from .session import Session

if TYPE_CHECKING:
    from ..models import LocalAnswer

WORKS = {"make": "Making", "copy": "Copying to", "install_ipykernel": "Installing ipykernel into"}


def see_local_through(session: Session, begun: LocalAnswer, *, follow: bool) -> None:
    """Say that it goes on, or follow it to its end: if that is asked for, or if it would end with this command.

    Leaves with exit code 3 when it failed, and 130 when the person stopped looking.
    """
    what = f"{WORKS[begun['work'] or 'make']} {cell(begun['name'])}"
    if session.own is not None and not follow:
        session.note(f"{what} needs a server that stays, and this one ends with the command: following it to its end.")
        follow = True
    if not follow:
        if not session.answer(begun):
            print_line(f"{what} has begun.")
            print_line(f"Follow it: jupyter dataflow-envs local log -f {begun['id']}")
        return

    from .following import follow_local

    try:
        ended, well = follow_local(session, begun["id"])
    except KeyboardInterrupt:
        _interrupted(session, what, begun["id"])
        raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None
    session.answer(ended)
    if well:
        return
    message = f"{what} failed: {clean(ended['reason'] or 'no reason was given')}"
    if session.as_json:
        print_error("work_failed", message, as_json=True)
    else:
        print_line(message, error=True)
        print_line(f"The whole log: jupyter dataflow-envs local log {ended['id']}", error=True)
    raise click.exceptions.Exit(ExitCode.BUILD_FAILED)


def _interrupted(session: Session, what: str, id: str) -> None:
    if session.own is not None:
        message = f"{what} ends with this command's server."
    else:
        message = (
            f"{what} goes on. Follow it: jupyter dataflow-envs local log -f {id}. "
            f"Cancel it: jupyter dataflow-envs local cancel {id}"
        )
    if session.as_json:
        print_error("interrupted", message, as_json=True)
    else:
        print_line(message, error=True)
