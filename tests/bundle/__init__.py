"""Import of bundles and export."""
