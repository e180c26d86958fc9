"""The channel that the browser tests build from, and the pip index beside it.

`python channel.py --attended` prints its URL as one line and serves until it is ended or its standard input is closed.
A `server.py` takes it with `--channel URL`, and tells it as the first of the channels of `/dataflow-envs/me`; it may be
killed and started again meanwhile.

Words, each a GET below that URL:

- `python`: answers the Python that tests take, such as 3.11.
- `hold`, `hold/NAME`: from now on that package (pandas) does not arrive: a build stays in its phase `downloading`.
  A package that the deployment has downloaded before is in its cache, and is not asked for again.
- `fail`, `fail/NAME`: that package (pandas) is not there: a build that needs it fails while it downloads. After
  `release` the next build of the same requirements succeeds.
- `release`: forgets all of these; what hangs goes on.

Requirements that tests ask for:

- `tiny-000` … `tiny-019`, versions 1.0 … 1.9: small and quick, for versions and differences. From pip the same:
  `tinywheel-00` … `tinywheel-19`.
- `pandas`, in two versions, numpy, python-dateutil and what they need: a real table of packages.
- `conflict-a` with `conflict-b`: can't be solved, and the explanation names `shared-lib`, of which one wants <2 and the
  other >=2. `constrains` with `click>=8.2`: the same, by a constraint. `tiny-000==9`: there is no such version.
  `no-such-package`: there is no such package. `dangling`: what it needs is not in the channel.
- `broken-kernel`: is installed, and then the verification fails. `bad-hash`: its bytes are not those of the index.
- `big-data`: 30 MB, for a progress that can be seen when it is held.
- `activated`: its activation script sets ACTIVATED_SUM to 42.

None of them prints much: a long log comes from `seed.py --long-log`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.channel.cache import cached_channel, cached_wheelhouse  # noqa: E402
from tests.channel.index import SimpleIndex  # noqa: E402
from tests.channel.server import Page, Server  # noqa: E402

DISTRIBUTIONS = (".whl", ".tar.gz")


def channel_server() -> Server:
    """A server, yet to be entered, of the channel, the words and the index."""
    folder, wheels = cached_channel(), cached_wheelhouse()
    index = SimpleIndex(wheels)

    def answer(path: str, accept: str) -> Page | None:
        word, _, package = path.partition("/")
        if word == "hold":
            server.hang(f"*/{package or 'pandas'}-*")
        elif word == "fail":
            server.fail(f"*/{package or 'pandas'}-*", 404)
        elif word == "release":
            server.heal()
        elif path.endswith(DISTRIBUTIONS) and (wheels / path).is_file():
            return Page("application/octet-stream", (wheels / path).read_bytes())
        elif word != "python":
            return index.page(path, accept)
        return Page("text/plain", oldest_python(folder).encode())

    server = Server(folder, answer)
    return server


def oldest_python(channel: Path) -> str:
    """A series: for the oldest one the channel holds the most."""
    found = {file.name.split("-")[1].rpartition(".")[0] for file in channel.glob("*/python-3.*.conda")}
    return min(found, key=lambda series: int(series.split(".")[1]))


def end_with_input() -> None:
    """End this process as SIGTERM does when standard input is closed: whoever started it is gone."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="The channel and the pip index of the browser tests.")
    parser.add_argument("--attended", action="store_true", help="end when standard input is closed")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with channel_server() as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        if options.attended:
            end_with_input()
        ended.wait()


if __name__ == "__main__":
    main()
