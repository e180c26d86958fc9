"""For all tests: the real channel and a real server on demand, and how much hypothesis tries."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

from tests.channel_fixtures import channel, wheelhouse
from tests.live_fixtures import channel_server, client, live
from tests.postgresql_fixtures import postgresql

__all__ = ["channel", "channel_server", "client", "live", "postgresql", "wheelhouse"]

# Who starts the tests in the background may have SIGINT ignored, which every process started here would inherit:
# kernels and commands could not be interrupted then.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: on a shared machine the time of one example says nothing.
_local = settings(max_examples=60, print_blob=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("local", _local)
settings.register_profile("ci", _local, derandomize=True, print_blob=False)
settings.register_profile("thorough", _local, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "local"))
