"""A followed log has every byte once, whatever happens to the connection."""

from __future__ import annotations

import pytest

from jupyter_dataflow_envs.client import Client, NotFound, ServerUnreachable
from tests.client.unreliable import TOKEN, Script, unreliable_server

TEXT = "solving\n€ 12 → £ 3\ndownloading 漢字\nlinking\n"
BYTES = TEXT.encode()


def at(start: int, end: int | None = None) -> tuple[int, str]:
    """The frame of the log's bytes from `start` to `end`."""
    return start, BYTES[start:end].decode()


FIRST = len(b"solving\n")
SECOND = FIRST + len("€ 12 → £ 3\n".encode())


def followed(script: Script, *, offset: int = 0, patience: float = 30.0) -> tuple[str, str | None]:
    with unreliable_server(script) as url, Client(url, TOKEN) as client:
        stream = client.follow_log("mlenv", 1, offset=offset, patience=patience)
        return "".join(stream), stream.outcome


@pytest.mark.parametrize("end", ["drop", "close"])
def test_a_broken_connection_is_taken_up_at_its_byte(end: str) -> None:
    script = Script([([at(0, FIRST), at(FIRST, SECOND)], end), ([], end), ([at(SECOND)], "complete")])
    assert followed(script) == (TEXT, "succeeded")
    assert script.offsets == [0, SECOND, SECOND]


def test_the_token_and_the_attempt_go_with_each_connection() -> None:
    script = Script([([at(0, FIRST)], "drop"), ([at(FIRST)], "complete")])
    followed(script)
    assert script.authorization == [f"token {TOKEN}"] * 2
    assert script.attempts == ["7", "7"]


def test_what_was_seen_already_is_not_shown_again() -> None:
    script = Script([([at(0, SECOND)], "drop"), ([at(0, FIRST), at(0, SECOND), at(FIRST)], "complete")])
    assert followed(script) == (TEXT, "succeeded")


def test_a_gap_is_fetched_and_not_skipped() -> None:
    script = Script([([at(0, FIRST), at(SECOND)], "complete"), ([at(FIRST)], "complete")])
    assert followed(script) == (TEXT, "succeeded")
    assert script.offsets == [0, FIRST]


def test_it_begins_where_asked() -> None:
    script = Script([([at(SECOND)], "complete")])
    assert followed(script, offset=SECOND) == (BYTES[SECOND:].decode(), "succeeded")
    assert script.offsets == [SECOND]


def test_a_server_that_stays_away_is_given_up_with_the_byte_to_go_on_from() -> None:
    script = Script([([at(0, FIRST)], "drop"), *[([], 503)] * 50])
    with unreliable_server(script) as url, Client(url, TOKEN) as client:
        stream = client.follow_log("mlenv", 1, patience=0.5)
        text: list[str] = []
        with pytest.raises(ServerUnreachable):
            text.extend(stream)
        assert stream.offset == FIRST


def test_a_refusal_is_not_tried_again() -> None:
    script = Script([([], 404)])
    with pytest.raises(NotFound, match="No such version"):
        followed(script)
    assert len(script.offsets) == 1


def test_it_can_be_closed_from_within() -> None:
    script = Script([([at(0, FIRST)], "drop"), *[([], "drop")] * 50])
    with unreliable_server(script) as url, Client(url, TOKEN) as client:
        stream = client.follow_log("mlenv", 1)
        for _ in stream:
            stream.close()
        assert stream.outcome is None
