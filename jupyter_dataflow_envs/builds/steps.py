"""How long the steps of a build take."""

from __future__ import annotations

import time

from ..domain.version import Step, StepDuration


class Steps:
    """How long each step took, for a run whose engine ends before it could tell."""

    def __init__(self) -> None:
        self._durations: list[StepDuration] = []
        self._current: Step | None = None
        self._since = time.monotonic()

    def enter(self, step: Step) -> None:
        self._leave()
        self._current = step

    def ended(self) -> list[StepDuration]:
        """Of all steps, the last one ending now."""
        self._leave()
        self._current = None
        return self._durations

    def _leave(self) -> None:
        moment = time.monotonic()
        if self._current is not None:
            self._durations.append(StepDuration(self._current.value, moment - self._since))
        self._since = moment
