from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_dataflow_envs.kernels import leases
from tests.kernels.conftest import Deployment
from tests.kernels.session import session
from tests.live import wait_until

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def leave(root: Path, pid: int, content: str | None = None) -> Path:
    """A lease as a launcher leaves it."""
    lease = leases.lease_folder(root, "abc") / str(pid)
    lease.parent.mkdir(parents=True, exist_ok=True)
    lease.write_text(Path(f"/proc/{pid}/stat").read_text() if content is None else content)
    return lease


def test_a_kernels_lease_comes_and_goes(deployment: Deployment, prefix: Path) -> None:
    assert leases.running(deployment.root) == {}
    with session(deployment.activate(prefix)) as kernel:
        assert leases.running(deployment.root) == {"0123456789ab": [kernel.pid]}
        assert leases.in_use(deployment.root, "0123456789ab")
        first = kernel.pid
        kernel.restart()
        assert leases.running(deployment.root) == {"0123456789ab": [kernel.pid]}
        assert kernel.pid != first
    assert leases.running(deployment.root) == {}
    assert not leases.in_use(deployment.root, "0123456789ab")
    folder = leases.lease_folder(deployment.root, "0123456789ab")
    assert list(folder.iterdir()) == []
    leases.forget(deployment.root, "0123456789ab")
    leases.forget(deployment.root, "0123456789ab")
    assert not folder.exists()


def test_a_killed_kernels_lease_ends(deployment: Deployment, plain_prefix: Path) -> None:
    with session(deployment.activate(plain_prefix)) as kernel:
        kernel.manager.provisioner.process.kill()  # type: ignore[union-attr]
        kernel.manager.provisioner.process.wait()  # type: ignore[union-attr]
        assert leases.running(deployment.root) == {}


def test_commands_leave_leases_too(deployment: Deployment, plain_prefix: Path) -> None:
    command = [str(deployment.point(plain_prefix)), "--run", "python", "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert leases.running(deployment.root) == {"0123456789ab": [process.pid]}
        process.communicate(b"\n")
    assert leases.running(deployment.root) == {}


def test_a_removed_lease_folder_is_made_anew(deployment: Deployment, plain_prefix: Path) -> None:
    launcher = deployment.point(plain_prefix)
    leases.forget(deployment.root, "0123456789ab")
    subprocess.run([launcher, "--run", "true"], check=True)
    assert leases.lease_folder(deployment.root, "0123456789ab").is_dir()


@linux
def test_a_reused_pid_does_not_count_and_its_lease_stays(tmp_path: Path) -> None:
    """The process with that number may be a launcher that writes its own lease right now."""
    fields = Path("/proc/self/stat").read_text().rsplit(")", 1)
    after = fields[1].split()
    after[19] = str(int(after[19]) - 1)
    lease = leave(tmp_path, os.getpid(), f"{fields[0]}) {' '.join(after)}\n")
    assert leases.running(tmp_path) == {}
    assert lease.exists()


@linux
def test_a_changed_clock_does_not_matter(tmp_path: Path) -> None:
    lease = leave(tmp_path, os.getpid())
    for moment in (0, time.time() - 86400 * 365, time.time() + 86400 * 365):
        os.utime(lease, (moment, moment))
        assert leases.running(tmp_path) == {"abc": [os.getpid()]}


@linux
def test_a_zombie_runs_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lease = leave(tmp_path, process.pid)
    assert leases.running(tmp_path) == {"abc": [process.pid]}
    assert process.stdin is not None
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert leases.running(tmp_path) == {}
    process.wait()
    assert leases.running(tmp_path) == {}
    assert not lease.exists()


@linux
def test_a_process_may_be_named_anything(tmp_path: Path) -> None:
    code = "open('/proc/self/comm', 'w').write('a) Z 1 (b'); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        leave(tmp_path, process.pid)
        assert leases.running(tmp_path) == {"abc": [process.pid]}
        process.communicate(b"\n")


def test_without_proc_the_time_of_the_lease_decides(tmp_path: Path) -> None:
    lease = leave(tmp_path, os.getpid(), "\n")
    assert leases.running(tmp_path) == {"abc": [os.getpid()]}
    os.utime(lease, (0, 0))
    assert leases.running(tmp_path) == {}


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    folder = leases.lease_folder(tmp_path, "abc")
    folder.mkdir(parents=True)
    for name in ("note.txt", "-1", "²", "last_started"):
        (folder / name).touch()
    (tmp_path / "leases" / "a file").touch()
    assert leases.running(tmp_path) == {}
    assert len(list(folder.iterdir())) == 4


def test_a_lease_says_which_version_was_started(deployment: Deployment, plain_prefix: Path) -> None:
    """Also when the launcher has moved on, and when versions share a prefix."""
    processes = []
    for version in (3, 4):
        launcher = deployment.point(plain_prefix, version)
        processes.append(subprocess.Popen([launcher, "--run", "sleep", "60"]))
        wait_until(lambda: len(leases.running(deployment.root).get("0123456789ab", [])) == len(processes), "a lease")
    try:
        third, fourth = (process.pid for process in processes)
        expected = {third: leases.Started("environment-1", 3), fourth: leases.Started("environment-1", 4)}
        assert leases.started(deployment.root, {third, fourth, os.getpid()}) == expected
        assert leases.started(deployment.root, {fourth}) == {fourth: leases.Started("environment-1", 4)}
        assert leases.started(deployment.root, ()) == {}
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert leases.started(deployment.root, {third, fourth}) == {}


@pytest.mark.parametrize("second", ["", "\n", "environment-1", "environment-1 x\n", "environment-1 1 2\n"])
def test_a_lease_that_tells_no_version_is_one_all_the_same(tmp_path: Path, second: str) -> None:
    leave(tmp_path, os.getpid(), Path("/proc/self/stat").read_text() + second)
    assert leases.running(tmp_path) == {"abc": [os.getpid()]}
    assert leases.started(tmp_path, {os.getpid()}) == {}
