"""Settings of the environment service; /etc/dataflow-envs/service.py, readable by its account alone (mode 0600).

The service is started by JupyterHub, as root, and builds under another account: `useradd --system dataflow-build`.
"""

import os

c = get_config()  # noqa: F821

# Everybody's servers start kernels from here: a local disk, or one that all machines share at this path.
c.DataflowEnvsService.root_dir = os.environ.get("DATAFLOW_ENVS_ROOT", "/srv/dataflow-envs")

# The database, which nobody but the service reaches. Without a password where PostgreSQL knows the account (peer).
c.DataflowEnvsService.database_url = os.environ.get("DATAFLOW_ENVS_DATABASE_URL", "postgresql:///dataflow_envs")

c.DataflowEnvsService.build_account = os.environ.get("DATAFLOW_ENVS_BUILD_ACCOUNT", "dataflow-build")

# Beside the hub's own administrators. The group has the scope by `administrator_groups` in dataflow_envs.py; the hub's
# service, if there is one, has none: it may read /metrics.
c.DataflowEnvsService.admins = ["group:environment-administrators", "(service prometheus)"]

c.DataflowEnvsService.channels = os.environ.get("DATAFLOW_ENVS_CHANNELS", "conda-forge").split()

# Builds on other machines: a Dask scheduler, whose workers run under the build account and share the disk. With TLS,
# as whoever reaches it can run anything there: DASK_DISTRIBUTED__COMM__TLS__… or Dask's own files name certificates.
c.DataflowEnvsService.dask_scheduler = os.environ.get("DATAFLOW_ENVS_DASK_SCHEDULER", "")

# Machines that do not share the disk fetch what was built from here: file://, s3://, gs://, …
c.DataflowEnvsService.image_store = os.environ.get("DATAFLOW_ENVS_IMAGE_STORE", "")
