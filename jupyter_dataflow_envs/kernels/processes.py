"""Kernels as processes of this machine, and what they run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KernelProcess:
    """A kernel as the Jupyter server knows it."""

    kernel_id: str
    kernel_name: str
    pid: int


@dataclass(frozen=True, slots=True)
class RunningKernel:
    """A kernel of an environment, and the version that it was started from."""

    kernel_id: str
    kernel_name: str
    short_name: str
    version: int
    digest: str | None
