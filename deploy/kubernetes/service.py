"""Settings of the environment service on Kubernetes. kustomization.yaml makes it a ConfigMap; secrets are variables.

docs/deploy/kubernetes.md tells the rest. What differs from cluster to cluster stands in kustomization.yaml.
"""

import os

c = get_config()  # noqa: F821

# The same in the service, the workers and people's pods, as paths of prefixes are written into their files. A folder
# below the mounted one, as the service sets the mode of its own.
c.DataflowEnvsService.root_dir = os.environ["DATAFLOW_ENVS_ROOT"]

# Builds run on Dask's workers alone, which have neither the database's password nor the hub's token.
c.DataflowEnvsService.dask_scheduler = os.environ["DATAFLOW_ENVS_DASK_SCHEDULER"]

# From here people's pods get what was built: through the service, or by a signed URL. Empty where all share a disk.
c.DataflowEnvsService.image_store = os.environ["DATAFLOW_ENVS_IMAGE_STORE"]

c.DataflowEnvsService.channels = os.environ["DATAFLOW_ENVS_CHANNELS"].split()

# Beside the hub's own administrators. The group has the scope by `administrator_groups` in values.yaml; the hub's
# service, if there is one, has none: it may read /metrics.
c.DataflowEnvsService.admins = ["group:environment-administrators", "(service prometheus)"]

# Strangers' code: neither in previews, which run in the service's pod, nor in builds.
c.DataflowEnvsService.allow_source_builds = False
c.DataflowEnvsService.run_link_scripts = False

# What people's pods have, if the workers have not: {"__cuda": "12.4"}.
c.DataflowEnvsService.virtual_packages = {}

c.DataflowEnvsService.json_log = True
