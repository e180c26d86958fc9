"""Where the builds of a deployment run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .account import BuildAccount
from .runner import LocalRunner, Runner


def make_runner(
    root: Path,
    dask_scheduler: str,
    max_log_bytes: int,
    account: BuildAccount | None,
    image_url: Callable[[], str | None],
) -> Runner:
    """On Dask's workers if there is a scheduler, else in children of this process, under that account.

    `image_url`: asked at each build on Dask, where its image is to be put. Raises Unavailable when the scheduler's
    address is not one to send builds to.
    """
    if not dask_scheduler:
        return LocalRunner(root, account)
    from .dask.runner import DaskRunner

    return DaskRunner(root, dask_scheduler, max_log_bytes, image_url)
