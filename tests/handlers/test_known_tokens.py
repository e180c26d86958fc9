"""The hub is asked about a token once at a time, before its answer is too old, and nobody waits for what is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from jupyter_dataflow_envs.domain.errors import Unavailable
from jupyter_dataflow_envs.handlers import known_tokens
from jupyter_dataflow_envs.handlers.known_tokens import MAX_AGE, REFRESHED_FROM, REFRESHED_TO, KnownTokens, Model

ANN, NOBODY = {"name": "ann"}, None


class Hub:
    """Answers when it is let, with what it knows when it is asked."""

    def __init__(self) -> None:
        self.knows: dict[str, Model] = {"a": ANN}
        self.asked: list[str] = []
        self.away = False
        self.now = 0.0
        self.answers = asyncio.Event()
        self.answers.set()
        self.tokens = KnownTokens(self.ask, lambda: self.now)

    async def ask(self, token: str) -> Model | None:
        self.asked.append(token)
        if self.away:
            raise Unavailable("no hub")
        model = self.knows.get(token)
        await self.answers.wait()
        return model

    async def settle(self) -> None:
        """Until nothing is being asked any more."""
        while self.tokens._asking:
            await asyncio.sleep(0)


def run(scenario: Callable[[Hub], Awaitable[None]]) -> None:
    async def started() -> None:
        await scenario(Hub())

    asyncio.run(asyncio.wait_for(started(), 10))


def test_many_who_come_at_once_are_one_question() -> None:
    async def scenario(hub: Hub) -> None:
        hub.answers.clear()
        coming = [asyncio.create_task(hub.tokens.model_of("a")) for _ in range(20)]
        while not hub.asked:
            await asyncio.sleep(0)
        hub.answers.set()
        assert await asyncio.gather(*coming) == [ANN] * 20
        assert await hub.tokens.model_of("a") == ANN
        assert hub.asked == ["a"]

    run(scenario)


def test_one_who_gives_up_waiting_takes_nobodys_answer_away() -> None:
    async def scenario(hub: Hub) -> None:
        hub.answers.clear()
        first, second = (asyncio.create_task(hub.tokens.model_of("a")) for _ in range(2))
        while not hub.asked:
            await asyncio.sleep(0)
        first.cancel()
        hub.answers.set()
        assert await second == ANN
        assert first.cancelled()

    run(scenario)


def test_what_is_used_is_asked_again_while_the_old_answer_serves() -> None:
    async def scenario(hub: Hub) -> None:
        await hub.tokens.model_of("a")
        hub.now = REFRESHED_FROM - 1
        await hub.tokens.model_of("a")
        assert hub.asked == ["a"]
        hub.now = REFRESHED_TO
        hub.answers.clear()
        assert [await hub.tokens.model_of("a") for _ in range(3)] == [ANN] * 3, "nobody waits"
        while len(hub.asked) < 2:
            await asyncio.sleep(0)
        hub.answers.set()
        await hub.settle()
        hub.now += MAX_AGE - 1
        assert await hub.tokens.model_of("a") == ANN
        assert hub.asked[:2] == ["a", "a"]

    run(scenario)


def test_what_was_known_at_once_is_not_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([REFRESHED_FROM, REFRESHED_TO])
    monkeypatch.setattr(known_tokens.random, "uniform", lambda _from, _to: next(drawn, REFRESHED_TO))

    async def scenario(hub: Hub) -> None:
        for token in ("a", "b"):
            await hub.tokens.model_of(token)
        hub.now = REFRESHED_FROM
        for token in ("a", "b"):
            await hub.tokens.model_of(token)
        await hub.settle()
        assert hub.asked == ["a", "b", "a"]

    run(scenario)


def test_a_revoked_token_works_no_longer_than_a_minute() -> None:
    async def scenario(hub: Hub) -> None:
        await hub.tokens.model_of("a")
        hub.knows.clear()
        hub.now = MAX_AGE
        assert await hub.tokens.model_of("a") is NOBODY

    run(scenario)


def test_one_that_is_asked_afresh_is_revoked_for_everybody() -> None:
    async def scenario(hub: Hub) -> None:
        await hub.tokens.model_of("a")
        hub.knows.clear()
        hub.now = 1.0
        assert await hub.tokens.model_of("a", fresh=True) is NOBODY
        assert await hub.tokens.model_of("a") is NOBODY

    run(scenario)


def test_an_older_question_that_is_answered_later_counts_less() -> None:
    async def scenario(hub: Hub) -> None:
        hub.answers.clear()
        slow = asyncio.create_task(hub.tokens.model_of("a"))
        while not hub.asked:
            await asyncio.sleep(0)
        hub.knows.clear()
        hub.now = 1.0
        fresh = asyncio.create_task(hub.tokens.model_of("a", fresh=True))
        while len(hub.asked) < 2:
            await asyncio.sleep(0)
        # Those that wait for an event go on in the order in which they came: the other way round here.
        hub.answers._waiters.reverse()  # type: ignore[attr-defined]
        hub.answers.set()
        assert (await fresh, await slow) == (NOBODY, ANN)
        assert await hub.tokens.model_of("a") is NOBODY

    run(scenario)


def test_without_the_hub_what_it_said_serves_for_its_minute() -> None:
    async def scenario(hub: Hub) -> None:
        await hub.tokens.model_of("a")
        hub.away = True
        hub.now = REFRESHED_TO
        assert await hub.tokens.model_of("a") == ANN
        await hub.settle()
        assert len(hub.asked) == 2
        hub.now = MAX_AGE
        with pytest.raises(Unavailable, match="no hub"):
            await hub.tokens.model_of("a")
        hub.away = False
        assert await hub.tokens.model_of("a") == ANN, "a failure is not kept"

    run(scenario)


def test_tokens_of_which_nobody_hears_are_forgotten() -> None:
    async def scenario(hub: Hub) -> None:
        for i in range(100):
            await hub.tokens.model_of(f"guess {i}")
        hub.now = MAX_AGE
        await hub.tokens.model_of("a")
        assert len(hub.tokens._answers) == 1

    run(scenario)
