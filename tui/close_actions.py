"""The actions of the month close: preview, start, and a charge term by term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InputError, LeaseHeld
from engine.money import format_amount_human
from tui.actions import ActionCall, ActionRecord, Parameter, Question
from tui.closing import JOB, Preview, sum_words

if TYPE_CHECKING:
    from engine.database import Database
    from engine.period import Period
    from jobs.job import Values
    from tui.app import Console

MODE = frozenset({"month_close"})


def close_actions() -> list[ActionRecord]:
    """One record for each."""
    return [
        preview_action(),
        ActionRecord(
            "start-close",
            "Start the month close",
            "closes the oldest open period, as its preview said if there is one; the close goes on"
            " without the console",
            start_close,
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


def preview_action() -> ActionRecord:
    """The dry run of a close."""
    return ActionRecord(
        "preview",
        "Preview of the close",
        "a dry run of the next month close, beside the month before; changes nothing",
        _preview,
        (Parameter("period", "a period such as 2026-10", "period", check=_check_period),),
        role="operator",
        modes=MODE,
        headless="run month-close --dry-run",
    )


def _preview(call: ActionCall) -> None:
    from tui.screens.close_preview import ClosePreviewScreen

    call.app.closing.make_preview(call.values.get("period"))
    if not isinstance(call.app.console_screen, ClosePreviewScreen):
        call.app.push_screen(ClosePreviewScreen())


def start_close(call: ActionCall) -> None:
    """Asks for the close that the question offered."""
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
    """The question of `:start-close`: the period that is next, on whatever day."""
    return ask_to_close(database, call.app, {"late": True})


def ask_to_close(
    database: Database, console: Console, values: Values, by_preview: bool = True
) -> Question:
    """What is about to be closed, beside the month before; to be typed is the sum of the preview,
    without one the number of subscribers. Raises InputError or LeaseHeld when nothing can be. What
    the preview does not confirm (`by_preview` False) is held against no digest."""
    from engine.queries.close import left_to_close
    from engine.queries.periods import periods

    period = _due(database, console, values)
    _refuse_while_running(database)
    before = str(period.previous())
    last = next((line for line in periods(database, counted={str(period): {}})
                 if line.period == before), None)  # fmt: skip
    last_words = sum_words(last.charged.subscribers, last.charged.amount) if last else "none"
    preview = console.closing.preview if by_preview else None
    if preview is not None and not _is_about(preview, period, values):
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
            facts.append(("cannot be charged", f"{failed}; {_fate(values)}"))
        facts.append(("digest", f"{preview.digest[:16]}: another outcome is refused"))
    facts.append((f"charged in {before}", last_words))
    facts.append(("run by", who_runs(database)))
    digest = {"confirm": preview.digest} if preview else {}
    console.closing.offer = {**values, "period": str(period), **digest}
    return Question(f"Close {period}: charge the subscribers' accounts", tuple(facts), word)


def _is_about(preview: Preview, period: Period, values: Values) -> bool:
    return preview.period == str(period) and values.get("confirm", preview.digest) == preview.digest


def _fate(values: Values) -> str:
    if values.get("accept-failures"):
        return "charged 0.00, the period is closed all the same"
    return "the period stays open for them"


def who_runs(database: Database) -> str:
    """Who would do a run that is asked for now."""
    from engine.queries.daemons import any_daemon

    if any_daemon(database):
        return "the daemon"
    return "a process of its own: no daemon runs"


def _due(database: Database, console: Console, values: Values) -> Period:
    from engine.close.due import may_close, read_periods
    from jobs.month_close import CloseOptions

    config = console.config
    options = CloseOptions.of(values)
    period = may_close(
        read_periods(database),
        options.period,
        console.clock.now_ms(),
        options.late,
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
