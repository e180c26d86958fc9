"""Children of every kind of behaviour, and their certain end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_dataflow_envs.builds.runner import LocalRunner, build_environment, describe, end_leftover
from jupyter_dataflow_envs.engine.protocol import Answer, Caches, Job, Message, Mode, Sources
from tests.live import wait_until

JOB = Job(mode=Mode.BUILD, caches=Caches("/a", "/b", "/c", "/d"), sources=Sources(()))
RESULT = {"type": "result", "lock": None, "size": 1, "steps": []}

HEADER = """\
#!{python}
import json, os, signal, subprocess, sys, time
channel = int(sys.argv[3])
def say(**message): os.write(channel, (json.dumps(message) + "\\n").encode())
def beget(code="import time; time.sleep(600)"):
    return subprocess.Popen([{python!r}, "-c", code]).pid
"""


class Listener:
    """Keeps what it hears; tells the child to install."""

    def __init__(self) -> None:
        self.group: int | None = None
        self.messages: list[Message] = []
        self.output = ""

    def started(self, process: dict[str, Any]) -> None:
        self.group = process["group"]

    def heard(self, message: Message) -> Answer | None:
        self.messages.append(message)
        return Answer.INSTALL if message["type"] == "lock" else None

    def printed(self, text: str) -> None:
        self.output += text + "\n"

    def members(self) -> list[int]:
        """Living processes of the run's group."""
        found = []
        for process in psutil.process_iter():
            try:
                if os.getpgid(process.pid) == self.group and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
            except (psutil.Error, ProcessLookupError):
                continue
        return found


class Bench:
    """Runs scripts in the engine's place: the runner starts `sys.executable -m … <descriptor>`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch, self._python = folder, monkeypatch, sys.executable
        self.listener = Listener()
        self.stop = threading.Event()
        self.last: Message | None = None
        self._thread: threading.Thread | None = None

    def run(self, script: str, job: Job = JOB) -> Message | None:
        self.start(script, job)
        return self.join()

    def start(self, script: str, job: Job = JOB) -> None:
        file = self._folder / "child"
        file.write_text(HEADER.format(python=self._python) + textwrap.dedent(script))
        file.chmod(0o755)
        self._patch.setattr(sys, "executable", str(file))
        self._thread = threading.Thread(target=self._run, args=(job,))
        self._thread.start()

    def _run(self, job: Job) -> None:
        self.last = LocalRunner(self._folder).run(job, self.listener, self.stop)

    def join(self, seconds: float = 30) -> Message | None:
        assert self._thread is not None
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the runner does not return"
        assert self.listener.members() == []
        return self.last


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_a_conversation(bench: Bench) -> None:
    last = bench.run(
        """
        job = json.loads(sys.stdin.readline())
        say(type="log", text=job["mode"])
        say(type="lock", lock={}, prefix_key=None)
        answer = json.loads(sys.stdin.readline())
        say(type="log", text=answer["answer"])
        print("printed by something", flush=True)
        say(type="result", lock=None, size=1, steps=[])
        """
    )
    assert last == RESULT
    assert [m.get("text") for m in bench.listener.messages if m["type"] == "log"] == ["build", "install"]
    assert "printed by something" in bench.listener.output


def test_a_child_that_ends_without_a_word_has_no_last_message(bench: Bench) -> None:
    assert bench.run("print('some words', flush=True); os._exit(3)") is None
    assert "some words" in bench.listener.output


def test_a_child_killed_from_elsewhere_is_noticed(bench: Bench) -> None:
    bench.start("say(type='log', text='up'); time.sleep(600)")
    wait_until(lambda: bench.listener.messages, "the child", 10)
    assert bench.listener.group is not None
    os.kill(bench.listener.group, signal.SIGKILL)
    assert bench.join(5) is None


def test_who_survives_the_last_message_is_ended(bench: Bench) -> None:
    assert bench.run("beget(); beget(); say(type='result', lock=None, size=1, steps=[]); time.sleep(600)") == RESULT


IGNORES = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
STUBBORN = {
    "sleeps": "",
    "ignores SIGTERM": IGNORES,
    "ignores it, its children too": f"{IGNORES}; beget('import signal, time; "
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)')",
    "has many children": "[beget() for _ in range(8)]",
    "is stopped": "signal.setitimer(signal.ITIMER_REAL, 0.2); signal.signal(signal.SIGALRM, "
    "lambda *_: os.kill(os.getpid(), signal.SIGSTOP))",
    "closed its input": "os.close(0)",
    "closed its output": "os.close(1); os.close(2)",
    "never reads": "pass",
    "begets without end": f"{IGNORES}\n"
    "while True:\n    beget('import time; time.sleep(1)'); say(type='log', text='more'); time.sleep(0.01)",
    "prints without end": "os.set_blocking(1, True)\nwhile True: print('x' * 1000)",
    "talks without end": "while True: say(type='log', text='x' * 1000)",
}


@pytest.mark.parametrize("script", STUBBORN.values(), ids=STUBBORN.keys())
def test_a_cancelled_child_is_gone_within_two_seconds(bench: Bench, script: str) -> None:
    bench.start(f"say(type='log', text='up')\n{script}\ntime.sleep(600)")
    wait_until(lambda: bench.listener.messages, "the child", 10)
    begun = time.monotonic()
    bench.stop.set()
    assert bench.join(10) is None
    assert time.monotonic() - begun < 2


def test_a_child_that_does_not_read_its_input_takes_none_of_it(bench: Bench) -> None:
    assert bench.run("os.close(0); say(type='result', lock=None, size=1, steps=[])") == RESULT


@pytest.mark.parametrize("line", [100, 20_000_000])
def test_output_of_any_size_is_heard(bench: Bench, line: int) -> None:
    """20 MB, in lines or in one: what comes arrives, and the time it takes grows with its size only."""
    total = 20_000_000
    begun = time.monotonic()
    last = bench.run(
        f"""
        for _ in range({total // line}):
            sys.stdout.write("x" * {line - 1} + "\\n")
        sys.stdout.flush()
        say(type="result", lock=None, size=1, steps=[])
        """
    )
    assert last == RESULT
    assert bench.listener.output.count("x") == total // line * (line - 1)
    assert time.monotonic() - begun < 20


def test_a_message_of_megabytes_arrives_whole(bench: Bench) -> None:
    bench.run(
        "say(type='log', text='ü' * 3_000_000)\nsay(type='log', text='after')\n"
        "say(type='result', lock=None, size=1, steps=[])"
    )
    assert [len(m.get("text", "")) for m in bench.listener.messages] == [3_000_000, 5, 0]


def test_output_that_is_not_utf8_is_heard(bench: Bench) -> None:
    assert bench.run("os.write(1, b'\\xff\\xfe broken \\x00\\n'); say(type='result', lock=None, size=1, steps=[])")
    assert "broken" in bench.listener.output


SECRETS = {
    "JUPYTER_TOKEN",
    "JUPYTERHUB_API_TOKEN",
    "JPY_API_TOKEN",
    "JUPYTERHUB_OAUTH_SCOPES",
    "DATABASE_URL",
    "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "GITHUB_TOKEN",
    "LD_PRELOAD",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "CONDA_PREFIX",
    "VIRTUAL_ENV",
    "BASH_ENV",
}


def test_a_child_knows_no_credentials_of_the_server(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "secret" if name not in ("LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP") else "")
    for name in ("HTTPS_PROXY", "no_proxy", "UV_CONCURRENT_DOWNLOADS", "LC_ALL", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "kept")
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    bench.run("say(type='log', text=json.dumps(dict(os.environ))); say(type='result', lock=None, size=1, steps=[])")
    seen = json.loads(bench.listener.messages[0]["text"])
    assert not SECRETS & seen.keys()
    assert "secret" not in seen.values()
    kept = {"HTTPS_PROXY", "no_proxy", "UV_CONCURRENT_DOWNLOADS", "LC_ALL", "SSL_CERT_FILE", "CONDA_OVERRIDE_CUDA"}
    assert kept | {"PATH", "HOME"} <= seen.keys()


def test_the_environment_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"PATH": "/bin", "MY_PATH": "x", "RATTLER_AUTH_FILE": "/auth", "XDG_CACHE_HOME": "/c", "UVX": "x", "": "x"}
    assert build_environment(given) == {"PATH": "/bin", "RATTLER_AUTH_FILE": "/auth", "XDG_CACHE_HOME": "/c"}


def _group() -> subprocess.Popen[bytes]:
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    return subprocess.Popen(
        [sys.executable, "-c", code + "print('up', flush=True); time.sleep(600)"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def test_what_a_dead_server_left_is_ended_once_it_is_known_for_sure() -> None:
    child = _group()
    assert child.stdout is not None
    child.stdout.readline()
    listener = Listener()
    listener.group = child.pid
    known = describe(child.pid)
    try:
        # The number of the group may be another's by now, or another machine's: those are not ours to end.
        end_leftover({**known, "started": known["started"] - 10})
        end_leftover({**known, "host": "elsewhere"})
        assert len(listener.members()) == 2
        end_leftover(known)
        assert listener.members() == []
        end_leftover(known)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_a_child_that_can_not_be_started_is_an_os_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir())) if descriptors.exists() else 0
    with pytest.raises(OSError, match="no/such/python"):
        LocalRunner(Path("/")).run(JOB, bench.listener, bench.stop)
    if before:
        assert len(list(descriptors.iterdir())) <= before
