"""The configuration: layers, strictness, values, the example file."""

from __future__ import annotations

import dataclasses
import itertools
import re
from datetime import date
from pathlib import Path

import pytest

from engine.config import RolesConfig, describe, load_config
from engine.config.events import EVENTS, written
from engine.config.spec import SECTIONS
from engine.errors import ConfigError
from engine.events.kinds import EVENT_KINDS
from engine.events.settings import EventsConfig
from jobs.registry import example, schedule_section
from tests.unit.config_place import Place

ROOT = Path(__file__).resolve().parents[2]
ALL = (*SECTIONS, schedule_section())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# Search and precedence


def test_built_in_defaults(place: Place) -> None:
    config = place.load()
    assert config.source == "built-in defaults"
    assert config.database.engine == "sqlite"
    assert config.database.path == place.root / ".local/share/billdeck/billing.db"
    assert (config.database.connect_timeout, config.database.wait_seconds) == (10, 60)
    assert config.billing.timezone.key == "Europe/Moscow"
    assert config.billing.currency == "RUB"
    assert (config.billing.close_chunk, config.billing.close_latency_ms) == (5000, 100)
    assert config.month_close.settle_minutes == 1
    assert config.month_close.exempt_states == {"frozen", "deleted"}
    assert config.roles == RolesConfig(("*",), (), ())


def test_data_folder_of_xdg(place: Place) -> None:
    assert place.load(XDG_DATA_HOME="/srv").database.path == Path("/srv/billdeck/billing.db")
    relative = place.load(XDG_DATA_HOME="srv").database.path
    assert relative == place.root / ".local/share/billdeck/billing.db"


def test_the_first_file_of_the_search_is_taken(place: Place) -> None:
    def make(file: Path, port: int) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"[database]\nport = {port}\n")
        return file

    personal = make(place.root / ".config/billdeck/config.ini", 1)
    assert (place.load().database.port, place.load().source) == (1, str(personal))
    xdg = make(place.root / "xdg/billdeck/config.ini", 2)
    assert place.load(XDG_CONFIG_HOME=str(xdg.parents[1])).database.port == 2
    make(place.system_file, 3)
    assert place.load().database.port == 3
    named = make(place.root / "named.ini", 4)
    assert place.load(BILLDECK_CONFIG=str(named)).database.port == 4
    option = "[database]\nport = 5\n"
    assert place.load(option, BILLDECK_CONFIG=str(named)).database.port == 5


def test_a_named_file_must_exist(place: Place) -> None:
    assert "/no/such.ini does not exist" in place.refusal(BILLDECK_CONFIG="/no/such.ini")
    with pytest.raises(ConfigError, match="does not exist"):
        load_config(place.root / "none.ini", environ=place.environ)


def test_a_folder_is_no_configuration_file(place: Place) -> None:
    assert "cannot read" in place.refusal(BILLDECK_CONFIG=str(place.root))


def test_option_beats_environment_beats_file_beats_default(place: Place) -> None:
    file = place.write("[database]\nport = 1\nconnect_timeout = 1\nwait_seconds = 1\n")
    environ = {"BILLDECK_DATABASE__PORT": "2", "BILLDECK_DATABASE__CONNECT_TIMEOUT": "2"}
    config = load_config(
        file,
        environ={**place.environ, **environ},
        overrides={("database", "port"): "3"},
        system_file=place.system_file,
    )
    database = config.database
    assert (database.port, database.connect_timeout, database.wait_seconds) == (3, 2, 1)
    origins = {row.key: row.origin for row in describe(config) if row.section == "database"}
    assert origins["port"] == "option"
    assert origins["connect_timeout"] == "environment variable BILLDECK_DATABASE__CONNECT_TIMEOUT"
    assert origins["wait_seconds"] == f"{file}, line 4"
    assert origins["name"] == "default"


def test_environment_of_a_section_with_a_hyphen(place: Place) -> None:
    assert place.load(BILLDECK_MONTH_CLOSE__SETTLE_MINUTES="30").month_close.settle_minutes == 30


@pytest.mark.parametrize(
    "variable", ["BILLDECK_DATABASE__PROT", "BILLDECK_X__Y", "BILLDECK_database__port"]
)
def test_an_unknown_variable_is_an_error(place: Place, variable: str) -> None:
    assert f"{variable} names no setting" in place.refusal(None, 0o644, **{variable: "1"})


def test_other_variables_are_left_alone(place: Place) -> None:
    assert place.load(BILLDECK_HOME="x", OTHER__KEY="x").source == "built-in defaults"


def test_an_unknown_override_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no setting prot; allowed are engine, path"):
        load_config(overrides={("database", "prot"): "1"}, environ={"HOME": "/"})


# The file's form


def test_comments_spaces_and_line_ends(place: Place) -> None:
    text = (
        "\ufeff# above\r\n[database] ; the data\r\n  ; indented comment\r\n\r\n"
        "engine=mariadb ; or sqlite\r\nsocket =\t/run/a;b.sock\t; why\r\nuser = x;y#z\r\n"
    )
    database = place.load(text).database
    assert (database.engine, database.socket) == ("mariadb", Path("/run/a;b.sock"))
    assert database.user == "x;y#z"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("[nas]\n", 1, r"unknown section \[nas\]; allowed are database, billing, month-close"),
        ("[DEFAULT]\nport = 1\n", 1, r"unknown section \[DEFAULT\]"),
        ("[database]\nprot = 1\n", 2, r"\[database\] has no setting prot; allowed are engine"),
        ("[database]\nPort = 1\n", 2, "has no setting Port"),
        ("[database]\nport = 1\nport = 1\n", 3, r"\[database\] port was already set on line 2"),
        ("[database]\n[billing]\n[database]\n", 3, "already opened on line 1"),
        ("[database]\nname = a\n  b\n", 3, "is indented"),
        ("[database]\n\u00a0name = a\n", 2, "is indented"),
        ("port = 1\n", 1, "before the first"),
        ("[database]\nport\n", 2, "not a setting"),
        ("[database]\nport: 1\n", 2, "not a setting"),
        ("[database\n", 1, "not a section header"),
        ("[database] x\n", 1, "not a section header"),
        ("[database]\nname = a # b\n", 2, "has a # after its value"),
        ("[database]\nport = x\n", 2, r"\[database\] port = x is wrong; .* from 1 to 65535"),
        ("[database]\nport = \n", 2, r"\[database\] port =  is wrong; allowed is not empty"),
        ("[database]\npath = ; none\n", 2, "not empty"),
        ("[database]\nname = a\x1bb\n", 2, r"name = a\\x1bb is wrong; .*without control"),
        ("[billing]\ncurrency = \u200bRUB\n", 2, "invisible"),
    ],
)
def test_what_is_not_understood_is_an_error(
    place: Place, text: str, line: int, problem: str
) -> None:
    message = place.refusal(text)
    assert message.startswith(f"{place.file}, line {line}: ")
    assert re.search(problem, message), message


def test_interpolation_is_off(place: Place) -> None:
    assert place.load("[database]\nuser = %(name)s\n").database.user == "%(name)s"


def test_a_file_must_be_utf8_and_small(place: Place) -> None:
    place.file.write_bytes(b"[database]\n; \xff\n")
    assert "line 2: not UTF-8" in place.refusal(BILLDECK_CONFIG=str(place.file))
    place.file.write_bytes(b";" * 1_048_577)
    assert "larger than 1 MiB" in place.refusal(BILLDECK_CONFIG=str(place.file))


# Values


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("database", "engine = postgres"),
        ("database", "engine = SQLite"),
        ("database", "path = billing.db"),
        ("database", "path = ~someone/billing.db"),
        ("database", "port = 0"),
        ("database", "port = 65536"),
        ("database", "port = +1"),
        ("database", "port = 3_306"),
        ("database", "port = \u0663"),
        ("database", "name = a b"),
        ("database", "name = " + "a" * 65),
        ("database", "host = a/b"),
        ("billing", "timezone = Europe"),
        ("billing", "timezone = Europe/Moskau"),
        ("billing", "timezone = ../../etc/passwd"),
        ("billing", "timezone = /etc/localtime"),
        ("billing", "currency = rub"),
        ("billing", "close_chunk = 0"),
        ("billing", "close_chunk = 100001"),
        ("billing", "vat_rates = 2019-01-01:20"),
        ("billing", "vat_rates = 18, 20"),
        ("billing", "vat_rates = 18, 2026-01-01:22, 2019-01-01:20"),
        ("billing", "vat_rates = 18, 2019-01-01:20, 2019-01-01:22"),
        ("billing", "vat_rates = 18, 2019-02-30:20"),
        ("billing", "vat_rates = 100.01"),
        ("billing", "vat_rates = 18%"),
        ("billing", "vat_rates = 18,"),
        ("billing", "vat_rates = 18.005"),
        ("month-close", "settle_minutes = 10081"),
        ("month-close", "exempt_states = active"),
        ("month-close", "exempt_states = frozen, frozen"),
        ("month-close", "exempt_states = frozen,,deleted"),
        ("roles", "admin = @"),
        ("roles", "admin = a b"),
        ("roles", "admin = root,"),
        ("roles", "admin = *x"),
    ],
)
def test_a_wrong_value_is_an_error(place: Place, section: str, line: str) -> None:
    message = place.refusal(f"[{section}]\n{line}\n")
    assert f"line 2: [{section}] {line.split()[0]} = " in message
    assert "is wrong; allowed is " in message


def test_home_in_a_path(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/olga")
    assert place.load("[database]\npath = ~/b.db\n").database.path == Path("/home/olga/b.db")


def test_vat_rates(place: Place) -> None:
    billing = place.load().billing
    assert billing.vat_rates == (
        (None, 1800),
        (date(2019, 1, 1), 2000),
        (date(2026, 1, 1), 2200),
    )
    assert billing.vat_on(date(2018, 12, 31)) == 1800
    assert billing.vat_on(date(2019, 1, 1)) == 2000
    assert billing.vat_on(date(2030, 1, 1)) == 2200
    decimal = place.load("[billing]\nvat_rates = 7.5, 2027-01-01:8.25\n").billing
    assert decimal.vat_rates == ((None, 750), (date(2027, 1, 1), 825))


def test_no_exempt_states(place: Place) -> None:
    text = "[month-close]\nexempt_states =\n"
    assert place.load(text).month_close.exempt_states == frozenset()


def test_roles(place: Place) -> None:
    text = "[roles]\nadmin = root, @billing-admins\noperator = @billing\nviewer = *\n"
    roles = place.load(text).roles
    assert roles.role_of("root", []) == "admin"
    assert roles.role_of("olga", ["users", "billing"]) == "operator"
    assert roles.role_of("olga", ["billing", "billing-admins"]) == "admin"
    assert roles.role_of("billing", []) == "viewer"
    assert roles.role_of("@billing-admins", []) != "operator"


def test_without_any_role_all_are_admin_but_one_role_shuts_the_door(place: Place) -> None:
    assert place.load("[roles]\n").roles.role_of("anyone", []) == "admin"
    roles = place.load("[roles]\noperator = olga\n").roles
    assert roles.role_of("anyone", []) is None
    assert roles.role_of("olga", []) == "operator"
    assert place.load(BILLDECK_ROLES__VIEWER="*").roles.role_of("anyone", []) == "viewer"


# The table and the example


def test_the_table_matches_the_dataclasses() -> None:
    # Which actions follow is one field, with a setting for each kind of event.
    follows = [written(event) for event in EVENT_KINDS]
    for section in SECTIONS:
        build = EventsConfig if section is EVENTS else section.build
        assert dataclasses.is_dataclass(build)
        names = [field.name for field in dataclasses.fields(build)]
        fields = [key for name in names for key in (follows if name == "follows" else [name])]
        assert [setting.key for setting in section.settings] == fields
        assert all(setting.help and "\n" not in setting.help for setting in section.settings)


def test_the_example_file_is_up_to_date() -> None:
    text = (ROOT / "config.example.ini").read_text(encoding="utf-8")
    assert text == example()


def test_the_example_as_it_is_changes_nothing(place: Place) -> None:
    config = place.load(example())
    assert dataclasses.replace(config, source="built-in defaults") == place.load()


def test_the_examples_defaults_are_the_defaults(place: Place) -> None:
    lines = example().splitlines()
    for above, line in list(itertools.pairwise(lines)):
        if line.startswith("; ") and not above.endswith("(example)"):
            lines[lines.index(line)] = line.removeprefix("; ")
    config = place.load("\n".join(lines))
    assert dataclasses.replace(config, source="built-in defaults") == place.load()
    assert sum(row.origin != "default" for row in describe(config)) >= 15


def test_every_setting_is_described_in_order(place: Place) -> None:
    rows = describe(place.load("[billing]\ncurrency = USD ; dollars\n"))
    names = [(section.name, setting.key) for section in ALL for setting in section.settings]
    assert [(row.section, row.key) for row in rows] == names
    values = {row.key: (row.value, row.origin) for row in rows}
    assert values["currency"] == ("USD", f"{place.file}, line 2")
    assert values["path"] == (str(place.root / ".local/share/billdeck/billing.db"), "default")
    assert values["password"] == ("", "default")
    assert values["admin"] == ("*", "default")
