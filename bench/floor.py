"""The least that a build can cost: rattler, uv, bytecode links, one kernel start, one after the other, in one process.

`python floor.py JSON`: solves, links, installs and starts what the JSON says, with the same caches and link mode as the
engine, and prints its durations. It leaves out what the engine adds: lock, hashes, policy, messages, seal, checks.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from rattler import Client, Config, Gateway, VirtualPackage, VirtualPackageOverrides, install, solve  # noqa: E402


async def conda(job: dict[str, str], prefix: Path) -> list[str]:
    """Solves and links; returns the packages' hashes."""
    client = Client.default_client()
    gateway = Gateway(cache_dir=Path(job["repodata"]), client=client)
    virtual = VirtualPackage.detect(VirtualPackageOverrides.from_env())
    records = await solve([job["channel"]], job["specs"].split(), gateway=gateway, virtual_packages=virtual)
    lap("solving")
    await install(
        records,
        prefix,
        cache_dir=Path(job["packages"]),
        installed_packages=[],
        show_progress=False,
        client=client,
        config=Config.from_toml("allow-symbolic-links = false"),
    )
    lap("linking")
    return [r.sha256.hex() for r in records if r.sha256]


def pip(job: dict[str, str], prefix: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "pip", "install", "-q", "--python", prefix / "bin" / "python", *job["pip"].split()]
    subprocess.run(command, check=True, env={**os.environ, "UV_CACHE_DIR": job["uv"], "UV_LINK_MODE": "hardlink"})
    lap("pip")


def bytecode(job: dict[str, str], prefix: Path, hashes: list[str]) -> int:
    """Links what the engine's store holds for these packages."""
    count = 0
    for key in hashes:
        for entry in Path(job["bytecode"]).glob(f"*/{key[:2]}/{key}"):
            for line in (entry / "index").read_text().splitlines():
                number, _, path = line.partition("\t")
                if number == "own":
                    continue
                target = prefix / path
                target.parent.mkdir(exist_ok=True)
                os.link(entry / number, target)
                count += 1
    lap("compiling")
    return count


def kernel(prefix: Path) -> None:
    from jupyter_dataflow_envs.engine.verify import verify_kernel

    work = prefix / ".floor"
    work.mkdir()
    verify_kernel(prefix, work, "floor")
    lap("verifying")


LAPS: list[dict[str, float | str]] = []


def lap(name: str) -> None:
    LAPS.append({"name": name, "duration": time.perf_counter() - STARTED - sum(float(one["duration"]) for one in LAPS)})


def main() -> None:
    job = json.loads(sys.argv[1])
    prefix = Path(job["prefix"])
    lap("imports")
    hashes = asyncio.run(conda(job, prefix))
    if job["pip"]:
        pip(job, prefix)
    linked = bytecode(job, prefix, [*hashes, *job["wheels"].split()])
    kernel(prefix)
    print(json.dumps({"steps": LAPS, "packages": len(hashes) + len(job["wheels"].split()), "bytecode": linked}))
    sys.stdout.flush()
    os._exit(0)  # rattler can crash while the interpreter shuts down


main()
