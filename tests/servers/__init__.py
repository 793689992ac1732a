"""Real servers, and their stand-ins, that tests start and stop themselves."""
