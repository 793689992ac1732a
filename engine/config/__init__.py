"""The configuration: INI, environment and options made into frozen dataclasses, read strictly.

`spec` is the table of all settings, `values` parses one value, `ini` reads a file's lines, `load`
joins the layers, `secret` guards the database password, `model` is the result.
"""

from __future__ import annotations

from engine.config.load import describe, load_config, variable_name
from engine.config.model import (
    BalanceImportConfig,
    BillingConfig,
    Config,
    ConsoleConfig,
    DaemonConfig,
    DatabaseConfig,
    HousekeepingConfig,
    KeysConfig,
    MonthCloseConfig,
    Role,
    RolesConfig,
    Secret,
    SettingRow,
    VatRate,
)
from engine.config.setting import Section, Setting
from engine.config.spec import render_example

__all__ = [
    "BalanceImportConfig",
    "BillingConfig",
    "Config",
    "ConsoleConfig",
    "DaemonConfig",
    "DatabaseConfig",
    "HousekeepingConfig",
    "KeysConfig",
    "MonthCloseConfig",
    "Role",
    "RolesConfig",
    "Secret",
    "Section",
    "Setting",
    "SettingRow",
    "VatRate",
    "describe",
    "load_config",
    "render_example",
    "variable_name",
]
