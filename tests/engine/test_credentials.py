"""Credentials reach what needs them, and nothing that is kept or shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.engine.credentials import Vault, mask, strip
from jupyter_dataflow_envs.engine.protocol import Mode
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.engine.driver import Engine

WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._~%", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "masked", "stripped"),
    [
        ("https://u:p@host/x", "https://***@host/x", "https://host/x"),
        ("https://token@host/x", "https://***@host/x", "https://host/x"),
        ("https://u:p@ss@host/x", "https://***@host/x", "https://host/x"),
        ("https://host/t/TOK-1/main", "https://host/t/***/main", "https://host/main"),
        ("https://host/t/TOK-1", "https://host/t/***", "https://host"),
        ("https://host/main", "https://host/main", "https://host/main"),
        ("file:///srv/t/channel/x", "file:///srv/t/channel/x", "file:///srv/t/channel/x"),
        ("conda-forge", "conda-forge", "conda-forge"),
    ],
)
def test_mask_and_strip(text: str, masked: str, stripped: str) -> None:
    assert mask(text) == masked
    assert strip(text) == stripped


def test_mask_finds_all_in_a_text() -> None:
    assert mask("get 'https://a:b@c/d' and (http://e/t/f/g) by me@home") == (
        "get 'https://***@c/d' and (http://e/t/***/g) by me@home"
    )


@given(WORDS, WORDS, WORDS)
def test_secrets_never_survive(user: str, secret: str, path: str) -> None:
    secret = f"S{secret}S"
    for url in (f"https://{user}:{secret}@host/{path}", f"https://host/t/{secret}/{path}"):
        assert secret not in mask(f"fetching {url} now")
        assert secret not in strip(url)
        assert Vault([url]).restore(strip(url) + "/x") == f"{url}/x"


@pytest.mark.parametrize("kind", ["password", "token"])
def test_private_channel(engine: Engine, channel: Path, tmp_path: Path, kind: str) -> None:
    by_token = kind == "token"
    private = Server(channel, token="Secret1") if by_token else Server(channel, user="someone", password="Secret1")
    with private as server:
        secret = f"{server.url}/t/Secret1" if by_token else f"http://someone:Secret1@{server.netloc}"
        sources = replace(engine.sources, channels=(secret,))
        caches = replace(engine.caches, packages=str(tmp_path / "packages"), repodata=str(tmp_path / "repodata"))
        job = engine.job(conda=("tiny-012",), sources=sources, caches=caches)
        run = engine.run(job)
        again = engine.run(engine.job(Mode.INSTALL, lock=run.lock, sources=sources, caches=engine.caches))
    assert again.lock.digest == run.lock.digest
    assert run.lock.channels == (server.url,)
    assert {p.channel for p in run.lock.packages} == {server.url}
    assert "Secret1" not in json.dumps([*run.messages, *again.messages])
    for path in (Path(job.prefix) / "conda-meta").glob("*.json"):
        assert "Secret1" not in path.read_text()
    assert server.url in next((Path(job.prefix) / "conda-meta").glob("tiny-012*")).read_text()


def test_private_index(engine: Engine, wheelhouse: Path, tmp_path: Path) -> None:
    with index_server(wheelhouse, user="someone", password="Secret1") as server:
        url = index_url(server).replace("http://", "http://someone:Secret1@")
        caches = replace(engine.caches, uv=str(tmp_path / "uv"))
        job = engine.job(pip=("tinywheel-09",), sources=replace(engine.sources, pip_index_url=url), caches=caches)
        run = engine.run(job)
        refused = engine.run(engine.job(pip=("no-such-wheel",), sources=job.sources, caches=caches))
    assert "tinywheel-09" in run.versions()
    assert refused.failure
    assert "Secret1" not in json.dumps([*run.messages, *refused.messages]) + run.printed
    assert not [p for p in Path(job.prefix).rglob("*.dist-info/*") if p.is_file() and b"Secret1" in p.read_bytes()]


def test_unreachable_private_channel_is_named_without_its_secret(engine: Engine) -> None:
    sources = replace(engine.sources, channels=("http://someone:Secret1@127.0.0.1:9/main",))
    run = engine.run(engine.job(sources=sources))
    assert run.failure["reason"].startswith("channel http://***@127.0.0.1:9/main can't be reached")
    assert "Secret1" not in json.dumps(run.messages)
