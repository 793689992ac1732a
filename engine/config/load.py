"""From options, environment, file and defaults to one `Config`. Each layer beats the next."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import values
from engine.config.ini import IniFile, read_ini
from engine.config.model import Config, SettingRow
from engine.config.needs import check_needs, is_used
from engine.config.secret import credential_file, read_secret, require_private
from engine.config.setting import Section, Setting
from engine.config.spec import FAMILIES, ROLES, SECTIONS
from engine.errors import ConfigError, InputError
from engine.text import safe

SYSTEM_FILE = Path("/etc/billdeck/config.ini")
BUILT_IN = "built-in defaults"
MAX_FILE_BYTES = 1_048_576

Name = tuple[str, str]
"""A setting's section and key."""


class _Table:
    """All settings that there are, by section and key."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = sections
        self.members: dict[str, list[Section]] = {family.word: [] for family in FAMILIES}
        self.settings: dict[Name, Setting] = {}
        for section in sections:
            self._add(section)

    def _add(self, section: Section) -> None:
        for setting in section.settings:
            self.settings[section.name, setting.key] = setting

    def takes(self, section: str) -> bool:
        """Whether there is such a section; one of a family is added when it comes."""
        for family in FAMILIES:
            member = family.section(section)
            if member is not None:
                self.members[family.word].append(member)
                self._add(member)
                return True
        return section in {known.name for known in self.sections}

    def unknown(self, section: str, key: str | None = None) -> str:
        """The sentence about a section or key that does not exist."""
        keys = [known for of, known in self.settings if of == section]
        if key is None or not keys:
            examples = [family.example for family in FAMILIES]
            allowed = ", ".join(known.name for known in (*self.sections, *examples))
            return f"unknown section [{safe(section, 60)}]; allowed are {allowed}"
        return f"[{section}] has no setting {safe(key, 60)}; allowed are {', '.join(keys)}"


@dataclass(frozen=True, slots=True)
class _Given:
    """A setting's text and where it comes from; no `repr` of the text, it may be a secret."""

    text: str
    origin: str

    def __repr__(self) -> str:
        return f"_Given(from {self.origin})"


def load_config(
    config_file: Path | None = None,
    *,
    more: Sequence[Section] = (),
    overrides: Mapping[Name, str] | None = None,
    environ: Mapping[str, str] | None = None,
    system_file: Path = SYSTEM_FILE,
) -> Config:
    """The configuration in force. Raises ConfigError naming file, line, section and key.

    `config_file` is the `--config` option and must exist; `more` are sections beyond those of
    `spec`, which the floors above know; `overrides` are settings given as options, by (section,
    key). `environ` and `system_file` exist for tests.
    """
    environment = os.environ if environ is None else environ
    table = _Table((*SECTIONS, *more))
    given, source = _file_layer(table, config_file, environment, system_file)
    given.update(_environment_layer(table, environment))
    given.update(_override_layer(table, overrides or {}))
    _add_computed_defaults(given, environment)
    parsed = {name: _parse(name, setting, given) for name, setting in table.settings.items()}
    origins = {
        name: _resolve_secret(parsed, given, environment, name, setting)
        for name, setting in table.settings.items()
        if setting.secret and (name[0], f"{name[1]}_file") in table.settings
    }
    check_needs(parsed)
    rows = tuple(
        _row(name, setting, given, parsed[name] is not None, origins.get(name))
        for name, setting in table.settings.items()
    )
    try:
        parts: dict[str, Any] = {
            section.attribute: section.build(**_values(section, parsed))
            for section in table.sections
        }
        for family in FAMILIES:
            members = table.members[family.word]
            there = {section.name: _values(section, parsed) for section in members}
            parts[family.example.attribute] = family.make(there, parts)
    except InputError as error:
        raise ConfigError(error.message) from None
    return Config(**parts, source=source, settings=rows)


def _values(section: Section, parsed: Mapping[Name, Any]) -> dict[str, Any]:
    return {setting.key: parsed[section.name, setting.key] for setting in section.settings}


def describe(config: Config) -> tuple[SettingRow, ...]:
    """Every setting in the table's order, with its value (a secret as `***`) and its origin."""
    return config.settings


def _file_layer(
    table: _Table, option: Path | None, environ: Mapping[str, str], system_file: Path
) -> tuple[dict[Name, _Given], str]:
    """The first file of the search, as settings, and its name."""
    named = option or (Path(environ["BILLDECK_CONFIG"]) if environ.get("BILLDECK_CONFIG") else None)
    personal = _xdg_folder(environ, "XDG_CONFIG_HOME", ".config") / "billdeck" / "config.ini"
    for file in [named] if named else [system_file, personal]:
        content = _read_file(file)
        if content is not None:
            return _settings_of_file(table, *content, safe(file)), safe(file)
    if named:
        raise ConfigError(
            f"the configuration file {safe(named)} does not exist; check --config or"
            " $BILLDECK_CONFIG"
        )
    return {}, BUILT_IN


def _read_file(file: Path) -> tuple[str, int] | None:
    """The text and the mode bits of a file, None when it does not exist."""
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(
            f"cannot read the configuration file {safe(file)}: {error.strerror};"
            " run billdeck as its service user, or give another file with --config"
        ) from None
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(f"{safe(file)} is larger than 1 MiB: not a configuration file")
    try:
        return content.decode("utf-8"), mode
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    raise ConfigError(f"{safe(file)}, line {line}: not UTF-8; save the file as UTF-8")


def _settings_of_file(table: _Table, text: str, mode: int, file_name: str) -> dict[Name, _Given]:
    ini: IniFile = read_ini(text, file_name)
    for section, line in ini.sections.items():
        if not table.takes(section):
            raise ConfigError(f"{file_name}, line {line}: {table.unknown(section)}")
    settings: dict[Name, _Given] = {}
    for entry in ini.entries:
        origin = f"{file_name}, line {entry.line}"
        setting = table.settings.get((entry.section, entry.key))
        if setting is None:
            raise ConfigError(f"{origin}: {table.unknown(entry.section, entry.key)}")
        if setting.secret:
            require_private(mode, file_name)
        settings[entry.section, entry.key] = _Given(entry.value, origin)
    return settings


def _environment_layer(table: _Table, environ: Mapping[str, str]) -> dict[Name, _Given]:
    """The variables BILLDECK_<SECTION>__<KEY>; one that names no setting is an error."""
    names: dict[str, list[Name]] = {}
    for name in table.settings:
        names.setdefault(variable_name(name), []).append(name)
    settings: dict[Name, _Given] = {}
    for variable, text in environ.items():
        if not variable.startswith("BILLDECK_") or "__" not in variable:
            continue
        if variable not in names:
            raise ConfigError(
                f"the environment variable {safe(variable)} names no setting; it must be"
                " BILLDECK_<SECTION>__<KEY>, for example BILLDECK_DATABASE__PATH"
            )
        if len(names[variable]) > 1:
            which = " and ".join(f"[{section}] {key}" for section, key in names[variable])
            raise ConfigError(
                f"the environment variable {variable} could mean {safe(which)}; set it in the file"
            )
        settings[names[variable][0]] = _Given(text, f"environment variable {variable}")
    return settings


def variable_name(name: Name) -> str:
    """The environment variable of a setting: BILLDECK_<SECTION>__<KEY>, `_` for all that is neither
    a letter nor a digit; a section of a family must be in the file for it."""
    return "BILLDECK_" + "__".join(re.sub("[^A-Za-z0-9]", "_", part).upper() for part in name)


def _override_layer(table: _Table, overrides: Mapping[Name, str]) -> dict[Name, _Given]:
    for section, key in overrides:
        if (section, key) not in table.settings:
            raise ConfigError(f"option: {table.unknown(section, key)}")
    return {name: _Given(text, "option") for name, text in overrides.items()}


def _add_computed_defaults(given: dict[Name, _Given], environ: Mapping[str, str]) -> None:
    """The defaults that depend on something: the person's data and state folders, and everyone as
    admin while no role at all is set (an empty [roles] section sets none)."""
    data = _xdg_folder(environ, "XDG_DATA_HOME", ".local/share")
    given.setdefault(("database", "path"), _Given(str(data / "billdeck" / "billing.db"), "default"))
    state = _xdg_folder(environ, "XDG_STATE_HOME", ".local/state")
    known_hosts = _Given(str(state / "billdeck" / "known_hosts"), "default")
    given.setdefault(("routeros", "known_hosts"), known_hosts)
    if not any(section == ROLES.name for section, _ in given):
        given[ROLES.name, "admin"] = _Given("*", "default")


def _parse(name: Name, setting: Setting, given: Mapping[Name, _Given]) -> Any:
    """A setting's value from what was given or its default; None when there is neither."""
    if name not in given:
        return None if setting.default is None else setting.parse(setting.default)
    text, origin = given[name].text, given[name].origin
    try:
        if values.has_control(text):
            raise values.BadValue("text without control or invisible characters")
        if not text and not setting.may_be_empty:
            raise values.BadValue("not empty; leave the setting out to get its default")
        return setting.parse(text)
    except values.BadValue as bad:
        shown = "" if setting.secret else f" = {safe(text, 80)}"
        problem = f"{origin}: [{name[0]}] {name[1]}{shown} is wrong; allowed is {bad}"
    raise ConfigError(problem)


def _resolve_secret(
    parsed: dict[Name, Any],
    given: Mapping[Name, _Given],
    environ: Mapping[str, str],
    name: Name,
    setting: Setting,
) -> str | None:
    """Reads a secret, if its section is in use, from the credential or the file, unless it is set
    itself. Returns where it came from when that is a file."""
    section, key = name
    by_file = (section, f"{key}_file")
    if name in given and by_file in given:
        raise ConfigError(
            f"[{section}] has both {key} ({given[name].origin}) and {key}_file"
            f" ({given[by_file].origin}); keep one of them"
        )
    if name in given or not is_used(parsed, section):
        return None
    credential = credential_file(environ, section, key)
    file: Path | None = credential or parsed[by_file]
    if file is None:
        return None
    # systemd guards a credential itself; its folder's mode is not ours to judge.
    private = credential is None
    parsed[name] = read_secret(file, private=private, section=section, key=key, parse=setting.parse)
    return safe(file)


def _row(
    name: Name,
    setting: Setting,
    given: Mapping[Name, _Given],
    is_set: bool,
    secret_origin: str | None,
) -> SettingRow:
    known = given.get(name, _Given(setting.default or "", "default"))
    if setting.secret:
        return SettingRow(*name, "***" if is_set else "", secret_origin or known.origin)
    return SettingRow(*name, safe(known.text), known.origin)


def _xdg_folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """A folder of the XDG rules: the variable counts only when it is an absolute path."""
    folder = Path(environ.get(variable, ""))
    if folder.is_absolute():
        return folder
    if environ.get("HOME"):
        return Path(environ["HOME"]) / default
    try:
        return Path.home() / default
    except RuntimeError:
        # A user without a home, as in some containers: nothing is found or created there.
        return Path("/nonexistent") / default
