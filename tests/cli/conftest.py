from __future__ import annotations

from tests.channel_fixtures import channel
from tests.client.people import people, shelf
from tests.live_fixtures import channel_server, client, live, python

__all__ = ["channel", "channel_server", "client", "live", "people", "python", "shelf"]
