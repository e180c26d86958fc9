"""Times as texts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.clock import from_text, now, to_text

ZONES = st.timedeltas(timedelta(hours=-12), timedelta(hours=14)).map(
    lambda d: timezone(timedelta(minutes=d // timedelta(minutes=1)))
)
MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=ZONES)


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_the_moments_do(a: datetime, b: datetime) -> None:
    assert (to_text(a) < to_text(b)) == (a < b)
    assert len(to_text(a)) == len(to_text(b)) == 32


@given(MOMENTS)
def test_there_and_back(moment: datetime) -> None:
    read = from_text(to_text(moment))
    assert read == moment
    assert read.utcoffset() == timedelta(0)


def test_now_is_in_utc() -> None:
    assert now().utcoffset() == timedelta(0)
    assert to_text(datetime(2026, 5, 4, 12, 30, tzinfo=timezone.utc)) == "2026-05-04T12:30:00.000000+00:00"
