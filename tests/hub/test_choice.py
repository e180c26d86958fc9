"""The hooks for JupyterHub, on real spawners, with a real service behind them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.spawner import SimpleLocalProcessSpawner, Spawner
from tornado.web import HTTPError
from traitlets import default
from traitlets.config import Config

from jupyter_dataflow_envs import hub
from jupyter_dataflow_envs.hub.choice import Choice
from tests.hub.conftest import EVIL
from tests.live import LiveServer, free_port

Make = Callable[..., Any]


def spawner_of(c: Config, kind: type[Spawner] = SimpleLocalProcessSpawner, **options: Any) -> Any:
    """As JupyterHub makes them, without a user."""
    spawner = kind(config=c)
    spawner.user_options = options
    spawner.orm_spawner = SimpleNamespace(user_options=dict(options), name="", server=None)
    spawner.user = SimpleNamespace(name="dana")
    return spawner


@pytest.fixture
def make(service: LiveServer, token: str) -> Make:
    """A spawner, configured as a hub's configuration file does it."""

    def made(before: Config | None = None, kind: type[Spawner] = SimpleLocalProcessSpawner, **options: Any) -> Any:
        c = before or Config()
        hub.configure(c, service_url=service.url, api_token=token)
        return spawner_of(c, kind, **options)

    return made


class Reader(HTMLParser):
    """The radio buttons of a form, and whether there is anything in it that should not be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.values: list[str] = []
        self.checked: list[str] = []
        self.ids: set[str] = set()
        self.referred: set[str] = set()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.ids |= {found["id"] or ""} if "id" in found else set()
        for name in ("aria-labelledby", "aria-describedby"):
            self.referred |= {found[name] or ""} if name in found else set()
        if found.get("type") == "radio" and found.get("name") == hub.OPTION:
            self.values.append(found["value"] or "")
            if "checked" in found:
                self.checked.append(found["value"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


async def applied(spawner: Any, options: dict[str, Any]) -> str | None:
    """What the server would be told."""
    await spawner._run_apply_user_options(options)
    value: str | None = spawner.environment.get(hub.ACTIVATE)
    return value


def refusal(spawner: Any, chosen: Any) -> str:
    with pytest.raises(HTTPError) as refused:
        asyncio.run(applied(spawner, {hub.OPTION: chosen}))
    assert refused.value.status_code == 400
    assert hub.ACTIVATE not in spawner.environment
    return str(refused.value.log_message)


def test_the_form_lists_what_is_published_as_text(make: Make) -> None:
    html = asyncio.run(make().get_options_form())
    form = Reader(html)
    assert sorted(form.values) == ["", "evil", "mlenv"]
    assert form.checked == [""]
    assert "script" not in form.tags
    assert form.text.count(EVIL) == 2
    assert "Machine Learning mlenv" in form.text
    assert "For the course in May" in form.text
    assert re.search(r"Python 3\.\d+ · published 20\d\d-\d\d-\d\d", form.text)
    assert form.tags.count("legend") == form.tags.count("fieldset") == 1
    assert form.referred <= form.ids


def test_the_last_choice_is_the_first_offered(make: Make) -> None:
    for last, checked in (("mlenv", "mlenv"), ("gone", ""), (["odd"], "")):
        spawner = make(**{hub.OPTION: last})
        form = Reader(asyncio.run(spawner.get_options_form()))
        assert form.checked == [checked]
        assert checked in form.values[:2]


def test_a_choice_reaches_the_server_and_none_takes_it_back(make: Make) -> None:
    async def twice() -> None:
        spawner = make(Config({"Spawner": {"environment": {"OTHER": "1"}}}))
        options = await spawner.run_options_from_form({hub.OPTION: ["mlenv"]})
        assert options == {hub.OPTION: "mlenv"}
        assert await spawner.options_from_query({hub.OPTION: ["mlenv"]}) == options
        assert await applied(spawner, options) == "mlenv"
        assert spawner.environment["OTHER"] == "1"
        assert await applied(spawner, await spawner.run_options_from_form({hub.OPTION: [""]})) is None
        assert spawner.environment == {"OTHER": "1"}
        assert await applied(spawner, {hub.OPTION: " MLenv "}) == "mlenv"

    asyncio.run(twice())


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("nope", "There is no published environment 'nope'"),
        ("draft", "There is no published environment 'draft'"),
        ("old", "'old' is deprecated (Take mlenv)"),
        ("../../api", "is no short name"),
        ("a,b", "is no short name"),
        ("mlenv\nX=1", "is no short name"),
        (["mlenv"], "as a string"),
        (1, "as a string"),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_not_remembered(make: Make, chosen: Any, said: str) -> None:
    spawner = make(profile="small", **{hub.OPTION: chosen})
    assert said in refusal(spawner, chosen)
    assert spawner.orm_spawner.user_options == {"profile": "small"}


def test_an_administrators_own_form_and_hooks_go_on(make: Make) -> None:
    """Such as KubeSpawner's profiles, which are defaults of its class."""
    seen: list[Any] = []

    class Profiles(SimpleLocalProcessSpawner):
        @default("options_form")
        def _options_form_default(self) -> Any:
            return self._render

        async def _render(self, spawner: Any) -> str:
            return '<input name="profile" value="small">'

        @default("options_from_form")
        def _options_from_form_default(self) -> Any:
            return lambda form_data: {"profile": form_data["profile"][0], "fields": sorted(form_data)}

    async def check() -> None:
        spawner = make(Config({"Spawner": {"apply_user_options": lambda s, o: seen.append(o)}}), Profiles)
        html = await spawner.get_options_form()
        assert html.startswith('<input name="profile" value="small">')
        assert "mlenv" in html
        options = await spawner.run_options_from_form({"profile": ["small"], hub.OPTION: ["mlenv"]})
        assert options == {"profile": "small", "fields": ["profile"], hub.OPTION: "mlenv"}
        assert await applied(spawner, options) == "mlenv"
        assert seen == [{"profile": "small", "fields": ["profile"]}]

    asyncio.run(check())


def test_settings_of_the_spawners_own_section_go_on(make: Make) -> None:
    async def check() -> None:
        c = Config({"SimpleLocalProcessSpawner": {"options_form": "<p>Hello</p>", "options_from_form": "simple"}})
        c.Spawner.apply_user_options = {"seconds": "start_timeout"}
        spawner = make(c)
        html = await spawner.get_options_form()
        assert html.startswith("<p>Hello</p>")
        assert "mlenv" in html
        options = await spawner.run_options_from_form({"seconds": ["77"], "on": ["on"], hub.OPTION: ["mlenv"]})
        assert options == {"seconds": "77", "on": True, hub.OPTION: "mlenv"}
        assert await applied(spawner, {"seconds": "77", hub.OPTION: "mlenv"}) == "mlenv"
        assert spawner.start_timeout == 77

    asyncio.run(check())


def test_a_spawner_that_reads_forms_by_a_method_of_its_own(make: Make) -> None:
    """As DockerSpawner does: what it leaves out is taken from the request."""

    class Docker(SimpleLocalProcessSpawner):
        def options_from_form(self, form_data: dict[str, Any]) -> dict[str, Any]:
            return {"image": form_data["image"][0]}

    async def check() -> None:
        spawner = make(kind=Docker)
        assert "mlenv" in await spawner.get_options_form()
        fields = {"image": "x", hub.OPTION: "mlenv"}
        options = spawner.run_options_from_form({name: [value] for name, value in fields.items()})
        spawner.handler = SimpleNamespace(get_body_argument=lambda name, otherwise: fields.get(name, otherwise))
        assert await applied(spawner, options) == "mlenv"

    asyncio.run(check())


async def _silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the other side gives up."""
    while await reader.read(1024):
        pass
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("answer", ["nothing listens", "silence", "a login page"])
def test_without_the_service_servers_start_all_the_same(answer: str, token: str, service: LiveServer) -> None:
    """The page says so within the time limit; a choice by API is passed on, for the server to say what is wrong."""

    async def check() -> None:
        port = free_port()
        url = f"http://127.0.0.1:{port}/"
        silent = await asyncio.start_server(_silence, "127.0.0.1", port) if answer == "silence" else None
        c = Config({"Spawner": {"options_form": "<p>Hello</p>"}})
        if answer == "a login page":
            hub.configure(c, service_url=service.url, api_token="wrong", timeout=5)
        else:
            hub.configure(c, service_url=url, api_token=token, timeout=0.5)
        spawner = spawner_of(c)
        begun = time.monotonic()
        html = await spawner.get_options_form()
        assert time.monotonic() - begun < 5
        assert html.startswith("<p>Hello</p>")
        assert 'role="status"' in html
        assert Reader(html).values == []
        assert await applied(spawner, await spawner.run_options_from_form({})) is None
        assert await applied(spawner, {hub.OPTION: "mlenv"}) == "mlenv"
        if silent is not None:
            silent.close()
            await silent.wait_closed()

    asyncio.run(check())


def test_nothing_to_choose_is_no_form() -> None:
    """JupyterHub starts a server at once then."""

    class Empty:
        async def offered(self) -> list[Any]:
            return []

    choice = Choice(Empty(), {})  # type: ignore[arg-type]
    assert asyncio.run(choice.options_form(spawner_of(Config()))) == ""


def test_the_token_is_read_from_its_file_each_time(service: LiveServer, token: str, tmp_path: Path) -> None:
    async def check() -> None:
        file = tmp_path / "token"
        file.write_text("wrong\n")
        c = Config()
        hub.configure(c, service_url=service.url, api_token_file=file)
        spawner = spawner_of(c)
        assert await applied(spawner, {hub.OPTION: "nope"}) == "nope"
        file.write_text(f"{token}\n")
        with pytest.raises(HTTPError):
            await applied(spawner, {hub.OPTION: "nope"})

    asyncio.run(check())


@pytest.mark.parametrize(
    "wrong", [{}, {"api_token": "a", "api_token_file": "b"}, {"service_url": "127.0.0.1:1", "api_token": "a"}]
)
def test_a_wrong_configuration_is_said_when_the_hub_starts(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"api_token|service_url"):
        hub.configure(Config(), **{"service_url": "http://127.0.0.1:1/", **wrong})
