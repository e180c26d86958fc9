"""Environments for a JupyterHub whose people's servers are processes of its own machine.

With The Littlest JupyterHub put this file into /opt/tljh/config/jupyterhub_config.d/; anywhere else let
jupyterhub_config.py end with it (`load_subconfig`). docs/deploy/jupyterhub.md tells the rest.
"""

import os

from jupyter_dataflow_envs import hub

c = get_config()  # noqa: F821

hub.add_service(
    c,
    url=os.environ.get("DATAFLOW_ENVS_URL", "http://127.0.0.1:8998"),
    config_file=os.environ.get("DATAFLOW_ENVS_CONFIG", "/etc/dataflow-envs/service.py"),
    environment={name: value for name, value in os.environ.items() if name.startswith(("DATAFLOW_ENVS_", "DASK_"))},
    administrator_groups=["environment-administrators"],
)
