"""A team of 500: requests, event sockets and builds at once, with the real hub, PostgreSQL and Dask's workers.

All of it runs on this machine, which the clients share: hub, database, service, two workers and 500 people.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

from tests.handlers.rest import Rest
from tests.team.site import NAME, Site, team_site

SEEN = 20
"""Published environments, each with a version."""

TARGET_SECONDS = 0.25
SAMPLE_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--builds", type=int, default=8)
    options = parser.parse_args()
    with team_site(durable=True) as site:
        alice = site.service("alice")
        names = _published(site, alice)
        tokens = site.root.parent / "tokens"
        tokens.write_text("\n".join(_people(site, options.people)))
        service = _Service(site)
        command = [sys.executable, "-m", "bench.team_clients", site.service_url, str(tokens), ",".join(names)]
        with subprocess.Popen(
            [*command, str(options.rate), str(options.seconds)], stdout=subprocess.PIPE, text=True
        ) as clients:
            assert clients.stdout is not None
            clients.stdout.readline()  # all sockets are open
            service.start()
            built = _build(alice, options.builds)
            told = json.loads(clients.stdout.readline())
        service.stop()
        print(f"builds during that: {built}")
    _tell(told, service, options.people)


def _people(site: Site, count: int) -> list[str]:
    """A token each, of people of the hub who have no server of their own."""
    names = [f"person{i}" for i in range(count)]
    site.hub.api("POST", "users", {"usernames": names}).raise_for_status()
    return [site.hub.token_of(name, [f"access:services!service={NAME}"]) for name in names]


def _published(site: Site, alice: Rest) -> list[str]:
    names = [f"seen{chr(97 + i)}" for i in range(SEEN)]
    decider = site.decider()
    for name in names:
        alice.make(name)  # the same packages: all but the first take what is there
        decider.approve(alice.submit(name))
    return names


def _build(alice: Rest, count: int) -> str:
    """Eight at once, each of other packages, built anew."""
    names = [f"work{chr(97 + i)}" for i in range(count)]
    for i, name in enumerate(names):
        alice.create(name, conda_requirements=["pandas"] if i % 2 else ["numpy"])
        alice.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
    began = time.monotonic()
    ended = [alice.wait(name, 600) for name in names]
    failed = [v["reason"] for v in ended if v["outcome"] != "succeeded"]
    return f"{count - len(failed)} of {count} succeeded, the last after {time.monotonic() - began:.0f} s {failed or ''}"


class _Service(threading.Thread):
    """What the service's process takes: memory (MB) every few seconds, and processor time (s) in all."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._process = site.service_process()
        self._ended = threading.Event()
        self.memory: list[float] = []
        self.seconds = 0.0

    def run(self) -> None:
        began = self._used()
        while not self._ended.is_set():
            self.memory.append(self._process.memory_info().rss / 1e6)
            self._ended.wait(SAMPLE_SECONDS)
        self.seconds = self._used() - began

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def _used(self) -> float:
        used = self._process.cpu_times()
        return float(used.user + used.system)


def _tell(told: dict[str, Any], service: _Service, people: int) -> None:
    reads, writes = sorted(told["reads"]), sorted(told["writes"])
    rate = (len(reads) + len(writes)) / told["seconds"]
    print(f"{people} people, {told['sockets']} event sockets, {rate:.0f} requests/s for {told['seconds']:.0f} s")
    for kind, times in (("reads", reads), ("writes", writes)):
        p50, p99 = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99))
        aim = f" (target: p99 under {TARGET_SECONDS * 1000:.0f})" if kind == "reads" else ""
        print(f"{kind}: {len(times):,}, median {p50:.0f} ms, p99 {p99:.0f} ms, slowest {times[-1] * 1000:.0f} ms{aim}")
    print(f"faults: {told['faults'] or 'none'} (target: none); {told['frames']:,} frames of events")
    each = service.seconds / (len(reads) + len(writes)) * 1000
    print(f"processor time of the service: {service.seconds:.0f} s, {each:.1f} ms for each request, builds included")
    memory = service.memory
    third = max(1, len(memory) // 3)
    early, late = statistics.mean(memory[third : 2 * third]), statistics.mean(memory[-third:])
    print(f"memory of the service: {memory[0]:.0f} MB at first, {early:.0f} MB in the middle, {late:.0f} MB at the end")


if __name__ == "__main__":
    main()
