"""The progress of the demonstration's close: a bar at a terminal, plain lines elsewhere."""

from __future__ import annotations

import io

from cli.output import Output
from cli.run_progress import RunProgress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, as_json: bool = False) -> str:
    with RunProgress(Output(as_json=as_json, stderr=stream), "Closing 2026-10") as progress:
        for done in (10, 20, 55, 60, 100):
            progress.step(done, 100)
    return stream.getvalue()


def test_plain_lines_come_once_a_quarter() -> None:
    assert shown(io.StringIO()).splitlines() == [
        "Closing 2026-10",
        "  55 of 100",
        "  100 of 100",
    ]


def test_a_terminal_gets_a_bar_with_the_count() -> None:
    text = shown(_Terminal())
    assert "Closing 2026-10" in text
    assert "100/100" in text


def test_json_output_gets_no_bar_even_at_a_terminal() -> None:
    assert "\x1b" not in shown(_Terminal(), as_json=True)


def test_before_the_first_step_nothing_is_shown() -> None:
    for stream in (io.StringIO(), _Terminal()):
        with RunProgress(Output(stderr=stream), "Closing 2026-10"):
            pass
        assert stream.getvalue() == ""


def test_nothing_to_close_is_no_error() -> None:
    stream = io.StringIO()
    with RunProgress(Output(stderr=stream), "Closing 2026-10") as progress:
        progress.step(0, 0)
    assert "0 of 0" in stream.getvalue()
