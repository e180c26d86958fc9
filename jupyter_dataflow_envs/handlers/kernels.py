"""The route of the kernels that run in this Jupyter server."""

from __future__ import annotations

from dataclasses import asdict

from ..kernels.processes import KernelProcess
from .base import DataflowHandler, operation


class KernelsHandler(DataflowHandler):
    _track_activity = False

    @operation(
        "The environments' kernels that run in this Jupyter server, and the version of each.", answer="KernelList"
    )
    async def get(self) -> None:
        running = await self.call_reading(self.deployment.running.among, self.person, self._kernels())
        self.answer({"items": [asdict(k) for k in running]})

    def _kernels(self) -> list[KernelProcess]:
        """Those that are processes of this machine: what a gateway or a cluster runs has no number here."""
        found = []
        for kernel_id in self.kernel_manager.list_kernel_ids():
            kernel = self.kernel_manager.get_kernel(kernel_id)
            pid = getattr(getattr(kernel, "provisioner", None), "pid", None)
            if isinstance(pid, int):
                found.append(KernelProcess(kernel_id, kernel.kernel_name, pid))
        return found


ROUTES = [("/kernels", KernelsHandler)]
