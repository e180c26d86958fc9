"""jupyter-scheduler with environments: its list shows those of the person who asks, and jobs run in them.

Two lines of a Jupyter configuration file, which need the extra `scheduler`:

    c.SchedulerApp.environment_manager_class = "jupyter_dataflow_envs.scheduler.DataflowEnvironmentManager"
    c.Scheduler.execution_manager_class = "jupyter_dataflow_envs.scheduler.DataflowExecutionManager"
"""

from __future__ import annotations

from .environments import DataflowEnvironmentManager
from .jobs import ArchivingDataflowExecutionManager, DataflowExecutionManager

__all__ = ["ArchivingDataflowExecutionManager", "DataflowEnvironmentManager", "DataflowExecutionManager"]
