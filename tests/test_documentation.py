"""What the code offers is documented: the reference is made from it, and the README names every setting."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from jupyter_dataflow_envs.app import DataflowEnvsApp
from jupyter_dataflow_envs.serve import DataflowEnvsService
from jupyter_dataflow_envs.traits import DeploymentTraits

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", PROJECT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date(generate: ModuleType) -> None:
    assert generate.PAGE.read_text() == generate.reference(), "run: python docs/generate.py"


SETTINGS = {
    name: trait
    for part in (DeploymentTraits, DataflowEnvsApp, DataflowEnvsService)
    for name, trait in part.class_own_traits(config=True).items()
}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in (PROJECT / "README.md").read_text()


def test_every_setting_has_a_help_text() -> None:
    assert [n for n, t in SETTINGS.items() if not t.help] == []


PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    lost = [link for link in links if not _leads(page, *link.split("#"))]
    assert lost == []


def _leads(page: Path, path: str, part: str = "") -> bool:
    target = page.parent / path if path else page
    if not target.exists() or not part:
        return target.exists()
    titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
    return part in {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}
