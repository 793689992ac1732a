"""Jobs for tests, found like those of `jobs.all` where a test adds this folder to its path."""
