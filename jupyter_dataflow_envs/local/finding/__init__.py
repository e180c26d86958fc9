"""Finds people's environments and reads them from their folders; starts no program."""
