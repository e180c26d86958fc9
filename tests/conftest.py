"""For all tests: the real channel and a real server on demand, and how much hypothesis tries."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.channel_fixtures import channel, wheelhouse
from tests.live_fixtures import channel_server, client, live

__all__ = ["channel", "channel_server", "client", "live", "wheelhouse"]

# No deadline: on a shared machine the time of one example says nothing.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", max_examples=60, derandomize=True, **_COMMON)
settings.register_profile("local", max_examples=60, print_blob=True, **_COMMON)
settings.register_profile("thorough", max_examples=2000, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "local"))
