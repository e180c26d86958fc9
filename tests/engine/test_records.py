"""What rattler is told of a locked package."""

from __future__ import annotations

import pytest

from jupyter_dataflow_envs.engine.credentials import Vault
from jupyter_dataflow_envs.engine.protocol import Mode
from jupyter_dataflow_envs.engine.records import locked, record_of, site_packages
from tests.domain.texts import package
from tests.engine.driver import Engine


def test_package_survives_the_way_there_and_back(engine: Engine) -> None:
    lock = engine.run(engine.job(Mode.PREVIEW, conda=("numpy", "old-format", "constrains"))).lock
    records = [record_of(p, Vault(())) for p in lock.packages]
    assert tuple(locked(r, lock.platform, lock.channels) for r in records) == lock.packages


def test_credentials_come_back_for_the_download_and_go_again() -> None:
    vault = Vault(["https://channel.invalid/t/secret/main"])
    known = package(url="https://channel.invalid/main/noarch/numpy-1.26.4-py311_0.conda")
    record = record_of(known, vault)
    assert record.url == "https://channel.invalid/t/secret/main/noarch/numpy-1.26.4-py311_0.conda"
    assert locked(record, "linux-64", ["https://channel.invalid/t/secret/main"]).url == known.url


@pytest.mark.parametrize(
    ("version", "build", "folder"),
    [
        ("3.11.7", "0_cpython", "lib/python3.11/site-packages"),
        ("3.13.1", "h9a34b6e_3_cp313", "lib/python3.13/site-packages"),
        ("3.13.1", "h9a34b6e_3_cp313t", "lib/python3.13t/site-packages"),
    ],
)
def test_site_packages_of_a_locked_python(version: str, build: str, folder: str) -> None:
    url = f"https://channel.invalid/linux-64/python-{version}-{build}.conda"
    python = package("python", version, build=build, url=url)
    assert site_packages([record_of(python, Vault(()))]) == folder
