"""The small shell script behind a kernelspec: activates an environment's prefix, leaves a lease, becomes its Python.

A kernelspec names the launcher, the launcher names the version: Jupyter reads `kernel.json` once for the life of a
kernel, so that only what lies behind the launcher's path reaches a restarted kernel.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..domain.grant import Audience
from .atomic import replace_file
from .leases import lease_folder

AUDIENCES: tuple[Audience, ...] = ("latest", "published")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSET = "***unset***"  # what `conda env config vars unset` leaves in conda-meta/state
_DEFAULT_OPTIONS = ("-m", "ipykernel_launcher")


@dataclass(frozen=True, slots=True)
class Target:
    """What a launcher starts, or, when `prefix` is None, the `reason` that it shows instead (one sentence)."""

    short_name: str
    version: int | None
    prefix: Path | None
    prefix_id: str | None
    reason: str | None = None
    local: bool = False
    """A Local environment: what its activation scripts are is seen at each start, as people change it."""
    made: bool = True
    """Made here, and not found: then what lies in the person's own site folder stays out."""

    def __post_init__(self) -> None:
        if (self.prefix is None) != (self.prefix_id is None):
            raise ValueError("a prefix and its id come together")
        if self.prefix is None and not self.reason:
            raise ValueError("a target without a prefix needs a reason")
        if self.prefix is not None and not self.prefix.is_absolute():
            raise ValueError(f"a prefix is an absolute path: {self.prefix}")


def launcher_path(root: Path, environment_id: str, audience: str) -> Path:
    """Where the launcher lies; it never changes in the life of an environment.

    Raises ValueError for an unknown audience and for an id that is no plain name.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"unknown audience {audience!r}; expected one of {', '.join(AUDIENCES)}")
    return root / "launchers" / _plain(environment_id) / audience


def write_launcher(root: Path, environment_id: str, audience: str, target: Target) -> Path:
    """Point the environment's launcher at `target`, in one step, and return its path.

    Kernels that run are not touched; those that start or restart from now on get the new target.
    """
    path = launcher_path(root, environment_id, audience)
    path.parent.mkdir(parents=True, exist_ok=True)
    if target.prefix_id is not None:
        lease_folder(root, _plain(target.prefix_id)).mkdir(parents=True, exist_ok=True)
    script = _launcher(root, path, environment_id, target).encode("utf-8", "surrogateescape")
    if not _holds(path, script):
        replace_file(path, script, 0o555)
    return path


def written_launchers(root: Path) -> dict[str, list[Audience]]:
    """The audiences that have a launcher, by the id of the environment."""
    try:
        folders = sorted(f for f in (root / "launchers").iterdir() if _ID.fullmatch(f.name) and f.is_dir())
    except FileNotFoundError:
        return {}
    return {f.name: audiences_of(root, f.name) for f in folders}


def audiences_of(root: Path, environment_id: str) -> list[Audience]:
    """Those for which the environment has a launcher."""
    return [a for a in AUDIENCES if launcher_path(root, environment_id, a).exists()]


def last_started(root: Path, environment_id: str) -> dict[Audience, datetime]:
    """When a launcher last started a kernel or a command (UTC), by audience; those that never did are left out."""
    found = {}
    for audience in AUDIENCES:
        try:
            moment = _started(launcher_path(root, environment_id, audience)).stat().st_mtime
        except FileNotFoundError:
            continue
        found[audience] = datetime.fromtimestamp(moment, timezone.utc)
    return found


def remove_launchers(root: Path, environment_id: str) -> None:
    """Of an environment that was deleted. Nothing happens when there are none."""
    shutil.rmtree(root / "launchers" / _plain(environment_id), ignore_errors=True)


def write_fallback(root: Path, python: Path) -> Path:
    """Say which interpreter runs the kernel that shows why another one can't start; done at each start of a server.

    Launchers name only this script, so they outlive the interpreter of the server that wrote them.
    """
    path = root / "fallback"
    replace_file(path, _FALLBACK.format(python=_quoted(python)).encode("utf-8", "surrogateescape"), 0o555)
    return path


def ipykernel_spec(prefix: Path) -> dict[str, Any]:
    """The `kernel.json` that the prefix's own ipykernel brought; empty when there is none that can be read."""
    return _json_object(prefix / "share/jupyter/kernels/python3/kernel.json")


def _holds(path: Path, script: bytes) -> bool:
    try:
        return path.read_bytes() == script and os.access(path, os.X_OK)
    except OSError:
        return False


def _started(launcher: Path) -> Path:
    """The file beside a launcher whose modification time says when it last started something."""
    return launcher.with_suffix(".started")


def _plain(identifier: str) -> str:
    if not _ID.fullmatch(identifier):
        raise ValueError(f"not a plain identifier: {identifier!r}")
    return identifier


def _quoted(text: str | Path) -> str:
    return shlex.quote(str(text))


def _launcher(root: Path, path: Path, environment_id: str, target: Target) -> str:
    named = f"Version {target.version} of '{target.short_name}'" if target.version else f"'{target.short_name}'"
    begin = _BEGIN.format(fallback=_quoted(root / "fallback"), name=_quoted(target.short_name))
    if target.prefix is None or target.prefix_id is None:
        return f'#!/bin/sh\n{begin}\n_dataflow_fall_back {_quoted(target.reason or "")} "$@"\n'
    scripts = sorted((target.prefix / "etc/conda/activate.d").glob("*.sh"))
    by_bash = bool(scripts) or target.local
    words = {
        "launcher": _quoted(path),
        "bash": _bash(),
        "needs_bash": "true" if by_bash else "false",
        "prefix": _quoted(target.prefix),
        "name": _quoted(target.short_name),
        "leases": _quoted(lease_folder(root, target.prefix_id)),
        "started_from": _quoted(f"{environment_id} {target.version or 0}"),
        "started": _quoted(_started(path)),
        "gone": _quoted(f"{named} can't start: its folder is gone or broken (no executable bin/python in it)."),
        "no_kernel": _quoted(f"{named} can't start a kernel: ipykernel is missing from it."),
        "named": _quoted(named[0].lower() + named[1:]),
        "ended": _quoted(f"{named} can't start: one of its packages' activation scripts ended it"),
    }
    parts = [
        f"#!{_bash()} -p" if by_bash else "#!/bin/sh",
        begin,
        _PREPARE.format(**words),
        _VENV if (target.prefix / "pyvenv.cfg").exists() else _CONDA.format(**words),
        *(["export PYTHONNOUSERSITE=1"] if target.made else []),
        *(f"export {name}={_quoted(value)}" for name, value in _variables(target.prefix).items()),
    ]
    if by_bash:
        listed = "\n".join(f"_dataflow_script={_quoted(s.name)}\n. {_quoted(s)} </dev/null" for s in scripts)
        sources = _SOURCE_ALL if target.local else listed
        parts.append(_ACTIVATE.format(sources=sources, **words))
    parts.append(_BECOME.format(options=" ".join(map(_quoted, _options(target.prefix))), **words))
    return "\n".join(parts)


def _bash() -> str:
    # Scripts of packages use `[[` and arrays. The usual place first: a bash of some environment may be removed one day.
    return "/bin/bash" if os.access("/bin/bash", os.X_OK) else shutil.which("bash") or "/usr/bin/bash"


def _options(prefix: Path) -> list[str]:
    """The arguments between interpreter and connection file that the prefix's own ipykernel asks for."""
    argv = ipykernel_spec(prefix).get("argv")
    if (
        not isinstance(argv, list)
        or not all(isinstance(a, str) for a in argv)
        or argv[-2:] != ["-f", "{connection_file}"]
    ):
        return list(_DEFAULT_OPTIONS)
    return argv[1:-2] or list(_DEFAULT_OPTIONS)


def _variables(prefix: Path) -> dict[str, str]:
    """What packages and `conda env config vars` set, later ones winning, as conda does it."""
    found: dict[str, Any] = {}
    for file in sorted((prefix / "etc/conda/env_vars.d").glob("*.json")):
        found.update(_json_object(file))
    state = _json_object(prefix / "conda-meta/state").get("env_vars")
    found.update(state if isinstance(state, dict) else {})
    return {
        name: value
        for name, value in found.items()
        if _VARIABLE.fullmatch(name) and isinstance(value, str) and value != _UNSET and "\0" not in value
    }


def _json_object(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


_BEGIN = """\
# Starts a Dataflow environment. Written anew whenever its usable version moves: changes made here are lost.
_dataflow_path=$PATH _dataflow_pythonpath=${{PYTHONPATH-}} _dataflow_pythonhome=${{PYTHONHOME-}} _dataflow_lease=
_dataflow_fall_back() {{
    _dataflow_reason=$1
    shift
    export PATH="$_dataflow_path"
    [ -z "$_dataflow_pythonpath" ] || export PYTHONPATH="$_dataflow_pythonpath"
    [ -z "$_dataflow_pythonhome" ] || export PYTHONHOME="$_dataflow_pythonhome"
    [ -z "$_dataflow_lease" ] || rm -f "$_dataflow_lease"
    if [ "${{1-}}" != --run ] && [ -x {fallback} ]; then
        exec {fallback} --environment={name} "--reason=$_dataflow_reason" "$@"
    fi
    printf '%s\\n' "$_dataflow_reason" >&2
    exit 1
}}"""

# The first test is more than the `#!` line: between reading that and opening the script, its interpreter may find that
# the launcher has moved on to a version of the other kind.
# The lease comes before the look at the prefix: who removes one sees the lease, or the launcher sees that it is gone.
# It holds the process's line of /proc, whose start time tells it from a later process with the same number, and the
# version: a prefix may be that of several, and of several environments.
_PREPARE = """\
_dataflow_prefix={prefix}
if [ -z "${{BASH_VERSION-}}" ] &&
    {{ {needs_bash} || [ -d "${{CONDA_PREFIX:-/nowhere}}/etc/conda/deactivate.d" ]; }}; then
    exec {bash} -p {launcher} "$@"
fi

_dataflow_stat=
[ ! -r /proc/$$/stat ] || read -r _dataflow_stat </proc/$$/stat
[ -d {leases} ] || mkdir -p {leases}
printf '%s\\n' "$_dataflow_stat" {started_from} >{leases}/$$ && _dataflow_lease={leases}/$$

[ -x "$_dataflow_prefix/bin/python" ] || _dataflow_fall_back {gone} "$@"
if [ "${{1-}}" != --run ]; then
    _dataflow_kernel=
    for _dataflow_file in "$_dataflow_prefix"/lib/python*/*-packages/ipykernel_launcher.py; do
        [ ! -e "$_dataflow_file" ] || _dataflow_kernel=$_dataflow_file
    done
    [ -n "$_dataflow_kernel" ] || _dataflow_fall_back {no_kernel} "$@"
fi
{{ printf '%s\\n' "$_dataflow_stat" >{started}; }} 2>/dev/null

# What the server runs in is left as `conda deactivate` would leave it.
if [ -n "${{CONDA_PREFIX-}}" ]; then
    if [ -n "${{BASH_VERSION-}}" ]; then
        for _dataflow_file in "$CONDA_PREFIX"/etc/conda/deactivate.d/*.sh; do
            [ ! -r "$_dataflow_file" ] || . "$_dataflow_file" </dev/null
        done
    fi
    case ":$PATH:" in
    *":$CONDA_PREFIX/bin:"*)
        PATH=":$PATH:"
        PATH="${{PATH%%":$CONDA_PREFIX/bin:"*}}:${{PATH#*":$CONDA_PREFIX/bin:"}}"
        PATH="${{PATH#:}}"
        PATH="${{PATH%:}}"
        ;;
    esac
fi
unset PYTHONPATH PYTHONHOME PYTHONEXECUTABLE __PYVENV_LAUNCHER__ VIRTUAL_ENV VIRTUAL_ENV_PROMPT
unset CONDA_PREFIX_1 CONDA_PREFIX_2 CONDA_PROMPT_MODIFIER
export PATH="$_dataflow_prefix/bin${{PATH:+:$PATH}}\""""

_CONDA = """\
export CONDA_SHLVL=1 CONDA_PREFIX="$_dataflow_prefix" CONDA_DEFAULT_ENV={name}"""

_VENV = """\
unset CONDA_SHLVL CONDA_PREFIX CONDA_DEFAULT_ENV
export VIRTUAL_ENV="$_dataflow_prefix\""""

_SOURCE_ALL = """\
for _dataflow_file in "$_dataflow_prefix"/etc/conda/activate.d/*.sh; do
    [ -r "$_dataflow_file" ] || continue
    _dataflow_script=${_dataflow_file##*/}
    . "$_dataflow_file" </dev/null
done"""

# A script may `set --`, `set -e` or `exit`: the arguments are kept aside, and an end in the midst of it is explained.
_ACTIVATE = """\
_dataflow_arguments=("$@")
_dataflow_ended={ended}
trap '_dataflow_fall_back "$_dataflow_ended ($_dataflow_script)." "${{_dataflow_arguments[@]}}"' EXIT
{sources}
trap - EXIT
set +eu
set -- "${{_dataflow_arguments[@]}}\""""

_BECOME = """\

if [ "${{1-}}" = --run ]; then
    shift
    if [ $# -eq 0 ]; then
        printf '%s\\n' 'No command was given to run.' >&2
        exit 64
    fi
    # `exec` would name this script and a line in it. An empty part of PATH is the folder one is in.
    _dataflow_found= _dataflow_rest=$PATH:
    case $1 in
    */*) _dataflow_rest= _dataflow_found=$1 ;;
    esac
    while [ -n "$_dataflow_rest" ]; do
        _dataflow_file=${{_dataflow_rest%%:*}}
        _dataflow_file=${{_dataflow_file:-.}}/$1
        _dataflow_rest=${{_dataflow_rest#*:}}
        if [ -f "$_dataflow_file" ]; then
            [ -n "$_dataflow_found" ] || _dataflow_found=$_dataflow_file
            if [ -x "$_dataflow_file" ]; then
                _dataflow_found=$_dataflow_file
                break
            fi
        fi
    done
    if [ ! -e "$_dataflow_found" ]; then
        printf "There is no command '%s' in %s.\\n" "$1" {named} >&2
        exit 127
    elif [ -d "$_dataflow_found" ] || [ ! -x "$_dataflow_found" ]; then
        printf '%s\\n' "$_dataflow_found is not an executable file." >&2
        exit 126
    fi
    exec "$@"
fi
exec "$_dataflow_prefix/bin/python" {options} "$@"
"""

_FALLBACK = """\
#!/bin/sh
# Starts the kernel that shows why another one can't start. Written anew at each start of a server.
if [ -x {python} ]; then
    exec {python} -m jupyter_dataflow_envs.kernels.fallback "$@"
fi
for _dataflow_word; do
    case $_dataflow_word in
    --reason=*) printf '%s\\n' "${{_dataflow_word#--reason=}}" >&2 ;;
    esac
done
exit 1
"""
