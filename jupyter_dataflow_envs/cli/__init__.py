"""The command line, `jupyter dataflow-envs`: what the client can do, for people and for scripts.

Its modules import only click when they are loaded; the rest comes with the command that needs it.
"""

from __future__ import annotations

from .program import main

__all__ = ["main"]
