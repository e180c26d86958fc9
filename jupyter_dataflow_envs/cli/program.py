"""The program: all commands in one group, and what becomes of errors and interrupts."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import takewhile

import click

from .. import __version__
from ..domain.errors import DataflowError
from .audit import audit
from .builds import build, cancel, log, preview
from .copies import copy_to_dataflow, copy_to_local
from .deployment import packages, policy
from .doctor import doctor
from .environments import activate, create, deactivate, delete, edit, list_environments, short_name_command, show
from .events import events
from .exit_code import ExitCode
from .imports import import_file
from .local import local
from .maintenance import backup, restore, upgrade_db
from .output import print_error, print_line
from .publishing import deprecate, submit, transfer, undeprecate, unpublish, withdraw
from .reviews import approve, reject, review, reviews
from .run import run_command
from .serve import serve
from .usage import kernels, usage
from .versions import compare, export, newer, revert, versions


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="jupyter dataflow-envs")
def program() -> None:
    """Make, build and use Dataflow environments.

    The commands talk to the Jupyter server that runs here, or to the one that --url names. Where none runs they start
    one of their own for as long as they need it.

    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the build, or what was followed, failed, 130 interrupted.
    """


for command in (
    list_environments,
    show,
    short_name_command,
    create,
    edit,
    delete,
    preview,
    build,
    log,
    cancel,
    versions,
    revert,
    compare,
    newer,
    submit,
    withdraw,
    reviews,
    review,
    approve,
    reject,
    deprecate,
    undeprecate,
    unpublish,
    transfer,
    activate,
    deactivate,
    usage,
    kernels,
    run_command,
    local,
    copy_to_local,
    copy_to_dataflow,
    export,
    import_file,
    packages,
    policy,
    audit,
    events,
    doctor,
    serve,
    upgrade_db,
    backup,
    restore,
):
    program.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; of errors only BrokenPipeError is left to the caller."""
    # What follows -- is another program's.
    as_json = "--json" in takewhile(lambda a: a != "--", arguments)
    try:
        # Not `program.main`: that takes a reader that left for an error of its own.
        with program.make_context("jupyter dataflow-envs", list(arguments) or ["--help"]) as context:
            program.invoke(context)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        print_error("usage", error.format_message(), as_json=as_json)
        if error.ctx is not None and not as_json:
            print_line(f"Try '{error.ctx.command_path} --help'.", error=True)
        return ExitCode.USAGE
    except click.ClickException as error:
        print_error("usage", error.format_message(), as_json=as_json)
        return ExitCode.USAGE
    except DataflowError as error:
        print_error(error.code, error.message, error.body(), as_json=as_json)
        return ExitCode.REFUSED
    except TimeoutError as error:
        print_error("timeout", str(error), as_json=as_json)
        return ExitCode.REFUSED
    except (click.Abort, KeyboardInterrupt):
        print_error("interrupted", "Interrupted.", as_json=as_json)
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def main() -> None:
    """The console script `jupyter-dataflow-envs`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough (`… | head`); Python must not complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.NOBODY_READS
    sys.exit(code)
