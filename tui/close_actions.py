"""The actions of the month close: preview, start, and a charge term by term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InputError, LeaseHeld
from engine.money import format_amount_human
from tui.actions import ActionCall, ActionRecord, Parameter, Question
from tui.closing import JOB, Offer, sum_words

if TYPE_CHECKING:
    from engine.database import Database
    from engine.period import Period
    from tui.app import Console

MODE = frozenset({"month_close"})


def close_actions() -> list[ActionRecord]:
    """One record for each."""
    return [
        ActionRecord(
            "preview",
            "Preview of the close",
            "a dry run of the next month close, beside the month before; changes nothing",
            _preview,
            role="operator",
            modes=MODE,
            headless="run month-close --dry-run",
        ),
        ActionRecord(
            "start-close",
            "Start the month close",
            "closes the oldest open period, as its preview said if there is one; the close goes on"
            " without the console",
            _start,
            danger=3,
            role="admin",
            question=ask_to_start,
            modes=MODE,
            headless="run month-close --period P --late --confirm DIGEST",
        ),
        ActionRecord(
            "charge",
            "A charge, term by term",
            "how a subscriber's charge came about; without --period in the newest close",
            _charge,
            (
                Parameter("login", "a login", required=True),
                Parameter("period", "a period such as 2026-10", "period", check=_check_period),
            ),
            headless="explain LOGIN --period P",
        ),
    ]


def _preview(call: ActionCall) -> None:
    from tui.screens.close_preview import ClosePreviewScreen

    call.app.closing.make_preview()
    if not isinstance(call.app.console_screen, ClosePreviewScreen):
        call.app.push_screen(ClosePreviewScreen())


def _start(call: ActionCall) -> None:
    from tui.screens.close_preview import ClosePreviewScreen

    call.app.closing.start()
    # The preview is spent; what happens now is shown below it.
    if isinstance(call.app.console_screen, ClosePreviewScreen):
        call.app.leave_screen()


def _charge(call: ActionCall) -> None:
    show_charge(call.app, call.values["login"], call.values.get("period"))


def show_charge(console: Console, login: str, period: str | None) -> None:
    """Opens a subscriber's charge term by term; `period` None: the newest that is closed or being
    closed."""
    from engine.close.explain import Explanation, explain
    from engine.period import Period
    from engine.queries.subscribers import last_closed
    from tui.screens.charge_terms import ChargeTerms

    def work(database: Database) -> Explanation:
        wanted = period or last_closed(database)
        if wanted is None:
            raise InputError("no period has been closed yet, so there is no charge.")
        return explain(database, login, Period.parse(wanted), console.zone)

    def have(found: Explanation) -> None:
        console.push_screen(ChargeTerms(found, console.config.billing.currency))

    console.desk.read(work, have)


def _check_period(text: str) -> object:
    from engine.period import Period

    return Period.parse(text)


def ask_to_start(database: Database, call: ActionCall) -> Question:
    """What is about to be closed, beside the month before; to be typed is the sum of the preview,
    without one the number of subscribers. Raises InputError or LeaseHeld when nothing can be."""
    from engine.queries.close import left_to_close
    from engine.queries.periods import periods

    console = call.app
    period = _due(database, call)
    _refuse_while_running(database)
    before = str(period.previous())
    last = next((line for line in periods(database, counted={str(period): {}})
                 if line.period == before), None)  # fmt: skip
    last_words = sum_words(last.charged.subscribers, last.charged.amount) if last else "none"
    preview = console.closing.preview
    if preview is not None and preview.period != str(period):
        preview = None
    left = left_to_close(database, period)
    facts = [("period", str(period))]
    if preview is None:
        word = str(left)
        facts += [
            ("subscribers to close", word),
            ("charges", "not known yet; :preview tells"),
        ]
    else:
        word = format_amount_human(preview.amount)
        facts.append(("charged in all", sum_words(preview.count("charged"), preview.amount)))
        facts.append(("not closed yet", f"{left} of {sum(one[2] for one in preview.sums)}"))
        failed = preview.count("failed")
        if failed:
            facts.append(("cannot be charged", f"{failed}; the period stays open for them"))
        facts.append(("digest", f"{preview.digest[:16]}: another outcome is refused"))
    facts.append((f"charged in {before}", last_words))
    console.closing.offer = Offer(str(period), preview.digest if preview else None)
    return Question(f"Close {period}: charge the subscribers' accounts", tuple(facts), word)


def _due(database: Database, call: ActionCall) -> Period:
    from engine.close.due import may_close, read_periods

    console = call.app
    config = console.config
    period = may_close(
        read_periods(database),
        None,
        console.clock.now_ms(),
        True,
        config.billing,
        config.month_close.settle_minutes,
    )
    if period is None:
        raise InputError("there is nothing to close: no ended period is open.")
    return period


def _refuse_while_running(database: Database) -> None:
    """Says at once what the lease would say to a second close; it is the lease that decides."""
    from engine.holder import is_gone
    from engine.queries.runs import leases

    for lease in leases(database):
        if lease.name == JOB and not is_gone(lease.holder):
            host, pid = [*lease.holder.split(" "), "?"][:2]
            raise LeaseHeld(
                f"{JOB} is being run by process {pid} on {host}; it is shown here. Nothing was"
                " changed."
            )
