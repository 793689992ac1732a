"""The reader: what a CSV writer writes comes back, and no bytes whatever break it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bundle import fields as f
from engine.bundle.columns import Column
from engine.bundle.problems import Problems, WrongFiles
from engine.bundle.reader import read

COLUMNS = (
    Column("key", f.code(20)),
    Column("text", f.text(50)),
    Column("day", f.optional(f.day_of_month), required=False),
)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20)
KEY = TEXT.filter(bool)
ANY_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY_FIXTURE
@given(
    rows=st.lists(st.tuples(KEY, TEXT, st.none() | st.integers(1, 31)), max_size=20),
    order=st.permutations(["key", "text", "day"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    bom=st.booleans(),
)
def test_what_was_written_comes_back(
    tmp_path: Path,
    rows: list[tuple[str, str, int | None]],
    order: list[str],
    end: str,
    quoting: int,
    bom: bool,
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(order)
    for row in rows:
        named = dict(zip(("key", "text", "day"), row, strict=True))
        writer.writerow("" if named[name] is None else named[name] for name in order)
    file = tmp_path / "file.csv"
    file.write_bytes((b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode())
    problems = Problems("the file")
    assert [values for _, _, values in read(file, COLUMNS, problems)] == rows
    assert problems.total == 0


@ANY_FIXTURE
@given(data=st.binary(max_size=200) | st.text(alphabet='a1,"\r\n;', max_size=200).map(str.encode))
def test_any_bytes_give_records_or_problems(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(b"key,text\n" + data)
    problems = Problems("the file")
    records = list(read(file, COLUMNS, problems))
    lines = data.count(b"\n") + 2
    assert all(2 <= line <= lines for line, _, _ in records)
    assert [line for line, _, _ in records] == sorted(line for line, _, _ in records)
    if problems.total:
        with pytest.raises(WrongFiles):
            problems.raise_if_any()
    elif data.strip(b"\r\n"):
        assert records


def test_lines_are_physical_and_of_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(b'key,text\n1,"a\nb\nc"\n2,x,y\n3,\xff\n4,"d\ne"\n5,z,z\n')
    problems = Problems("the file")
    found = [(line, key) for line, key, values in read(file, COLUMNS, problems) if values]
    assert found == [(2, "1"), (7, "4")]
    with pytest.raises(WrongFiles) as caught:
        problems.raise_if_any()
    assert [problem.line for problem in caught.value.problems] == [5, 6, 9]


@given(st.integers(0, 998_999_999_999_999))
def test_allowances_are_exact(size: int) -> None:
    whole, rest = divmod(size, 1_000_000)
    assert f.included_bytes(f"{whole}.{rest:06d}") == size


@given(st.integers(0, 100_000_000))
def test_percentages_are_exact(value: int) -> None:
    whole, rest = divmod(value, 1_000_000)
    assert f.percent(f"{whole}.{rest:06d}") == value
