"""What the system is about, in plain Python: no database, no network, no process."""
