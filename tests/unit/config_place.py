"""Where the configuration's tests write their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Config
from engine.errors import ConfigError
from jobs.registry import read_config


class Place:
    """A home folder with nothing in it but what a test writes; no file of this machine counts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "given.ini"
        self.system_file = root / "etc" / "config.ini"
        self.environ = {"HOME": str(root)}

    def write(self, text: str, mode: int = 0o644) -> Path:
        self.file.write_text(text, encoding="utf-8")
        self.file.chmod(mode)
        return self.file

    def load(self, text: str | None = None, mode: int = 0o644, **environ: str) -> Config:
        file = None if text is None else self.write(text, mode)
        return read_config(
            file, environ={**self.environ, **environ}, system_file=self.system_file
        )  # fmt: skip

    def refusal(self, text: str | None = None, mode: int = 0o644, **environ: str) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load(text, mode, **environ)
        assert caught.value.exit_status == 2
        return caught.value.message
