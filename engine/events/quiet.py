"""The quiet hours, in which no notice of a change that staff made is sent. Pure."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from engine.period import hour_and_date, wall_ms


def after_quiet(now_ms: int, zone: tzinfo, quiet_from: int, quiet_until: int) -> int:
    """`now_ms` itself, or the end of the quiet hours that it lies in.

    The hours run from `quiet_from` to before `quiet_until`, 0 to 23 of the clock in `zone`, over
    midnight when they must; two equal ones mean that there are none. Where the clock jumps over
    the end, they end with the jump. Where it shows the end twice, they end the first time.
    """
    at = now_ms
    # A second round only where the clock jumps over all that was not quiet.
    for _ in range(2):
        hour, day = hour_and_date(at, zone)
        if not _is_quiet(hour, quiet_from, quiet_until):
            break
        ends = day if hour < quiet_until else day + timedelta(days=1)
        at = max(at, wall_ms(ends, quiet_until, 0, zone))
    return at


def _is_quiet(hour: int, quiet_from: int, quiet_until: int) -> bool:
    if quiet_from <= quiet_until:
        return quiet_from <= hour < quiet_until
    return hour >= quiet_from or hour < quiet_until
