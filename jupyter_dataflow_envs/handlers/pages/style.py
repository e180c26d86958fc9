"""The one style sheet of the pages."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tornado import web

CONTENT = Path(__file__).with_name("decisions.css").read_bytes()

VERSION = hashlib.sha256(CONTENT).hexdigest()[:12]
"""In its address, so that a new one is taken at once and an old one kept."""


class StyleHandler(web.RequestHandler):
    """Without a login: it says nothing."""

    def initialize(self, **_: Any) -> None: ...

    def get(self) -> None:
        self.set_header("Content-Type", "text/css; charset=UTF-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.finish(CONTENT)
