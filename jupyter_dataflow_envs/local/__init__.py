"""Local environments: found on this machine, made and copied, as kernels, and read for Copy to Dataflow."""
