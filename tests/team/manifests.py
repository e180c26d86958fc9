"""The example for Kubernetes, read as a cluster would read it, and its containers as processes of this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.hub.hub import REPOSITORY
from tests.live import ELSEWHERE

FOLDER = REPOSITORY / "deploy" / "kubernetes"
PAGE = REPOSITORY / "docs" / "deploy" / "kubernetes.md"
SCRIPTS = Path(sysconfig.get_path("scripts"))
STOPPING = 20.0


def read(name: str) -> Any:
    """The only document of a file."""
    return yaml.safe_load((FOLDER / name).read_text())


def documents() -> list[dict[str, Any]]:
    """All objects that are applied."""
    names = read("kustomization.yaml")["resources"]
    return [d for name in names for d in yaml.safe_load_all((FOLDER / name).read_text())]


def objects(kind: str) -> dict[str, dict[str, Any]]:
    """Those of a kind, by name."""
    return {d["metadata"]["name"]: d for d in documents() if d["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Templates of pods, by what they are components of."""
    owners = [*objects("Deployment").values(), *objects("StatefulSet").values()]
    templates = [o["spec"]["template"] for o in owners]
    return {t["metadata"]["labels"]["app.kubernetes.io/component"]: t for t in templates}


def container(component: str) -> dict[str, Any]:
    (only,) = pods()[component]["spec"]["containers"]
    return dict(only)


def settings() -> dict[str, dict[str, Any]]:
    """What the generated ConfigMaps hold, by their names."""
    made = read("kustomization.yaml")["configMapGenerator"]
    return {
        m["name"]: {
            **dict(literal.split("=", 1) for literal in m.get("literals", ())),
            **{file: (FOLDER / file).read_text() for file in m.get("files", ())},
        }
        for m in made
    }


def plain_variables(component: str) -> dict[str, str]:
    """A container's variables, but for those of secrets."""
    described = container(component)
    maps = [e["configMapRef"]["name"] for e in described.get("envFrom", ()) if "configMapRef" in e]
    named = {v["name"]: v["value"] for v in described["env"] if "value" in v}
    return {**{k: v for name in maps for k, v in settings()[name].items()}, **named}


def extra_config() -> str:
    """The Python that the chart runs in the hub's configuration."""
    ((_, text),) = read("values.yaml")["hub"]["extraConfig"].items()
    return str(text)


def commands(word: str) -> str:
    """The first block of the page's commands that holds this word."""
    blocks = PAGE.read_text().split("```bash\n")[1:]
    return next(b.partition("```")[0] for b in blocks if word in b)


@contextmanager
def running(
    component: str, log: Path, here: Mapping[str, str], more: Mapping[str, str], *arguments: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The container's command with its variables; `here`: what stands on this machine for what is in the cluster,
    `more`: variables instead of secrets and of what this machine has elsewhere."""
    described = container(component)
    there = re.compile("|".join(map(re.escape, here)))

    def placed(text: str) -> str:
        return there.sub(lambda found: here[found[0]], text)

    program, *words = described["command"]
    variables = {k: placed(v) for k, v in plain_variables(component).items()}
    kept = {k: v for k, v in os.environ.items() if not k.startswith((*ELSEWHERE, "DASK_", "DATAFLOW_ENVS_"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(SCRIPTS / program), *words, *(placed(a) for a in described["args"]), *arguments],
            env={**kept, **variables, **more, "PYTHONPATH": str(REPOSITORY)},
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
