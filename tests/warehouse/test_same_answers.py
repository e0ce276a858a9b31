"""DuckDB, PostgreSQL and Spark give the same ledger, features and segments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from core.analysis import MOST_IN_MEMORY, SegmentOptions, analyse
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import sweep
from core.engine import Engine
from core.exports import bundle
from core.exports.takeaway import Wanted
from core.features.catalog import DEFAULT
from core.features.engineering import customer_features
from core.orders.cleaning import OrderLines
from core.orders.ledger import Ledger
from core.orders.source import open_sources
from core.orders.understanding import understand
from core.warehouse.address import Address, address
from core.warehouse.connecting import Terms
from tests.warehouse.conftest import Postgres, Spark

SHOPS = ("pharmacy", "grocery", "online_retail")


@dataclass(frozen=True)
class Answers:
    ledger: Ledger
    orders: int
    set_aside: pd.DataFrame
    features: pd.DataFrame
    contacts: pd.DataFrame
    labels: np.ndarray
    notes: tuple[str, ...]


def answers(source: Path | Address, terms: Terms = Terms()) -> Answers:  # noqa: B008
    with Engine("1GB") as engine:
        lines = understand(engine, open_sources(engine, [source], terms=terms))
        assert isinstance(lines, OrderLines)
        found = customer_features(lines)
        matrix = prepare(found.values, DEFAULT, PreparationOptions()).fit_matrix(found.values)
        labels = sweep(matrix, k_max=4).fits[4].labels
        aside = lines.set_aside().frame() if lines.ledger.set_aside else pd.DataFrame()
        return Answers(lines.ledger, lines.orders, aside, found.values, found.contacts, labels, lines.source.notes)


@pytest.fixture(scope="module")
def here(typed: dict[str, Path]) -> dict[str, Answers]:
    """What the Parquet files say, read by DuckDB."""
    return {name: answers(path) for name, path in typed.items()}


def assert_same(found: Answers, expected: Answers) -> None:
    assert found.ledger == expected.ledger
    assert found.orders == expected.orders
    assert list(found.features.index) == list(expected.features.index)
    assert list(found.features.columns) == list(expected.features.columns)
    np.testing.assert_allclose(found.features.to_numpy(), expected.features.to_numpy(), rtol=1e-9, atol=1e-9)
    assert (found.labels == expected.labels).all()
    pd.testing.assert_frame_equal(found.contacts, expected.contacts)
    assert len(found.set_aside) == len(expected.set_aside)
    if len(expected.set_aside):
        own = [name for name in expected.set_aside.columns if name not in {"file", "line_number"}]
        assert found.set_aside["line_number"].isna().all()
        ours, theirs = (_sorted_text(frame[own]) for frame in (found.set_aside, expected.set_aside))
        pd.testing.assert_frame_equal(ours, theirs)


def _sorted_text(frame: pd.DataFrame) -> pd.DataFrame:
    texts = pd.DataFrame({name: [_text(value) for value in frame[name]] for name in frame.columns})
    return texts.sort_values(list(frame.columns)).reset_index(drop=True)


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("bring", [False, True], ids=["there", "brought"])
def test_postgres(shop: str, bring: bool, postgres: Postgres, typed: dict[str, Path], here: dict[str, Answers]):
    if shop not in typed:
        pytest.skip("the real data is not at hand")
    if not postgres.run(f"SELECT 1 FROM pg_tables WHERE tablename = '{shop}'"):
        postgres.load(shop, typed[shop])
    found = answers(address(postgres.url(shop)), Terms(bring=bring))
    assert ("brought here" in found.notes[0]) == bring
    assert_same(found, here[shop])
    assert postgres.connections() == 0


@pytest.mark.parametrize("shop", SHOPS)
def test_spark(shop: str, spark: Spark, typed: dict[str, Path], here: dict[str, Answers]):
    if shop not in typed:
        pytest.skip("the real data is not at hand")
    found = answers(address(spark.url(typed[shop])))
    assert "done there" in found.notes[0]
    assert_same(found, here[shop])


def test_spark_connect(spark_connect: str, typed: dict[str, Path], here: dict[str, Answers]):
    found = answers(address(f"{spark_connect}{typed['pharmacy']}"))
    assert "done there" in found.notes[0]
    assert_same(found, here["pharmacy"])


@pytest.mark.parametrize("shop", SHOPS)
def test_a_duckdb_file(shop: str, tmp_path: Path, typed: dict[str, Path], here: dict[str, Answers]):
    if shop not in typed:
        pytest.skip("the real data is not at hand")
    file = tmp_path / "it's a shop.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute(f"CREATE TABLE orders AS FROM read_parquet('{typed[shop]}')")
    assert_same(answers(address(f"duckdb://{file}/orders")), here[shop])


@pytest.mark.parametrize("server", ["postgres", pytest.param("spark", marks=pytest.mark.proof)])
def test_customers_who_stay_get_the_same_segments(
    server: str, request: pytest.FixtureRequest, typed: dict[str, Path], tmp_path: Path
):
    """All from lines to lists, as of a million customers and more, against the same in memory from the file."""
    data = request.getfixturevalue(server)
    if server == "postgres" and not data.run("SELECT 1 FROM pg_tables WHERE tablename = 'pharmacy'"):
        data.load("pharmacy", typed["pharmacy"])
    source = address(data.url("pharmacy" if server == "postgres" else typed["pharmacy"]))
    options = SegmentOptions(k=4)
    for name, given, most in (("there", source, 0), ("here", typed["pharmacy"], MOST_IN_MEMORY)):
        with Engine("1GB") as engine:
            lines = understand(engine, open_sources(engine, [given]))
            analysis = analyse(lines, options, engine=engine, most_in_memory=most)
            assert (analysis.everyone is not None) == (name == "there")
            bundle.write(analysis, tmp_path / name, {}, Wanted(control_share=0.1))
    for file in ("segments.csv", "summary.csv", "sweep.csv"):
        found, expected = (pd.read_csv(tmp_path / name / file) for name in ("there", "here"))
        pd.testing.assert_frame_equal(found, expected, rtol=1e-9, atol=1e-9, check_dtype=False)
