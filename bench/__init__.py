"""Benchmarks: one script a figure, each a ratio against a limit measured in the same run."""
