"""Import of usage records."""
