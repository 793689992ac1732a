"""What persons do about actions and channels: the same as `billdeck action` and `channel` do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import InputError
from tui.actions import ActionCall, ActionRecord, Danger, Parameter, Question
from tui.bulk import Done, Work
from tui.hidden import hidden_words
from tui.widgets.cells import grouped

if TYPE_CHECKING:
    from collections import Counter

    from engine.config import Role
    from engine.database import Database
    from engine.events.by_hand import Answer, Hand
    from engine.events.channel_hand import ChannelChange

ROW_KIND = "action"
_MODES = frozenset({"events"})
# So long a change waits for a database that went away under it: a person sits before it.
_PATIENCE_SECONDS = 5.0
_NUMBER = re.compile("[1-9][0-9]{0,17}")
_AT_ONCE = 200
_JOB = "event-delivery"
_NOTICES = ("notice", "receipt_link")
# What failed for the same reason is one line of the preview; of many kinds the most frequent.
_GROUPS = 8
_REASON = Parameter("reason", "why, for those who ask later", "rest")


def event_actions() -> list[ActionRecord]:
    """What shows something, what is done with actions, what is done with channels."""
    number = Parameter("number", "the number of an action", "number", required=True, check=_number)
    channel = Parameter("channel", "the name of a channel", required=True)
    reason = Parameter("reason", "why, in quotation marks", required=True)
    return [
        ActionRecord(
            "action", "An action", "its event, all that followed, attempts and replies", _card,
            (number,), headless="action show NUMBER",
        ),
        ActionRecord(
            "channels", "Channels", "which providers and NAS are paused, and why", _channels,
            headless="channel list",
        ),
        _of_rows(
            "retry", "Try again", "lets actions be tried again now, with their attempts kept",
        ),
        _of_rows(
            "cancel", "Call an action off", "nothing of it is carried out any more", (_REASON,)
        ),
        _of_rows(
            "mark-done", "Mark as done", "for what was seen to otherwise; asks for the reason",
            (_REASON,), "admin",
        ),
        _of_rows(
            "resend", "Send notices again",
            "failed notices once more, as new actions, to the subscriber's number of now",
            (), "admin",
        ),
        ActionRecord(
            "deliver", "Deliver now", "asks for a run that delivers what is due", _deliver,
            danger=1, role="operator", question=_ask_delivery, modes=_MODES,
            headless=f"run {_JOB}",
        ),
        _of_channel("pause", "Pause a channel", "hands nothing more out, until it is lifted",
                    (channel, reason)),
        _of_channel("lift", "Lift a pause", "what waits for the channel goes on", (channel,)),
    ]  # fmt: skip


def _of_rows(
    name: str,
    title: str,
    help: str,
    values: tuple[Parameter, ...] = (),
    role: Role = "operator",
) -> ActionRecord:
    return ActionRecord(
        f"action {name}",
        title,
        help,
        _begin,
        values,
        danger=1,
        role=role,
        question=_ask_resend if name == "resend" else _ask,
        modes=_MODES,
        headless=f"action {name} ID" + (" --reason TEXT" if values else ""),
        needs_rows=True,
        row_kind=ROW_KIND,
    )


def _of_channel(
    name: str, title: str, help: str, values: tuple[Parameter, ...]
) -> ActionRecord:  # fmt: skip
    return ActionRecord(
        f"channel {name}",
        title,
        help,
        _change_channel,
        values,
        danger=1,
        role="admin",
        question=partial(_ask_channel, name),
        headless=f"channel {name} NAME",
        on_row=True,
    )


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InputError("the number of an action is a whole number, as the Events view (6) shows.")
    return int(text)


def _card(call: ActionCall) -> None:
    from tui.screens.event_card import EventCardScreen

    card = EventCardScreen(_number(call.values["number"]))
    call.app.show_mode("events")
    call.app.call_after_refresh(call.app.push_screen, card)


def _channels(call: ActionCall) -> None:
    from tui.screens.channels import ChannelsScreen

    call.app.show_mode("events")
    call.app.call_after_refresh(call.app.push_screen, ChannelsScreen())


# What is told before it is asked


def _ask(database: Database, call: ActionCall) -> Question:
    """How many will be changed, how many are left as they are, what may happen twice."""
    from engine.events import by_hand
    from engine.queries.event_counts import counts_of

    name, ids = _verb(call), by_hand.chosen([int(one) for one in call.targets])
    allowed = {
        "retry": by_hand.RETRIED, "cancel": by_hand.CANCELLED, "mark-done": by_hand.MARKED,
    }[name]  # fmt: skip
    reason = call.values.get("reason", "")
    if name == "mark-done":
        reason = by_hand.require_words(reason, "a reason")
    counts = counts_of(database, ids)
    changed = {what: count for what, count in counts.items() if what[1] in allowed}
    if not changed:
        raise InputError(
            f"{call.action.title}: nothing to do, for of these there are"
            f" {_counted(counts) or 'none'}. Nothing was changed."
        )
    left = {what: count for what, count in counts.items() if what[1] not in allowed}
    facts = [
        ("actions", _counted(changed)),
        ("left as they are", _counted(left) or "none"),
        ("of them hidden", hidden_words(database, call)),
        *([("reason", reason)] if reason else []),
        *_doubt(name, sum(count for (_, state), count in changed.items() if state == "unknown")),
        *([("money", "a bonus marked as done is not credited by us")]
          if name == "mark-done" and any("bonus" in kind for kind, _ in changed) else []),
    ]  # fmt: skip
    return _question(call, facts, len(ids))


def _question(call: ActionCall, facts: Sequence[tuple[str, str]], count: int) -> Question:
    """One is answered by yes or no, for many their number is typed."""
    danger: Danger = 1 if count == 1 else 3
    return Question(call.action.title, tuple(facts), str(count), danger)


def _doubt(name: str, unknown: int) -> list[tuple[str, str]]:
    if not unknown:
        return []
    words = {
        "retry": "may have been carried out: a message may come twice",
        "cancel": "may have been carried out already",
        "mark-done": "are taken for done from now on",
    }
    return [("in doubt", f"{grouped(unknown)} {words[name]}")]


def _counted(counts: Counter[tuple[str, str]] | dict[tuple[str, str], int]) -> str:
    """`2 dead notices, 1 waiting receipt`, the most first."""
    parts = []
    for (kind, state), count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        words = kind.replace("_", " ")
        plural = "" if count == 1 else "es" if words.endswith("s") else "s"
        parts.append(f"{grouped(count)} {state} {words}{plural}")
    return ", ".join(parts)


def _ask_resend(database: Database, call: ActionCall) -> Question:
    """The preview: what failed where and why, and who it is about."""
    from engine.events.by_hand import chosen
    from engine.events.resend import RESENT, failed_of
    from engine.queries.event_counts import counts_of

    ids = chosen([int(one) for one in call.targets])
    counts = counts_of(database, ids)
    count = sum(number for (kind, state), number in counts.items()
                if kind in _NOTICES and state in RESENT)  # fmt: skip
    if not count:
        raise InputError(
            f"{call.action.title}: none of these is a notice that failed, for there are"
            f" {_counted(counts) or 'none'}. Nothing was sent."
        )
    found = failed_of(database, ids)
    more = ", ..." if len(found.ids) > len(found.logins) else ""
    facts = [
        *((f"{one.state} on {one.channel}", f"{grouped(one.count)}  {one.reason}".strip())
          for one in found.groups[:_GROUPS]),
        ("of", ", ".join(found.logins) + more),
        ("notices", grouped(count)),
        ("left as they are", grouped(len(ids) - count)),
        ("of them hidden", hidden_words(database, call)),
        *([("in doubt", "what is unknown may come twice")]
          if any(one.state == "unknown" for one in found.groups) else []),
    ]  # fmt: skip
    return Question(call.action.title, tuple(facts), str(count), 3)


def _ask_channel(name: str, database: Database, call: ActionCall) -> Question:
    from engine.events.by_hand import require_words
    from engine.queries.actions import channels
    from tui.channel_words import pause_words

    wanted = call.values["channel"]
    rows = {one.channel.name: one for one in channels(database)}
    found = rows.get(wanted)
    if found is None:
        raise InputError(f"there is no such channel: {', '.join(rows) or 'none was used yet'}.")
    if name == "pause":
        now = ("reason", require_words(call.values["reason"], "a reason"))
    elif found.channel.paused_at is None:
        raise InputError(f"{wanted} is not paused. Nothing was changed.")
    else:
        now = ("now", pause_words(found.channel, call.app.zone))
    waiting = found.waiting + found.retrying
    facts = (("channel", wanted), ("actions that wait", grouped(waiting)), now)
    return Question(call.action.title, facts)


def _ask_delivery(database: Database, call: ActionCall) -> Question:
    from engine.queries.actions import channels
    from engine.queries.event_counts import is_paused
    from tui.close_actions import who_runs

    mode, now_ms = call.app.config.events.mode, call.app.clock.now_ms()
    if mode != "on":
        raise InputError(f"nothing is delivered: mode = {mode} in [events]. Nothing was asked for.")
    rows = channels(database)
    paused = [one.channel.name for one in rows if is_paused(one.channel, now_ms)]
    facts = (
        ("job", _JOB),
        ("actions that wait", grouped(sum(one.waiting + one.retrying for one in rows))),
        ("paused channels", ", ".join(paused) or "none"),
        ("run by", who_runs(database)),
    )
    return Question(call.action.title, facts)


# What is done


def _verb(call: ActionCall) -> str:
    return call.action.name.partition(" ")[2]


def _hand(call: ActionCall) -> Hand:
    from engine.events.by_hand import Hand

    return Hand(call.app.actor, call.app.clock.now_ms(), _PATIENCE_SECONDS)


def _deliver(call: ActionCall) -> None:
    from jobs.registry import job_named

    call.app.starting.ask(job_named(_JOB), {})


def _begin(call: ActionCall) -> None:
    """Changes the rows, a piece at a time, so that the console goes on answering."""
    call.app.bulk.start(call, Work(partial(_unit, call, _hand(call)), _AT_ONCE, "Action"))


def _unit(call: ActionCall, hand: Hand, database: Database, ids: Sequence[int]) -> Done:
    answer = _change(call, hand, database, ids)
    return Done(
        answer.changed, refused=tuple((str(one.action), one.reason) for one in answer.refused)
    )


def _change(call: ActionCall, hand: Hand, database: Database, ids: Sequence[int]) -> Answer:
    from engine.events import by_hand
    from engine.events.plan import Moment
    from engine.events.resend import resend
    from engine.events.setup import rules_of

    config, name = call.app.config, _verb(call)
    reason = call.values.get("reason", "")
    if name == "retry":
        return by_hand.retry(database, rules_of(config), ids, hand, confirmed=True)
    if name == "cancel":
        return by_hand.cancel(database, ids, reason, hand)
    if name == "mark-done":
        return by_hand.mark_done(database, ids, reason, hand)
    moment = Moment(hand.now_ms, config.billing.timezone, config.billing.currency)
    return resend(database, rules_of(config), moment, ids, hand, confirmed=True)


def _change_channel(call: ActionCall) -> None:
    app, hand = call.app, _hand(call)
    name, verb = call.values["channel"], _verb(call)

    def work(database: Database) -> ChannelChange:
        from engine.events import channel_hand

        if verb == "pause":
            return channel_hand.pause(database, name, call.values["reason"], hand)
        return channel_hand.lift(database, name, hand)

    def then(change: ChannelChange) -> None:
        words = "is paused until it is lifted" if verb == "pause" else "is not paused any more"
        app.tell(f"{change.after.name} {words}.")
        if app.console_screen is not None:
            app.console_screen.refresh_data()

    app.desk.change(work, then)
