"""Builds one prefix, in a process of its own: `python -m jupyter_dataflow_envs.engine`."""
