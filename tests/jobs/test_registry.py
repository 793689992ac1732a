"""The jobs that there are, and what a run may be given."""

from __future__ import annotations

from pathlib import Path

import pytest

import jobs.all
from engine.errors import ConfigError, InputError
from engine.slots import parse_schedule
from jobs.registry import all_jobs, checked, function_of, job_named, read_config, schedules

ONE_FILE = """
from jobs.job import Job, Outcome
JOB = Job(name="tea-break", title="Tea", help="makes tea", schedule="daily 16:00")
def run(context):
    return Outcome("tea")
"""


def test_every_job_is_whole() -> None:
    for name, job in all_jobs().items():
        assert name == job.name
        assert callable(function_of(job))
        assert job.title
        assert not job.help.endswith(".")
        assert len(name) <= 40


def test_the_docs_list_every_job() -> None:
    page = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text(encoding="utf-8")
    for job in all_jobs().values():
        if (Path(jobs.all.__file__).parent / f"{job.name.replace('-', '_')}.py").exists():
            assert f"| `{job.name}` | {job.help} | {parse_schedule(job.schedule)} |" in page


def test_adding_a_job_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tea_break.py").write_text(ONE_FILE)
    monkeypatch.setattr(jobs.all, "__path__", [*jobs.all.__path__, str(tmp_path)])
    all_jobs.cache_clear()
    nowhere = {"system_file": tmp_path / "none", "environ": {"HOME": str(tmp_path)}}
    assert job_named("tea-break").title == "Tea"
    assert str(read_config(**nowhere).schedule["tea-break"]) == "daily 16:00"
    file = tmp_path / "config.ini"
    file.write_text("[schedule]\ntea-break = every hour\n")
    assert str(read_config(file, **nowhere).schedule["tea-break"]) == "every hour"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("month-closs = daily 06:00", r"line 2: \[schedule\] has no setting month-closs"),
        ("month-close = daily 25:00", r"line 2: \[schedule\] month-close = daily 25:00 is wrong"),
        ("month-close =", r"line 2: \[schedule\] month-close =  is wrong"),
    ],
)
def test_a_wrong_schedule_is_refused(tmp_path: Path, line: str, what: str) -> None:
    file = tmp_path / "config.ini"
    file.write_text(f"[schedule]\n{line}\n")
    with pytest.raises(ConfigError, match=what):
        read_config(file, system_file=tmp_path / "none", environ={"HOME": str(tmp_path)})


def test_what_is_not_set_up_is_never_due(tmp_path: Path) -> None:
    nowhere = {"system_file": tmp_path / "none", "environ": {"HOME": str(tmp_path)}}
    assert str(schedules(read_config(**nowhere))["balance-import"]) == "off"
    file = tmp_path / "config.ini"
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("x")
    mailbox = f"host = mail.example\nuser = a\npassword_file = {password}"
    file.write_text(f"[balance-import]\n{mailbox}\n")
    given = read_config(file, **nowhere)
    assert str(schedules(given)["balance-import"]) == "every minute"
    assert schedules(given)["month-close"] == given.schedule["month-close"]


def test_what_a_run_may_be_given() -> None:
    close = job_named("month-close")
    given = {"period": "2026-10", "late": True, "confirm": None, "accept-failures": False}
    assert checked(close, given) == {"period": "2026-10", "late": True}
    for wrong, words in (
        ({"color": "red"}, "no parameter 'color'"),
        ({"period": "October"}, "is not a period"),
        ({"confirm": "a\x1bb"}, "cannot be kept"),
        ({"confirm": "x" * 3_000}, "too long"),
    ):
        with pytest.raises(InputError, match=words):
            checked(close, wrong)


def test_an_unknown_job() -> None:
    with pytest.raises(InputError, match="there is no job 'nonsense'"):
        job_named("nonsense")
