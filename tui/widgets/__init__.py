"""The console's own widgets, drawn line by line where there are many lines."""
