"""Sizes, durations and times in words."""

from __future__ import annotations

import pytest

from jupyter_dataflow_envs.cli.quantities import duration, moment, size


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (33_120_000, "33.1 MB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_sizes(count: int | None, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0.44, "0.4 s"), (59.9, "59.9 s"), (125, "2 min 5 s"), (7260, "2 h 1 min")]
)
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(moment("2026-01-02T03:04:05Z")) == len("2026-01-02 03:04")
    assert moment("2026-01-02T03:04:05.123456+00:00")[:4] == "2026"
    assert moment(None) == ""
    assert moment("some day") == "some day"
