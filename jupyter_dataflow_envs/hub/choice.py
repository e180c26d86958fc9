"""What JupyterHub calls when somebody starts a server, in front of what an administrator has set there already."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from tornado.web import HTTPError

from . import form
from .published import PublishedEnvironments, ServiceAway

OPTION = "dataflow_environment"
"""The name of the form's field, and of the key in the JSON of an API spawn: a short name, or nothing for none."""

ACTIVATE = "DATAFLOW_ENVS_ACTIVATE"
"""The environment variable by which the choice reaches the server."""

TRAITS = ("options_form", "options_from_form", "apply_user_options")


class Choice:
    """The hooks for one section of the configuration; `section` is what that says by now."""

    def __init__(self, published: PublishedEnvironments, section: Mapping[str, Any]) -> None:
        self._published = published
        self._before = {trait: section[trait] for trait in TRAITS if trait in section}

    def apply_to(self, section: Any, *, whole: bool) -> None:
        """Take the hooks' places; unless `whole`, only of those that are set there."""
        for trait in TRAITS:
            if whole or trait in self._before:
                setattr(section, trait, getattr(self, trait))

    async def options_form(self, spawner: Any) -> str:
        """The form that was there before, and below it ours; nothing while there is nothing to choose."""
        before = self._usual("options_form", spawner)
        shown = str(await _awaited(before(spawner) if callable(before) else before) or "")
        last = (spawner.user_options or {}).get(OPTION)
        try:
            offers = await self._published.offered()
        except ServiceAway as error:
            spawner.log.warning("%s Servers start without a choice.", error)
            return shown + form.away()
        return shown + (form.chooser(OPTION, offers, last if isinstance(last, str) else "") if offers else "")

    async def options_from_form(self, form_data: Mapping[str, Any], spawner: Any = None) -> dict[str, Any]:
        """What is chosen, beside what was made of the rest of the form before."""
        rest = {field: values for field, values in form_data.items() if field != OPTION}
        options = await _awaited(self._usual_reading(rest, spawner))
        chosen = form_data.get(OPTION)
        name = chosen[0] if isinstance(chosen, list) and chosen else chosen
        return {**options, OPTION: name} if name else dict(options)

    async def apply_user_options(self, spawner: Any, options: Mapping[str, Any]) -> None:
        """Raises HTTPError 400 for what can't be chosen; what an API spawn sends arrives here as it is."""
        await self._usual_application(spawner, {k: v for k, v in options.items() if k != OPTION})
        name = await self._checked(spawner, options[OPTION] if OPTION in options else _sent(spawner))
        environment = {k: v for k, v in spawner.environment.items() if k != ACTIVATE}
        # The same spawner starts the next server, too.
        spawner.environment = {**environment, ACTIVATE: name} if name else environment

    async def _checked(self, spawner: Any, chosen: Any) -> str | None:
        if chosen is None or chosen == "":
            return None
        if not isinstance(chosen, str):
            raise _refused(spawner, f"{OPTION} must be the short name of an environment, as a string.")
        name = chosen.strip().lower()
        if not _is_short_name(name):
            raise _refused(spawner, f"'{chosen[:40]}' is no short name of an environment, such as 'mlenv'.")
        try:
            offer = await self._published.find(name)
        except ServiceAway as error:
            # What was chosen before may be installed already; the server says in its log if it can't be activated.
            spawner.log.warning("%s '%s' is passed on unseen.", error, name)
            return name
        if offer is None:
            raise _refused(spawner, f"There is no published environment '{name}': choose another one, or none.")
        if offer.deprecated is not None:
            raise _refused(
                spawner, f"'{name}' is deprecated ({offer.deprecated.rstrip('.')}): choose another one, or none."
            )
        return name

    def _usual(self, trait: str, spawner: Any) -> Any:
        """What would stand there without us: the configuration's, or the default of the spawner's class."""
        if trait in self._before:
            return self._before[trait]
        return spawner.trait_defaults(trait)

    def _usual_reading(self, form_data: dict[str, Any], spawner: Any) -> Any:
        before = self._before.get("options_from_form")
        if before is None and spawner is not None:
            before = self._usual("options_from_form", spawner)
        if before == "simple":
            return {k: _simple(values) for k, values in form_data.items()}
        if before is None or before == "passthrough":
            return form_data
        if "spawner" in inspect.signature(before).parameters:
            return before(form_data, spawner=spawner)
        return before(form_data)

    async def _usual_application(self, spawner: Any, options: dict[str, Any]) -> None:
        """By JupyterHub's own code, as the configuration may hold a function or a table."""
        ours = spawner.apply_user_options
        spawner.apply_user_options = self._usual("apply_user_options", spawner)
        try:
            await spawner._run_apply_user_options(options)
        finally:
            spawner.apply_user_options = ours


def _is_short_name(name: str) -> bool:
    """As a value of an environment variable it must be one word; whether there is such a one, the service knows."""
    return 1 <= len(name) <= 20 and name.isascii() and name.replace("-", "").replace("_", "").isalnum()


def _refused(spawner: Any, message: str) -> HTTPError:
    """400, on the page and over the API. JupyterHub remembers options before they are looked at: not these."""
    saved = spawner.orm_spawner
    saved.user_options = {k: v for k, v in (saved.user_options or {}).items() if k != OPTION}
    error = HTTPError(400, message)
    error.jupyterhub_message = message  # type: ignore[attr-defined]
    return error


def _sent(spawner: Any) -> str:
    """The form's field, where the spawner's class reads forms by a method of its own, as DockerSpawner does."""
    handler = getattr(spawner, "handler", None)
    return str(handler.get_body_argument(OPTION, "")) if handler is not None else ""


def _simple(values: Any) -> Any:
    """As JupyterHub's own `simple`."""
    if not isinstance(values, list) or len(values) != 1:
        return values
    return True if values[0] == "on" else values[0]


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
