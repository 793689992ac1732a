"""Tests of adding and changing subscribers."""
