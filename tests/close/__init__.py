"""The month close: its rules, on both databases."""
