"""Parquet of any make -> single values a column, days as they were where they were written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.engine import Engine
from core.errors import TableChangedError, UnreadableFileError
from core.features.engineering import customer_features
from core.orders import source_table
from core.orders.as_read import tables_as_read
from core.orders.cleaning import OrderLines, clean
from core.orders.overview import overview
from core.orders.source import open_sources
from core.orders.source_table import SourceTable
from core.orders.understanding import understand


def opened(engine: Engine, folder: Path, table: pa.Table) -> SourceTable:
    pq.write_table(table, folder / "orders.parquet")
    return open_sources(engine, [folder / "orders.parquet"])


def columns(source: SourceTable) -> dict[str, list[object]]:
    table = source.table.to_pyarrow()
    return {header: table.column(source.column(header)).to_pylist() for header in source.headers}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "+05:30", "UTC"])
def test_the_local_date_counts(engine: Engine, tmp_path: Path, zone: str, unit: str):
    """Half an hour after midnight there is still the day before, or already the same day, in UTC."""
    there = timezone(timedelta(hours=5, minutes=30)) if zone == "+05:30" else ZoneInfo(zone)
    local = [datetime(2024, 1, 1, 0, 30), datetime(2024, 6, 30, 23, 30)]
    at = pa.array([moment.replace(tzinfo=there) for moment in local], pa.timestamp(unit, tz=zone))
    table = pa.table({"customer_id": ["C1", "C2"], "order_date": at, "amount": [1.0, 2.0]})
    source = opened(engine, tmp_path, table)
    assert columns(source)["order_date"] == local
    assert sorted(clean(engine, source).table.order_date.to_pyarrow().to_pylist()) == [
        date(2024, 1, 1),
        date(2024, 6, 30),
    ]


def without_zones_in_types(folder: Path, zone: str | None, note: str | None = None) -> Path:
    """As fastparquet writes for pandas: moments in UTC, and the zone in a note beside."""
    moment = datetime(2024, 1, 1, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    table = pa.table({"at": pa.array([moment], pa.timestamp("us", tz="UTC"))})
    described = {"columns": [{"field_name": "at", "name": "at", "metadata": {"timezone": zone} if zone else None}]}
    with pq.ParquetWriter(folder / "orders.parquet", table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"pandas": note or json.dumps(described)})
    return folder / "orders.parquet"


def test_a_zone_that_only_pandas_noted(engine: Engine, tmp_path: Path):
    source = open_sources(engine, [without_zones_in_types(tmp_path, "Europe/Berlin")])
    assert columns(source) == {"at": [datetime(2024, 1, 1, 0, 30)]}


@pytest.mark.parametrize(
    ("zone", "note"),
    [(None, None), ("Mars/Olympus", None), (None, "{"), (None, '{"columns": 3}'), (None, '{"columns": ["at"]}')],
)
def test_where_nothing_tells_the_zone_the_day_is_that_of_utc(
    engine: Engine, tmp_path: Path, zone: str | None, note: str | None
):
    source = open_sources(engine, [without_zones_in_types(tmp_path, zone, note)])
    assert columns(source) == {"at": [datetime(2023, 12, 31, 23, 30)]}


def test_a_zone_that_nobody_knows_is_read_as_utc(engine: Engine, tmp_path: Path):
    at = pa.array([datetime(2024, 1, 1, 0, 30)], pa.timestamp("ms", tz="Mars/Olympus"))
    assert columns(opened(engine, tmp_path, pa.table({"at": at}))) == {"at": [datetime(2024, 1, 1, 0, 30)]}


def test_groups_of_values_become_columns(engine: Engine, tmp_path: Path):
    table = pa.table(
        {
            "customer": [{"id": "C1", "address": {"city": "Rome"}}, {"id": "C2", "address": None}, None],
            "order_date": [date(2024, 1, 1)] * 3,
            "amount": [1.0, 2.0, 3.0],
            "items": [[{"sku": "a", "n": 1}], [], None],
        }
    )
    source = opened(engine, tmp_path, table)
    assert source.headers == ("customer.id", "customer.address.city", "order_date", "amount", "items")
    found = columns(source)
    assert found["customer.id"] == ["C1", "C2", None]
    assert found["customer.address.city"] == ["Rome", None, None]
    assert found["items"] == ['[{"sku": "a", "n": 1}]', "[]", None]
    lines = clean(engine, source)
    assert lines.recognition.columns["customer_id"] == "customer.id"
    assert (lines.ledger.used.rows, str(lines.revenue)) == (2, "3.000000")


def test_values_of_every_kind(engine: Engine, tmp_path: Path):
    table = pa.table(
        {
            "words": pa.array(["a", None, "a"]).dictionary_encode(),
            "bytes": pa.array([b"C1", b"\xff", None], pa.binary()),
            "nothing": pa.nulls(3),
            "money": pa.array([Decimal("1.10"), None, Decimal("2.00")], pa.decimal128(12, 2)),
            "took": pa.array([timedelta(days=1), None, timedelta(seconds=5)], pa.duration("us")),
            "large": pa.array(["x", "y", None], pa.large_string()),
            "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        }
    )
    assert columns(opened(engine, tmp_path, table)) == {
        "words": ["a", None, "a"],
        "bytes": ["C1", "\ufffd", None],
        "nothing": [None, None, None],
        "money": [Decimal("1.10"), None, Decimal("2.00")],
        "took": ["1 day, 0:00:00", None, "0:00:05"],
        "large": ["x", "y", None],
        "map": ['[["k", 1]]', None, "[]"],
    }


def test_table_writes_the_same_columns(tmp_path: Path):
    at = pa.array(
        [datetime(2024, 1, 1, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))], pa.timestamp("s", tz="Europe/Berlin")
    )
    pq.write_table(pa.table({"customer": [{"id": "C1"}], "at": at}), tmp_path / "a.parquet")
    (tmp_path / "scratch").mkdir()
    (table,) = tables_as_read(tmp_path / "a.parquet", tmp_path / "scratch")
    assert [list(row) for row in table.rows] == [["customer.id", "at"], ["C1", "2024-01-01 00:30:00"]]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_a_column_damaged_within(engine: Engine, tmp_path: Path, zone: str | None):
    at = pa.array([datetime(2024, 1, 1)] * 5_000, pa.timestamp("us", tz=zone))
    pq.write_table(pa.table({"at": at}), tmp_path / "a.parquet", use_dictionary=False, compression="zstd")
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[10:60] = b"\xff" * 50
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(UnreadableFileError):
        open_sources(engine, [tmp_path / "a.parquet"])


def test_days_that_no_calendar_has(engine: Engine, tmp_path: Path):
    with pytest.raises(UnreadableFileError):
        opened(engine, tmp_path, pa.table({"at": pa.array([2**60], pa.timestamp("us"))}))


def test_a_file_damaged_beyond_what_is_looked_at_first(engine: Engine, tmp_path: Path):
    """The first thousand rows are whole; in the second half of the file bytes are turned over."""
    rows = range(30_000)
    orders = pa.table(
        {
            "customer": [f"C{row % 700}" for row in rows],
            "date": [f"2024-01-{1 + row % 28:02}" for row in rows],
            "amount": [row * 0.5 for row in rows],
        }
    )
    path = tmp_path / "a.parquet"
    pq.write_table(orders, path, row_group_size=5_000, compression="zstd")
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content) - 9_000, 37):
        content[place] ^= 0xFF
    path.write_bytes(content)
    source = open_sources(engine, [path])
    with pytest.raises(UnreadableFileError):
        understand(engine, source)


def _shop(first: int, **more: list[object]) -> pa.Table:
    """Four rows of which the second has no customer, and the last of a customer who only brought back."""
    columns: dict[str, list[object]] = {
        "customer_id": [f"C{first}", None, "Both", f"R{first}"],
        "order_id": [f"O{first + place}" for place in range(4)],
        "order_date": [date(2024, 1, first)] * 4,
        "amount": [1.5, 2.0, 3.25, -1.0],
    }
    return pa.table(columns | more)


def _judged_both_ways(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    told = []
    for most in (source_table.MOST_KEPT, 0):
        monkeypatch.setattr(source_table, "MOST_KEPT", most)
        with Engine() as engine:
            lines = clean(engine, open_sources(engine, paths))
            tables = engine.backend.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            assert any(name.startswith("rows") for [name] in tables) == (most > 0)
            seen = overview(lines)
            told.append(
                (lines.ledger, lines.set_aside().frame().to_dict("list"),
                 customer_features(lines).values.fillna(-1).to_dict(),
                 seen.months.to_dict("list"), seen.cohorts.cells.to_dict("list"))
            )  # fmt: skip
    assert told[0] == told[1]
    aside = told[1][1]
    return list(zip(aside["file"], aside["line_number"], aside["reason"], strict=True))


def test_rows_are_the_same_kept_and_judged_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pq.write_table(_shop(1), tmp_path / "orders.parquet")
    places = _judged_both_ways([tmp_path / "orders.parquet"], monkeypatch)
    assert places == [("orders.parquet", 2, "no-customer"), ("orders.parquet", 4, "no-purchase")]


def test_rows_of_a_folder_judged_where_they_lie_keep_their_own_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for first in (1, 5, 9):
        pq.write_table(_shop(first), tmp_path / f"part {first}.parquet")
    places = _judged_both_ways([tmp_path], monkeypatch)
    assert places == [
        (f"part {first}.parquet", row, reason)
        for first in (1, 5, 9)
        for row, reason in ((2, "no-customer"), (4, "no-purchase"))
    ]


def test_a_column_called_as_duckdb_numbers_rows_stays_the_file_s_own(engine: Engine, tmp_path: Path):
    pq.write_table(_shop(1, File_Row_Number=[7, 8, 9, 10]), tmp_path / "orders.parquet")
    lines = clean(engine, open_sources(engine, [tmp_path / "orders.parquet"]))
    aside = lines.set_aside().frame()
    assert aside["line_number"].tolist() == [2, 4]
    assert aside["File_Row_Number"].tolist() == [8, 10]


@pytest.mark.parametrize("most_kept", [0, source_table.MOST_KEPT])
def test_a_file_that_changes_between_two_steps_is_said_to(
    most_kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(source_table, "MOST_KEPT", most_kept)
    path = tmp_path / "orders.parquet"
    pq.write_table(_shop(1), path)
    with Engine() as engine:
        opened = open_sources(engine, [path])
        pq.write_table(pa.concat_tables([_shop(1), _shop(11)]), path)
        with pytest.raises(TableChangedError, match=r"orders\.parquet changed"):
            clean(engine, opened)


@pytest.mark.parametrize(
    ("write", "said"),
    [(lambda path: pq.write_table(_shop(2), path), r"orders\.parquet changed"), (Path.unlink, "moved or removed")],
)
@pytest.mark.parametrize("ask", [customer_features, lambda lines: list(lines.set_aside().batches())])
def test_so_is_one_with_as_many_rows_as_before_or_none(
    ask: Callable[[OrderLines], object],
    write: Callable[[Path], object],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(source_table, "MOST_KEPT", 0)
    path = tmp_path / "orders.parquet"
    pq.write_table(_shop(1), path)
    with Engine() as engine:
        lines = clean(engine, open_sources(engine, [path]))
        ask(lines)
        write(path)
        with pytest.raises(TableChangedError, match=said):
            ask(lines)
