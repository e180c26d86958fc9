"""Files brought in the background: once at a time, tried again later, and with news for who waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.builds import arrival
from jupyter_dataflow_envs.builds.arrival import COMING, Arrival, Arrivals
from jupyter_dataflow_envs.domain.errors import NotAllowed, Unavailable
from jupyter_dataflow_envs.engine.faults import EngineError
from tests.live import wait_until

LOG = logging.getLogger("test")


@pytest.fixture
def arrivals() -> Iterator[Arrivals]:
    made = Arrivals(LOG)
    yield made
    made.stop()


def test_one_brings_and_the_others_hear_of_it(arrivals: Arrivals) -> None:
    goes_on, news, brought = threading.Event(), threading.Event(), []

    def bring() -> None:
        assert goes_on.wait(10)
        brought.append(1)

    assert [arrivals.begin("a", bring, news.set) for _ in range(3)] == [COMING] * 3
    goes_on.set()
    assert news.wait(10)
    assert brought == [1]
    assert not arrivals.is_due()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Unavailable("No room."), "No room."),
        (NotAllowed("Not yours."), "Not yours."),
        (ZeroDivisionError(), "Its files can't be brought to this machine."),
    ],
)
def test_what_failed_says_why_and_is_tried_again_later(
    arrivals: Arrivals, fault: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    news = threading.Event()

    def bring() -> None:
        tries.append(1)
        raise fault

    arrivals.begin("a", bring, news.set)
    assert news.wait(10)
    assert arrivals.begin("a", bring, news.set) == words
    assert (tries, arrivals.is_due()) == ([1], False)
    monkeypatch.setattr(arrival, "RETRY_SECONDS", 0.0)
    assert arrivals.is_due()
    assert not arrivals.is_due(), "it is said once"
    news.clear()
    assert arrivals.begin("a", bring, news.set) == COMING
    assert news.wait(10)
    assert tries == [1, 1]


def test_news_that_nobody_can_take_harm_nothing(arrivals: Arrivals, caplog: pytest.LogCaptureFixture) -> None:
    def then() -> None:
        raise ZeroDivisionError

    arrivals.begin("a", lambda: None, then)
    wait_until(lambda: "has failed" in caplog.text, "the word in the log", 10)
    news = threading.Event()
    arrivals.begin("b", lambda: None, news.set)
    assert news.wait(10)


def test_how_far_it_is(arrivals: Arrivals, tmp_path: Path) -> None:
    prefix, seen = tmp_path / "prefixes" / "0123456789ab", []

    def install() -> None:
        seen.append(arrivals.of(prefix))
        raise EngineError("no way")

    assert arrivals.of(prefix) is None
    with pytest.raises(Unavailable, match=r"The files of geo version 2 can't be brought to this machine: no way\."):
        arrivals.bring(prefix, "geo version 2", None, install)
    assert seen == [Arrival(0, 0)]
    assert arrivals.of(prefix) is None
    assert not prefix.exists()


def test_nothing_begins_once_it_stops(arrivals: Arrivals) -> None:
    arrivals.stop()
    begun: list[int] = []
    assert arrivals.begin("a", lambda: begun.append(1), lambda: begun.append(2)) == COMING
    assert begun == []
