"""Answers of all kinds, for properties of those who read them."""

from __future__ import annotations

import json
from typing import get_args

from hypothesis import strategies as st

from engine.events.outcome import MOST_EXCERPT, Outcome, Verdict
from engine.integrations.wire import Answer

_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just("1.68")


def answers(*names: str) -> st.SearchStrategy[Answer]:
    """Any answer, often JSON that has some of these names at some place."""
    keys = st.sampled_from(names) | st.text(max_size=5)
    values = st.recursive(
        _LEAVES | st.sampled_from(names),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=8,
    )
    bodies = st.binary(max_size=50) | values.map(lambda value: json.dumps(value).encode())
    return st.builds(
        Answer,
        st.sampled_from([200, 200, 200, 201, 302, 400, 401, 409, 422, 429, 500, 503])
        | st.integers(100, 599),
        bodies,
        retry_after=st.sampled_from(["", "5", "soon"]),
    )


def is_sound(outcome: Outcome) -> bool:
    """Whether an outcome is one that may be stored."""
    return (
        outcome.verdict in get_args(Verdict)
        and len(outcome.excerpt) <= MOST_EXCERPT
        and len(outcome.remote_id) <= 64
        and bool(outcome.detail)
    )
