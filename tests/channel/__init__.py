"""A real conda channel and a simple index, made from this machine's Pythons and from wheels, for tests and the demo.

`cache.cached_channel` gives the channel's folder, `cache.cached_wheelhouse` the folder behind the index, and
`server.Server` serves either on loopback with faults at will. None of it needs pytest.
"""
