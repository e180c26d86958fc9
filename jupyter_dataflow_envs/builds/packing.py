"""The last part of a build where there is an image store: the prefix that was verified becomes an image."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ..engine.protocol import Message
from ..images import Stopped, StoreFailed, Unpackable, publish

STEP = "packing"
"""Among a build's steps; people see it as part of *verifying*."""


def with_image(
    result: Message, store_url: str, prefix: Path, *, say: Callable[[str], object], stop: Callable[[], bool]
) -> Message:
    """The engine's `result` with `image` (`digest`, `size`; None: can't be), packed and uploaded; or a `failure`.

    Called where the engine ran, and never by the engine itself: its process runs strangers' code, and this one has the
    store's credentials. A prefix that can't be packed stays without an image: machines install it from the lock.
    """
    began = time.monotonic()
    try:
        image = publish(store_url, prefix, prefix.name, stop=stop)
    except Unpackable as error:
        say(f"No image is made of this environment, as {error}: other machines will install it from its lock.")
        return {**result, "image": None}
    except Stopped:
        return {"type": "failure", "reason": "cancelled", "steps": result["steps"]}
    except StoreFailed as error:
        reason = f"the environment was built, but not stored for other machines: {error}"
        return {"type": "failure", "reason": reason, "steps": result["steps"]}
    took = time.monotonic() - began
    say(f"Packed {result['size'] / 1e6:.0f} MB into an image of {image.size / 1e6:.0f} MB in {took:.1f} s")
    return {**result, "image": asdict(image), "steps": [*result["steps"], {"name": STEP, "duration": took}]}
