"""The command that serves a team's environments."""

from __future__ import annotations

import click


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    short_help="Serve the environments of a team: the API by itself, as a service of JupyterHub or alone.",
)
@click.argument("settings", nargs=-1, type=click.UNPROCESSED)
def serve(settings: tuple[str, ...]) -> None:
    """Options are settings, as with every Jupyter application: --help-all lists them."""
    from ..serve import DataflowEnvsService

    DataflowEnvsService.launch_instance(list(settings))
