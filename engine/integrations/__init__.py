"""Talking to other systems: wire formats and connections, nothing of the domain."""
