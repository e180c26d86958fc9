"""The main job on real input: what `make demo` and `make lab` run."""
