"""The kernel that is started in place of one that can't be: it says why, in the notebook, for each cell.

`python -m jupyter_dataflow_envs.kernels.fallback --environment=NAME --reason=SENTENCE -f CONNECTION_FILE`, run by the
interpreter of the server. It speaks the whole protocol through ipykernel, so that Jupyter sees a healthy kernel.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipykernel.kernelbase import Kernel

ENAME = "EnvironmentUnavailable"


def advice(environment: str) -> str:
    """What a person can do about it."""
    return (
        f"Open the Environments panel to build or activate '{environment}' again, then restart this kernel; "
        "or choose another kernel for this notebook."
    )


def kernel_class(environment: str, reason: str) -> type[Kernel]:
    """A kernel that answers every execution with `reason` (one sentence) and what to do."""
    from ipykernel.kernelbase import Kernel

    text = f"{reason}\n{advice(environment)}\n"

    class ReasonKernel(Kernel):
        implementation = "dataflow-envs-fallback"
        implementation_version = "1.0"
        banner = text
        # Python's: Jupyter writes it into the notebook, which is to stay a Python notebook.
        language_info = {  # noqa: RUF012 (a trait of the base class)
            "name": "python",
            "mimetype": "text/x-python",
            "file_extension": ".py",
            "pygments_lexer": "ipython3",
        }

        said = False

        async def kernel_info_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
            await super().kernel_info_request(stream, ident, parent)  # type: ignore[no-untyped-call]
            if not self.said:
                self.said = True
                self._publish("stream", {"name": "stderr", "text": text})

        async def do_execute(self, code: str, silent: bool, *others: Any, **more: Any) -> dict[str, Any]:
            error = {"ename": ENAME, "evalue": reason, "traceback": [f"{ENAME}: {reason}", advice(environment)]}
            if not silent:
                self._publish("error", error)
            return {"status": "error", "execution_count": self.execution_count, **error}

        async def do_debug_request(self, msg: dict[str, Any]) -> dict[str, Any]:
            # The kernelspec promises a debugger: Lab asks, and waits for an answer.
            answer = {"type": "response", "request_seq": msg.get("seq"), "command": msg.get("command")}
            return {**answer, "success": False, "message": reason, "body": {"isStarted": False, "breakpoints": []}}

        def _publish(self, kind: str, content: dict[str, Any]) -> None:
            self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call]

    return ReasonKernel


def main() -> None:
    """Run until Jupyter shuts the kernel down."""
    # As `python -m ipykernel_launcher` does: files beside the notebook must not replace modules of the kernel.
    if sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]
    parser = argparse.ArgumentParser(description="Shows in a notebook why its environment can't start.")
    parser.add_argument("--environment", required=True, help="short name")
    parser.add_argument("--reason", required=True, help="one sentence")
    known, rest = parser.parse_known_args()

    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(argv=rest, kernel_class=kernel_class(known.environment, known.reason))


if __name__ == "__main__":
    main()
