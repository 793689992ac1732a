"""A month close in words and as JSON: its report, and its dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.session import Session
from engine.money import format_amount

if TYPE_CHECKING:
    from engine.close.preview import Notable, PreviewReport
    from engine.close.run import PeriodSummary
    from jobs.month_close import CloseReport

STATUSES = ("charged", "exempt", "not_started", "failed")


def subscribers(count: int) -> str:
    """`1 subscriber`, `2 subscribers`."""
    return f"{count} subscriber{'' if count == 1 else 's'}"


def report_data(report: CloseReport) -> dict[str, Any]:
    """The report of a close as one JSON object."""
    return {
        "complete": report.complete,
        "late_usage_moved": report.late_usage,
        "periods": [
            {
                "period": one.period,
                "state": one.state,
                **{status: one.of(status).subscribers for status in STATUSES},
                "amount": format_amount(one.of("charged").amount),
                "blocked": one.of("charged").blocked,
                "already": one.tally.already,
                "seconds": round(one.seconds, 3),
            }
            for one in report.periods
        ],
    }


def report_lines(report: CloseReport, session: Session) -> list[str]:
    """The report of a close for people."""
    lines = []
    for one in report.periods:
        lines += _period_lines(one, session)
    if not report.periods:
        lines.append("Nothing left to do: no ended period is open.")
    if report.late_usage:
        moved = subscribers(report.late_usage)
        lines.append(f"Late usage of {moved} was moved to the open period.")
    if not report.complete:
        lines.append(
            "The period stays open. `billdeck export charges` names the reasons; mend them and run"
            " the close again, or use --accept-failures."
        )
    return lines


def _period_lines(one: PeriodSummary, session: Session) -> list[str]:
    charged = one.of("charged")
    done = one.tally.done - one.tally.already
    lines = [
        f"{one.period} {'closed' if one.state == 'complete' else 'not closed: failures remain'}.",
        f"  charged      {charged.subscribers}, {session.money(charged.amount)} in all",
        f"  exempt       {one.of('exempt').subscribers}",
        f"  not started  {one.of('not_started').subscribers}",
        f"  failed       {one.of('failed').subscribers}",
    ]
    if charged.blocked:
        lines.append(f"  to block     {charged.blocked} (over a limit that has no price)")
    if one.tally.already:
        lines.append(f"  already closed by an earlier run: {one.tally.already}")
    rate = done / max(one.seconds, 0.001)
    lines.append(f"  {subscribers(done)} in {one.seconds:.1f} s, {rate:.0f}/s")
    return lines


def preview_data(report: PreviewReport | None) -> dict[str, Any]:
    """A dry run as one JSON object; None: nothing left to do."""
    if report is None:
        return {"period": None}
    return {
        "period": report.period,
        "digest": report.digest,
        **{status: report.count(status) for status in STATUSES},
        "amount": format_amount(report.amount),
        "blocked": report.blocked,
        "plans": [
            {
                "plan": one.plan,
                "status": one.status,
                "subscribers": one.subscribers,
                "amount": format_amount(one.amount),
            }
            for one in report.sums
        ],
        "largest": [_notable_data(one) for one in report.largest],
        "changes": [_notable_data(one) for one in report.changes],
    }


def _notable_data(one: Notable) -> dict[str, Any]:
    before = None if one.before is None else format_amount(one.before)
    return {"login": one.login, "amount": format_amount(one.amount), "before": before}


def preview_lines(report: PreviewReport | None, session: Session) -> list[str]:
    """A dry run for people; None: nothing left to do."""
    if report is None:
        return ["Nothing left to do: no ended period is open."]
    table = session.out.table
    lines = [f"Dry run of {report.period}; nothing was changed.", ""]
    lines += table(
        ["plan", "status", ">subscribers", ">sum"],
        [
            [one.plan or "(none)", one.status, str(one.subscribers), session.money(one.amount)]
            for one in report.sums
        ],
    )
    total = sum(one.subscribers for one in report.sums)
    lines += ["", f"{subscribers(total)}, {session.money(report.amount)} in all."]
    lines.append(f"To block: {report.blocked}. Failed: {report.count('failed')}.")
    for title, notables in (
        ("Largest charges", report.largest),
        ("Largest changes against the month before", report.changes),
    ):
        if notables:
            lines += ["", f"{title}:"]
            lines += table(
                ["login", ">charge", ">month before"],
                [
                    [
                        one.login,
                        session.money(one.amount),
                        "" if one.before is None else session.money(one.before),
                    ]
                    for one in notables
                ],
            )
    lines += ["", f"Digest: {report.digest}"]
    return lines
