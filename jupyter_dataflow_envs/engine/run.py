"""Takes one job to its result or its failure."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from ..domain.errors import EngineError
from .faults import explain
from .messages import Messages
from .protocol import Answer, Job, Mode


def run(line: str, messages: Messages, answer: Callable[[], Answer]) -> bool:
    """Runs the job; its end is said by exactly one `result` or `failure`. False: something may still be running."""
    try:
        job = Job.from_line(line)
        if job.mode in (Mode.NAMES, Mode.VERSIONS, Mode.NEWER):
            from .catalog import look_up

            look_up(job, messages)
        elif job.mode is Mode.ADD:
            from .add import add

            add(job, messages)
        else:
            from .build import Build

            Build(job, messages, answer).run()
        return True
    except EngineError as error:
        messages.failure(error.reason, error.details)
    except BaseException as error:  # noqa: BLE001  # whatever it is, the runner must hear of it
        known = explain(error)
        if known is None:
            messages.log(traceback.format_exc())
            what = f"{type(error).__name__}: {error}"
            known = EngineError(f"the build stopped unexpectedly: {what}", traceback.format_exc())
        messages.failure(known.reason, known.details)
    return False
