"""Copying over the terminal (OSC 52), which takes only so much; more goes to a file."""

from __future__ import annotations

import base64

# Terminals drop a longer sequence, some without a word: xterm and tmux at about 75 000 bytes.
MAX_ENCODED_BYTES = 74_000


def fits(text: str) -> bool:
    """Whether the terminal will take the text as one sequence."""
    return len(base64.b64encode(text.encode("utf-8"))) <= MAX_ENCODED_BYTES
