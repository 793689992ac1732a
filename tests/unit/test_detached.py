"""What a process that is started by another is given."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import Config, Secret, load_config
from engine.errors import JobFailed
from jobs import detached

NOWHERE = Path("/nonexistent")


def configuration(**database: str) -> Config:
    return load_config(
        overrides={("database", key): text for key, text in database.items()},
        environ={},
        system_file=NOWHERE,
    )


def test_it_reads_the_same_settings(tmp_path: Path) -> None:
    config = configuration(path=str(tmp_path / "a.db"), wait_seconds="7")
    config = replace(
        config,
        billing=replace(config.billing, close_chunk=33),
        month_close=replace(config.month_close, exempt_states=frozenset({"blocked"})),
    )
    read = load_config(environ=detached.environment(config, {}), system_file=NOWHERE)
    assert read.database == config.database
    assert read.billing == config.billing
    assert read.month_close == config.month_close


def test_it_reaches_the_same_server() -> None:
    config = configuration(engine="mariadb", host="127.0.0.1", port="3999", name="b", user="u")
    kept = {"BILLDECK_DATABASE__PASSWORD": "from outside"}
    read = load_config(environ=detached.environment(config, kept), system_file=NOWHERE)
    assert replace(read.database, password=None) == config.database
    assert read.database.password == Secret("from outside")


def test_it_is_given_little_and_no_secret_among_its_arguments(tmp_path: Path) -> None:
    made = configuration(
        engine="mariadb", socket="/run/x.sock", name="b", user="u", wait_seconds="0"
    )
    secret = replace(made, settings=(), database=replace(made.database, password=Secret("pss")))
    given = {"LD_PRELOAD": "x", "PYTHONPATH": "x", "AWS_SECRET": "x", "HOME": "/h", "LANG": "C"}
    found = detached.environment(secret, given)
    assert not {"LD_PRELOAD", "PYTHONPATH", "AWS_SECRET"} & set(found)
    assert (found["HOME"], found["LANG"]) == ("/h", "C")
    assert found["BILLDECK_DATABASE__PASSWORD"] == "pss"
    process = detached.start_run(1, secret, tmp_path).process
    assert "pss" not in " ".join(map(str, process.args))  # type: ignore[arg-type]
    assert os.getsid(process.pid) == process.pid
    process.wait()


def test_an_answer_and_one_that_is_too_long(tmp_path: Path) -> None:
    config = configuration(path=str(tmp_path / "a.db"))
    status, output, errors = detached.ask(["--version", "--json"], config).read(1_000)
    assert (status, errors) == (0, "")
    assert "version" in json.loads(output)
    with pytest.raises(JobFailed, match="longer than 3 bytes"):
        detached.ask(["--version", "--json"], config).read(3)


def test_a_refusal_is_told(tmp_path: Path) -> None:
    config = configuration(path=str(tmp_path / "none.db"))
    started = detached.start_run(7, config, tmp_path / "logs")
    assert started.process.wait() != 0
    assert started.has_ended
    assert "none.db" in started.said()
    assert stat.S_IMODE(started.log.stat().st_mode) == 0o600


def test_what_it_says_can_be_read_while_it_goes_on_and_no_more_afterwards(tmp_path: Path) -> None:
    asked = detached.ask(["run", "month-close", "--dry-run"], configuration(path=str(tmp_path)))
    asked.process.wait()
    assert "cannot open the database" in asked.said()
    status, output, errors = asked.read(1_000)
    assert (status, output) == (1, b"")
    assert "cannot open the database" in errors
    assert asked.said() == ""
