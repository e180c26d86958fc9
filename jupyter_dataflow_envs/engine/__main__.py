"""The engine child: one job line in, messages out on the descriptor named by the argument, no more output of value.

It ends with its standard input, and takes its process group along: a runner that dies leaves nothing behind. It never
returns from `main`, because py-rattler can crash while an interpreter shuts down.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from types import FrameType

from .messages import Messages
from .processes import end_group, lead_group
from .protocol import Answer


class Orders:
    """Reads standard input in a thread of its own; its end is the end of this process group."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def _read(self) -> None:
        try:
            with os.fdopen(os.dup(0), encoding="utf-8", closefd=True) as stdin:
                for line in stdin:
                    self._lines.put(line)
        finally:
            end_group()

    def job_line(self) -> str:
        return self._lines.get()

    def answer(self) -> Answer:
        return Answer(json.loads(self._lines.get())["answer"])


def _terminated(signum: int, frame: FrameType | None) -> None:
    end_group()


def main() -> None:
    lead_group()
    signal.signal(signal.SIGTERM, _terminated)
    messages = Messages(int(sys.argv[1]))
    orders = Orders()
    from .run import run  # while the runner still writes the job

    succeeded = run(orders.job_line(), messages, orders.answer)
    sys.stdout.flush()
    sys.stderr.flush()
    if not succeeded:
        end_group()  # what ran beside the step that failed
    os._exit(0)


if __name__ == "__main__":
    main()
