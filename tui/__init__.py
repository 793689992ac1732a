"""The console: a Textual program that reads through `engine.queries` and only draws and asks.

This module imports nothing, so that `import tui` costs nothing; `tui.run.run` opens the console.
"""
