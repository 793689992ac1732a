"""Fuzzing of both parsing steps with atheris, guided by coverage; run by hand:

    .venv/bin/pip install atheris
    .venv/bin/python -m tests.balances.fuzz_by_hand -max_total_time=600 FOLDER

FOLDER has examples to begin with: a copy of tests/data/golden-balance-mail, for libFuzzer adds to
it what it finds interesting. It ends at the first error that is no refusal, or at one slow input.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["engine.balances"]):
    from tests.balances.test_fuzz import read

if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=5", "-max_len=20000"], read)
    atheris.Fuzz()
