from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from jupyter_dataflow_envs.kernels.launcher import (
    Target,
    audiences_of,
    last_started,
    launcher_path,
    remove_launchers,
    write_launcher,
    written_launchers,
)
from tests.kernels.conftest import Deployment
from tests.kernels.session import TIMEOUT, session

ENVIRON = "import json, os, sys; print(json.dumps([sys.prefix, os.getpid(), dict(os.environ)]))"


def environ(launcher: Path, **env: str) -> dict[str, str]:
    """What a command that is started through the launcher sees."""
    done = subprocess.run(
        [launcher, "--run", "python", "-c", ENVIRON], env={**os.environ, **env}, check=True, capture_output=True
    )
    seen: dict[str, str] = json.loads(done.stdout)[2]
    return seen


def test_kernel_runs_a_cell_in_the_one_process_that_jupyter_started(deployment: Deployment, prefix: Path) -> None:
    with session(deployment.activate(prefix)) as kernel:
        found, pid = kernel.run("import os, sys; print(sys.prefix, os.getpid())").rsplit(" ", 1)
        assert (found, int(pid)) == (str(prefix), kernel.pid)
    assert not Path("broken").exists()


def test_activation_scripts_run_at_start(deployment: Deployment, activated_prefix: Path) -> None:
    """nb_conda_kernels #145: what a package computes when it is activated is there in the kernel."""
    with session(deployment.activate(activated_prefix)) as kernel:
        seen = kernel.run("import os; print(os.environ['ACTIVATED_SUM'], os.environ['ACTIVATED_HOME'])")
    assert seen == f"42 {activated_prefix}/share/activated"


def test_interrupt_reaches_the_cell(deployment: Deployment, prefix: Path) -> None:
    """nb_conda_kernels #180: a process between Jupyter and the kernel would swallow the signal."""
    with session(deployment.activate(prefix)) as kernel:
        asked = kernel.client.execute("import time\nprint('begun', flush=True)\ntime.sleep(600)")
        while kernel.client.get_iopub_msg(timeout=TIMEOUT)["content"].get("text") != "begun\n":
            pass
        kernel.manager.interrupt_kernel()
        # A kernel that started slowly was asked more than once whether it is there, and answers each.
        while (reply := kernel.client.get_shell_msg(timeout=TIMEOUT))["parent_header"]["msg_id"] != asked:
            pass
        assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_restart_takes_the_new_version_and_a_running_kernel_keeps_the_old(
    deployment: Deployment, plain_prefix: Path, activated_prefix: Path
) -> None:
    with session(deployment.activate(plain_prefix)) as kernel:
        deployment.point(activated_prefix, version=2, prefix_id="ba9876543210")
        assert kernel.run("import sys; print(sys.prefix)") == str(plain_prefix)
        kernel.restart()
        assert kernel.run("import sys; print(sys.prefix)") == str(activated_prefix)
        assert kernel.run("import os; print(os.environ['ACTIVATED_SUM'])") == "42"


def test_nothing_from_outside_replaces_what_the_environment_holds(
    deployment: Deployment, prefix: Path, tmp_path: Path
) -> None:
    launcher = deployment.point(prefix)
    python = prefix / "bin/python"
    base = tmp_path / "userbase"
    ask = "import site; print(site.getusersitepackages())"
    env = {**os.environ, "PYTHONUSERBASE": str(base), "PYTHONPATH": str(tmp_path / "path")}
    user_site = Path(subprocess.check_output([python, "-c", ask], env=env, text=True).strip())
    for folder, module in ((user_site, "from_user_site"), (tmp_path / "path", "from_pythonpath")):
        folder.mkdir(parents=True)
        (folder / f"{module}.py").touch()
    look = "import importlib.util as u; print([bool(u.find_spec(m)) for m in ('from_user_site', 'from_pythonpath')])"
    assert subprocess.check_output([python, "-c", look], env=env, text=True) == "[True, True]\n"
    through = subprocess.check_output([launcher, "--run", "python", "-c", look], env=env, text=True)
    assert through == "[False, False]\n"


def test_the_servers_own_environment_is_left_behind(deployment: Deployment, prefix: Path, tmp_path: Path) -> None:
    scripts = tmp_path / "server's" / "etc/conda/deactivate.d"
    scripts.mkdir(parents=True)
    (scripts / "gdal.sh").write_text('[[ -n "$GDAL_DATA" ]] && unset GDAL_DATA\n')
    server = str(tmp_path / "server's")
    seen = environ(
        deployment.point(prefix),
        CONDA_PREFIX=server,
        CONDA_SHLVL="2",
        CONDA_PREFIX_1="/base",
        GDAL_DATA="of the server",
        PATH=f"{server}/bin:{os.environ['PATH']}",
        VIRTUAL_ENV="/server/venv",
        PYTHONPATH="/server/lib",
    )
    assert not {"GDAL_DATA", "CONDA_PREFIX_1", "VIRTUAL_ENV", "PYTHONPATH"} & set(seen)
    assert seen["PATH"] == f"{prefix}/bin:{os.environ['PATH']}"
    assert (seen["CONDA_PREFIX"], seen["CONDA_SHLVL"], seen["CONDA_DEFAULT_ENV"]) == (str(prefix), "1", "mlenv")
    assert seen["PYTHONNOUSERSITE"] == "1"
    assert not [name for name in seen if "_dataflow" in name]


def test_stored_variables_win_in_condas_order(deployment: Deployment, plain_prefix: Path, tmp_path: Path) -> None:
    linked = tmp_path / "prefix"
    linked.mkdir()
    for part in ("bin", "lib", "share"):
        (linked / part).symlink_to(plain_prefix / part)
    (linked / "etc/conda/env_vars.d").mkdir(parents=True)
    (linked / "conda-meta").mkdir()
    hostile = 'it\'s $(touch broken)\n`touch broken` "$HOME" \\'
    packages = {"FROM_PACKAGE": hostile, "BOTH": "package", "bad name; touch broken": "x", "NUMBER": 3}
    (linked / "etc/conda/env_vars.d/package.json").write_text(json.dumps(packages))
    state = {"env_vars": {"BOTH": "state", "GONE": "***unset***"}}
    (linked / "conda-meta/state").write_text(json.dumps(state))
    seen = environ(deployment.point(linked))
    assert (seen["FROM_PACKAGE"], seen["BOTH"]) == (hostile, "state")
    assert not {"GONE", "NUMBER"} & set(seen)
    assert not Path("broken").exists()


def test_same_variables_as_rattlers_activation(deployment: Deployment, activated_prefix: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom rattler import Subdir\n"
        "from rattler.shell import ActivationVariables, Shell, activate\n"
        "given = ActivationVariables(None, os.environ['PATH'].split(':'))\n"
        "print(activate(Path(sys.argv[1]), given, Shell.bash, Subdir.current()).script, flush=True)\nos._exit(0)"
    )
    lines = subprocess.check_output([sys.executable, "-c", script, str(activated_prefix)], text=True)
    command = ["bash", "-c", f'{lines}\nexec python -c "$0"', ENVIRON]
    # `env` given: readline, loaded by pytest, puts COLUMNS and LINES into the process behind os.environ's back.
    expected = json.loads(subprocess.check_output(command, env=os.environ))[2]
    seen = environ(deployment.point(activated_prefix))
    ours = {"CONDA_DEFAULT_ENV": "mlenv", "PYTHONNOUSERSITE": "1"}
    # rattler's script names the old PATH twice: once as given, once as found by the shell.
    for variables in (expected, seen):
        variables["PATH"] = ":".join(dict.fromkeys(variables["PATH"].split(":")))
        variables.pop("_", None)
        variables.pop("SHLVL", None)
    # Of the virtual environment that the tests run in, if it is an active one; a launcher clears that away.
    for name in ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"):
        expected.pop(name, None)
    assert seen == {**expected, **ours}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "Version 1 of 'mlenv' can't start: one of its packages' activation scripts ended it (b.sh)."),
        ("set -e\nfalse", "Version 1 of 'mlenv' can't start: one of its packages' activation scripts ended it (b.sh)."),
        ("set -- other arguments\nset -eu\nlocal_part=1", None),
        ("read -r line || true", None),
        ("false", None),
    ],
)
def test_rough_activation_scripts(
    deployment: Deployment, plain_prefix: Path, tmp_path: Path, script: str, reason: str | None
) -> None:
    rough = tmp_path / "prefix"
    (rough / "etc/conda/activate.d").mkdir(parents=True)
    for part in ("bin", "lib", "share"):
        (rough / part).symlink_to(plain_prefix / part)
    (rough / "etc/conda/activate.d/a.sh").write_text("export FIRST=1\n")
    (rough / "etc/conda/activate.d/b.sh").write_text(script)
    launcher = deployment.point(rough)
    done = subprocess.run(
        [launcher, "--run", "sh", "-c", 'read -r line; echo "$FIRST $1 $line"; exit 5', "sh", "two words"],
        input="input\n",
        capture_output=True,
        text=True,
    )
    if reason is None:
        assert (done.returncode, done.stdout) == (5, "1 two words input\n")
    else:
        assert (done.returncode, done.stderr) == (1, reason + "\n")


def test_run_passes_input_arguments_and_exit_code(deployment: Deployment, prefix: Path) -> None:
    launcher = deployment.point(prefix)
    code = "import sys; print(sys.stdin.read(), sys.argv[1:]); sys.exit(42)"
    words = ["--run", "a b", "$HOME", "-x", ""]
    done = subprocess.run([launcher, "--run", "python", "-c", code, *words], input="in", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (42, f"in {words}\n")
    assert subprocess.run([launcher, "--run"], capture_output=True).returncode == 64


def test_a_command_that_is_not_there(deployment: Deployment, prefix: Path, tmp_path: Path) -> None:
    launcher = deployment.point(prefix)
    folder, plain = tmp_path / "folder", tmp_path / "folder" / "plain %s"
    folder.mkdir()
    plain.write_text("no program")
    nowhere = "There is no command '{}' in version 1 of 'mlenv'.\n"
    for word, code, told in (
        ("no-such %s\\n command", 127, nowhere),
        ("", 127, nowhere),
        ("-c", 127, nowhere),
        (str(tmp_path / "nope"), 127, nowhere),
        ("cd", 127, nowhere),
        (plain.name, 126, f"{plain} is not an executable file.\n"),
        (str(plain), 126, f"{plain} is not an executable file.\n"),
        (str(folder), 126, f"{folder} is not an executable file.\n"),
    ):
        env = {**os.environ, "PATH": str(folder)}
        done = subprocess.run([launcher, "--run", word, "x"], env=env, capture_output=True, text=True)
        assert (done.returncode, done.stderr, done.stdout) == (code, told.format(word), "")
    # The first that can be executed, as `exec` finds it; an empty part of PATH is the working folder.
    program = tmp_path / "bin" / plain.name
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho here\n")
    program.chmod(0o755)
    for path in (f"{folder}:{program.parent}", f"{folder}:"):
        env = {**os.environ, "PATH": path}
        done = subprocess.run([launcher, "--run", plain.name], env=env, cwd=program.parent, capture_output=True)
        assert (done.returncode, done.stdout) == (0, b"here\n"), done.stderr


def test_when_something_was_last_started(deployment: Deployment, prefix: Path) -> None:
    launcher = deployment.point(prefix)
    assert last_started(deployment.root, "environment-1") == {}
    begun = datetime.now(timezone.utc) - timedelta(seconds=1)
    subprocess.run([launcher, "--run", "true"], check=True)
    first = last_started(deployment.root, "environment-1")
    assert list(first) == ["latest"]
    assert begun < first["latest"] <= datetime.now(timezone.utc)
    with session(deployment.specs.write(deployment.entry(prefix))):
        assert last_started(deployment.root, "environment-1")["latest"] > first["latest"]
    # Who is deleted meanwhile is started none the less.
    mark = launcher.with_suffix(".started")
    mark.unlink()
    mark.mkdir()
    done = subprocess.run([launcher, "--run", "echo", "on"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "on\n", "")


def test_which_launchers_are_there(deployment: Deployment, plain_prefix: Path) -> None:
    assert written_launchers(deployment.root) == {}
    assert audiences_of(deployment.root, "environment-1") == []
    launcher = deployment.point(plain_prefix)
    (deployment.root / "launchers" / ".stray").mkdir()
    subprocess.run([launcher, "--run", "true"], check=True)
    assert written_launchers(deployment.root) == {"environment-1": ["latest"]}
    write_launcher(deployment.root, "environment-1", "published", Target("mlenv", 1, plain_prefix, "abc"))
    assert audiences_of(deployment.root, "environment-1") == ["latest", "published"]


def test_a_launcher_that_is_right_is_left_alone(deployment: Deployment, plain_prefix: Path) -> None:
    launcher = deployment.point(plain_prefix)
    os.utime(launcher, (0, 0))
    assert deployment.point(plain_prefix).stat().st_mtime == 0
    launcher.chmod(0o444)
    assert os.access(deployment.point(plain_prefix), os.X_OK)
    os.utime(launcher, (0, 0))
    assert deployment.point(plain_prefix, version=2).stat().st_mtime != 0


def test_hostile_prefix_paths(deployment: Deployment, plain_prefix: Path, tmp_path: Path) -> None:
    named = tmp_path / "a 'b' \"c\" $(touch broken) `touch broken` \\ * ; é\n"
    named.symlink_to(plain_prefix)
    assert environ(deployment.point(named))["CONDA_PREFIX"] == str(named)
    assert not Path("broken").exists()


def test_options_of_the_prefixs_own_ipykernel_are_kept(
    deployment: Deployment, plain_prefix: Path, tmp_path: Path
) -> None:
    older = tmp_path / "prefix"
    (older / "share/jupyter/kernels/python3").mkdir(parents=True)
    for part in ("bin", "lib"):
        (older / part).symlink_to(plain_prefix / part)
    argv = ["python", "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (older / "share/jupyter/kernels/python3/kernel.json").write_text(json.dumps({"argv": argv}))
    with session(deployment.activate(older)) as kernel:
        assert kernel.run("import sys; print(sys._xoptions)") == "{'frozen_modules': 'off'}"


def test_launchers_move_in_one_step(deployment: Deployment, plain_prefix: Path, activated_prefix: Path) -> None:
    """Whoever starts while the version moves gets the old or the new one, whole."""
    launcher = deployment.point(plain_prefix)
    code = (
        "import sys; from pathlib import Path\n"
        "from jupyter_dataflow_envs.kernels.launcher import Target, write_launcher\n"
        "targets = [Target('mlenv', n, Path(p), 'abc') for n, p in enumerate(sys.argv[2:], 1)]\n"
        "print(flush=True)\n"
        "while True:\n"
        "    for target in targets: write_launcher(Path(sys.argv[1]), 'environment-1', 'latest', target)\n"
    )
    command = [sys.executable, "-c", code, str(deployment.root), str(plain_prefix), str(activated_prefix)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            ask = "import os, sys; print(sys.prefix, os.environ['CONDA_PREFIX'], os.environ.get('ACTIVATED_SUM'))"
            for _ in range(40):
                seen = subprocess.check_output([launcher, "--run", "python", "-c", ask], text=True).split()
                assert seen in ([str(plain_prefix)] * 2 + ["None"], [str(activated_prefix)] * 2 + ["42"])
        finally:
            writer.kill()
    left = {p.name for p in launcher.parent.iterdir() if not p.name.startswith(".")}
    assert left == {"latest", "latest.started"}


@pytest.mark.parametrize(("environment_id", "audience"), [("../x", "latest"), ("", "latest"), ("x", "everybody")])
def test_paths_stay_in_the_root(deployment: Deployment, environment_id: str, audience: str) -> None:
    with pytest.raises(ValueError, match=r"not a plain identifier|unknown audience"):
        launcher_path(deployment.root, environment_id, audience)


def test_remove(deployment: Deployment, plain_prefix: Path) -> None:
    launcher = deployment.point(plain_prefix)
    remove_launchers(deployment.root, "environment-1")
    remove_launchers(deployment.root, "environment-1")
    assert not launcher.parent.exists()


def test_a_target_is_whole() -> None:
    for prefix, prefix_id in ((Path("/p"), None), (None, None), (Path("relative"), "abc")):
        with pytest.raises(ValueError, match="prefix"):
            Target("mlenv", 1, prefix, prefix_id)
    with pytest.raises(ValueError, match=r"not a plain identifier: '\.\./up'"):
        write_launcher(Path("/nowhere"), "e", "latest", Target("mlenv", 1, Path("/p"), "../up"))


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, jupyter_dataflow_envs.kernels.kernelspecs, jupyter_dataflow_envs.kernels.leases\n"
        "heavy = {'rattler', 'sqlalchemy', 'pydantic', 'jupyter_client', 'jupyter_core', 'ipykernel', 'psutil'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
