"""Local environments: personal to one notebook server, found on the machine or made here."""
