"""Pages of the service of a team, behind a login of their own at the hub, on which administrators decide."""

from __future__ import annotations

from typing import Any

from jupyter_server.utils import url_path_join

from . import decisions, environment, environments, log, policy, review, reviews, session, style
from .login import Pages, pages_of

__all__ = ["Pages", "pages_of", "routes"]

PATHS = [
    ("", reviews.ReviewsPage),
    ("reviews/([^/]+)", review.ReviewPage),
    ("environments", environments.EnvironmentsPage),
    ("environments/([^/]+)", environment.EnvironmentPage),
    ("environments/([^/]+)/versions/([0-9]{1,9})/log", log.LogPage),
    ("policy", policy.PolicyPage),
    ("decisions", decisions.DecisionsPage),
    ("logout", session.LogoutPage),
    ("oauth_callback", session.CallbackHandler),
    ("decisions.css", style.StyleHandler),
]


def routes(pages: Pages) -> list[tuple[str, Any, dict[str, Any]]]:
    """For the application; everything is below the pages' base URL."""
    return [(url_path_join(pages.base_url, path or "/"), handler, {"pages": pages}) for path, handler in PATHS]
