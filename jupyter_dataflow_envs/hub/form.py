"""The part of JupyterHub's spawn page that offers environments: plain HTML in its Bootstrap's classes.

It needs no script. Everything that people have written is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .published import Offer

DESCRIPTION_SHOWN = 200
"""Characters; the rest is in JupyterLab."""


def chooser(name: str, offers: Sequence[Offer], last: str) -> str:
    """A group of radio buttons with that name. `last` is the short name that is chosen at first, and stands first; `""`
    for none."""
    ordered = sorted(offers, key=lambda o: o.short_name != last)
    known = last if any(o.short_name == last for o in offers) else ""
    rows = [_row(name, 0, "", "<strong>None</strong>", "", chosen=known == "")]
    for number, offer in enumerate(ordered, 1):
        short_name = f'<code class="text-body-secondary">{escape(offer.short_name)}</code>'
        title = f"<strong>{escape(offer.full_name)}</strong> {short_name}"
        rows.append(_row(name, number, offer.short_name, title, _about(offer), chosen=known == offer.short_name))
    return (
        f'<fieldset class="mb-3" aria-describedby="{name}-help">'
        '<legend class="fs-5">Python environment</legend>'
        f'<p id="{name}-help" class="text-body-secondary mb-2">It will be the kernel of new notebooks. '
        "You can activate others when your server is up.</p>"
        f'<div class="list-group overflow-auto border-bottom" style="max-height: 24rem">{"".join(rows)}</div>'
        "</fieldset>"
    )


def away() -> str:
    """Instead of the choice, while the service can't be asked."""
    return (
        '<div class="alert alert-warning mb-3" role="status">'
        "<strong>Python environments can’t be listed now.</strong> "
        "You can start your server all the same, and activate one when they are back."
        "</div>"
    )


def _row(name: str, number: int, value: str, title: str, about: str, *, chosen: bool) -> str:
    id = f"{name}-{number}"
    described = f' aria-describedby="{id}-about"' if about else ""
    return (
        '<label class="list-group-item list-group-item-action d-flex gap-2">'
        f'<input class="form-check-input flex-shrink-0" type="radio" name="{name}" id="{id}" value="{escape(value)}"'
        f' aria-labelledby="{id}-title"{described}{" checked" if chosen else ""}>'
        f'<span class="text-break"><span id="{id}-title" class="text-body">{title}</span>'
        + (f'<small id="{id}-about" class="d-block text-body-secondary">{about}</small>' if about else "")
        + "</span></label>"
    )


def _about(offer: Offer) -> str:
    day = offer.published[:10]
    facts = [f"Python {offer.python_version}"] if offer.python_version else []
    facts.append(f"published {day}")
    line = escape(" · ".join(facts))
    text = " ".join(offer.description.split())
    if len(text) > DESCRIPTION_SHOWN:
        text = text[: DESCRIPTION_SHOWN - 1] + "…"
    return f"{escape(text)}<br>{line}" if text else line
