"""The queue at work: one coordinator a deployment, one engine child a build, one log an attempt."""
