"""The tests; laid out like the program, see CONTRIBUTING.md."""
