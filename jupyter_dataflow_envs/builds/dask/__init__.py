"""Builds on other machines: Dask gives the places, its workers run the engine, the service stays the only writer.

`runner` and `conversation` are the service's side, `cluster` its connection; `worker`, `execution` and `journal` run on
a worker; `exchange` is what they say to each other.
"""
