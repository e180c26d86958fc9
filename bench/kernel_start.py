"""How long a kernel takes to answer, through an environment's launcher and as that Python's ipykernel started directly.

    python bench/kernel_start.py [--rounds 9] [--channel FOLDER]

Both sides use the same prefix, with bytecode, and the same client; they take turns, so that what else the machine
does falls on both. Measured for a prefix without activation scripts (a launcher for /bin/sh) and one with (bash).
Exit code 1 when a ratio is over 1.05.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from jupyter_dataflow_envs.kernels.kernelspecs import KernelspecEntry, Kernelspecs
from jupyter_dataflow_envs.kernels.launcher import Target, write_launcher

LIMIT = 1.05
KINDS = {"without activation scripts": [], "with activation scripts": ["activated"]}


async def install_prefix(channel: str, cache: Path, prefix: Path, more: list[str]) -> None:
    """A prefix as a build leaves it, bytecode included."""
    from rattler import MatchSpec, install, solve

    records = await solve([channel], [MatchSpec(spec) for spec in ["python", "ipykernel", *more]])
    await install(records, str(prefix), cache_dir=cache)


def compile_prefix(prefix: Path) -> None:
    """With its own Python: another one's bytecode would not be read."""
    command = [prefix / "bin" / "python", "-m", "compileall", "-q", prefix / "lib"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # some packages ship files for other Pythons


def write_kernelspecs(folder: Path, prefix: Path) -> tuple[str, str]:
    """Kernel names: through the launcher, and the prefix's own `kernel.json` with only its argv[0] replaced."""
    root, kernels = folder / "root", folder / "data" / "kernels"
    root.mkdir()
    kernels.mkdir(parents=True)
    write_launcher(root, "bench", "latest", Target("bench", 1, prefix, "bench"))
    entry = KernelspecEntry("bench", "bench", "Bench", 1, None, prefix, "latest")
    launched = Kernelspecs(kernels, "bench", root).write(entry)
    spec = json.loads((prefix / "share/jupyter/kernels/python3/kernel.json").read_text())
    spec["argv"][0] = str(prefix / "bin/python")
    (kernels / "direct").mkdir()
    (kernels / "direct" / "kernel.json").write_text(json.dumps(spec))
    return launched, "direct"


def start_once(name: str, specs: KernelSpecManager) -> float:
    """Seconds from asking Jupyter for the kernel until it has answered `kernel_info`."""
    context = zmq.Context()
    context.setsockopt(zmq.RECONNECT_IVL, 2)  # ms; the usual 100 would blur what is to be seen
    manager = KernelManager(kernel_name=name, kernel_spec_manager=specs, context=context)
    began = time.perf_counter()
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.kernel_info(reply=True, timeout=60)
        return time.perf_counter() - began
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        context.destroy(linger=0)


def run_once(*command: str | Path) -> float:
    """Seconds that a command takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(kind: str, folder: Path, prefix: Path, rounds: int) -> float:
    """Print the figures of one kind of launcher and return the ratio of the medians."""
    specs = KernelSpecManager(kernel_dirs=[str(folder / "data" / "kernels")], ensure_native_kernel=False)
    names = write_kernelspecs(folder, prefix)
    for name in names:
        start_once(name, specs)  # the first start reads everything from the disk
    taken: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 else reversed(names):
            taken[name].append(start_once(name, specs))
    launched, direct = (median(taken[name]) for name in names)
    ratio = launched / direct
    print(f"{kind}: launcher {launched * 1e3:.1f} ms, direct {direct * 1e3:.1f} ms, ratio {ratio:.3f} (≤ {LIMIT})")
    launcher, python = folder / "root/launchers/bench/latest", prefix / "bin/python"
    parts = {
        "starting a process that does nothing": ("/bin/true",),
        "the launcher before it becomes that process": (launcher, "--run", "/bin/true"),
        "Python itself": (python, "-c", ""),
        "Python importing ipykernel": (python, "-c", "import ipykernel.kernelapp"),
    }
    figures = {part: median(run_once(*command) for _ in range(rounds)) * 1e3 for part, command in parts.items()}
    for part, milliseconds in figures.items():
        print(f"    {part:45s}{milliseconds:7.1f} ms")
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--channel", type=Path, help="default: the test channel")
    args = parser.parse_args()
    channel = args.channel
    if channel is None:
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
        from tests.channel.cache import cached_channel

        channel = cached_channel()
    ratios = []
    with tempfile.TemporaryDirectory() as made:
        for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR"):
            os.environ[name] = str(Path(made) / name)
        for number, (kind, more) in enumerate(KINDS.items()):
            folder = Path(made) / str(number)
            folder.mkdir()
            asyncio.run(install_prefix(channel.absolute().as_uri(), Path(made) / "packages", folder / "prefix", more))
            compile_prefix(folder / "prefix")
            ratios.append(measure(kind, folder, folder / "prefix", args.rounds))
    return int(max(ratios) > LIMIT)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # rattler now and then crashes when the interpreter that used it exits.
    os._exit(code)
