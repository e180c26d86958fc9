"""uv: where it is, what it runs with, and what it says when it fails."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ..domain.errors import EngineError
from .credentials import mask, strip
from .faults import explain_text
from .processes import clean_environment
from .protocol import Job

NO_SOURCES = "this deployment builds no source distributions"
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|dns error|client error|tls|certificate|timed out|status client error"
    r"|status server error|Connection",
    re.IGNORECASE,
)


def uv_binary() -> str:
    beside = Path(sys.executable).with_name("uv")
    if beside.exists():
        return str(beside)
    import uv

    return str(uv.find_uv_bin())


def uv_environment(job: Job) -> dict[str, str]:
    """For uv: the deployment's cache and indexes. URLs travel here, since command lines can be read by everyone."""
    environment = clean_environment(
        UV_CACHE_DIR=job.caches.uv,
        UV_NO_PROGRESS="1",
        UV_PYTHON_DOWNLOADS="never",
        UV_LINK_MODE="copy" if job.writable else "hardlink",
        NO_COLOR="1",
    )
    sources = job.sources
    if sources.pip_index_url:
        environment.pop("UV_INDEX_URL", None)
        environment["UV_DEFAULT_INDEX"] = sources.pip_index_url
    if sources.pip_extra_index_urls:
        environment.pop("UV_EXTRA_INDEX_URL", None)
        environment["UV_INDEX"] = " ".join(sources.pip_extra_index_urls)
    return environment


def uv_fault(text: str, indexes: Sequence[str], *places: Path) -> EngineError:
    """What uv said, as a sentence and the lines that matter."""
    known = explain_text(text, *places)
    if known is not None:
        return known
    lines = [line for line in mask(text).splitlines() if line.strip() and not line.startswith("Using Python")]
    details = "\n".join(lines)
    said = re.sub(r"\s+", " ", details)
    if match := re.search(r"Hash mismatch for `([^`]+)`", said):
        package = match[1].replace("==", " ")
        return EngineError(f"pip package {package} has a wrong hash: its file on the index was changed or cut", details)
    if names := re.findall(r"Because (\S+) was not found in the (?:package registry|provided package locations)", said):
        return EngineError(f"no pip package called '{names[0]}' on the index", details)
    if "no usable wheels" in said:
        name = re.search(r"(?:all versions of )?(\S+) ha(?:s|ve) no usable wheels", said)
        what = name[1].split("=")[0] if name else "a pip library"
        return EngineError(f"{what} has no wheel for this Python, and {NO_SOURCES}", details)
    if match := re.search(r"Failed to build `?([^`\s]+)`?", said):
        return EngineError(f"the source distribution of {match[1].replace('==', ' ')} can't be built", details)
    if match := re.search(r"there (?:is|are) no versions? of (\S+)", said):
        return EngineError(f"no version of {match[1].rstrip(',')} on the index fits the pip requirements", details)
    if "No solution found" in said:
        return EngineError("the pip libraries do not fit together with what conda installed", reasons(details))
    if _UNREACHABLE.search(said):
        index = mask(indexes[0]) if indexes else "the default index"
        if match := re.search(r"(\w+://[^\s)]+)", said):
            host = match[1].split("/simple/")[0]
            index = next((mask(i) for i in indexes if strip(i).startswith(strip(host))), host)
        why = [line.strip().removeprefix("cause: ") for line in lines if "cause:" in line]
        return EngineError(f"package index {index} can't be reached: {why[-1] if why else lines[0]}", details)
    return EngineError("uv can't install the pip libraries", details)


def reasons(details: str) -> str:
    """uv's chain of reasons, a sentence a line."""
    text = re.sub(r"\s+", " ", details.split("cause:", 1)[-1].split("hint:")[0]).strip()
    sentences = re.sub(r"(?<=\.) (?=And |Because )", "\n", text)
    return f"{sentences}\n(versions with == that you did not ask for are installed already)"
