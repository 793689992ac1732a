"""The month close: rating (pure), one chunk, the whole run, preview, explanation."""
