from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import cluster
from core.engine import Engine
from core.segments.conditions import Bounds, Conjunction
from core.segments.rules import Rules, SegmentRule, rules
from core.segments.rules_sql import Dialect, case
from core.segments.segmentation import segment
from tests.segments.builders import customers

HOSTILE = "a'b''\\'c\"`;\n-- /* */ ${x} {{y}} ') OR 1=1 --"
ODD_COLUMN = 'Spent "in all"; DROP TABLE t; -- `\\\''


def one_rule(name: str, *bounds: Bounds) -> Rules:
    told = SegmentRule(1, name, (Conjunction(bounds),), customers=1, found=1, right=1)
    return Rules((told,), None, customers=1, studied=1, right=1)


def run(engine: Engine, expression: str, values: pd.DataFrame) -> list[str | None]:
    """What DuckDB makes of the expression, a missing value being NULL."""
    table = values.astype(object).where(values.notna(), None)
    engine.backend.raw_sql("DROP TABLE IF EXISTS rule_test")
    names = ", ".join('"' + name.replace('"', '""') + '" DOUBLE' for name in table.columns)
    engine.backend.raw_sql(f"CREATE TEMP TABLE rule_test (place INTEGER, {names})")
    marks = ", ".join("?" * (table.shape[1] + 1))
    engine.backend.con.executemany(
        f"INSERT INTO rule_test VALUES ({marks})",
        [[place, *row] for place, row in enumerate(table.itertuples(index=False, name=None))],
    )
    rows = engine.backend.con.execute(f"SELECT {expression} FROM rule_test ORDER BY place").fetchall()
    return [row[0] for row in rows]


def test_duckdb_gives_the_labels_of_the_rules(engine: Engine):
    random = np.random.default_rng(8)
    n = 400
    features = customers({
        "total_revenue": random.lognormal(5, 1, n).round(2),
        "recency_days": random.integers(0, 300, n).astype(float),
        "days_between_orders": np.where(random.random(n) < 0.4, np.nan, random.exponential(30, n)),
        ODD_COLUMN: random.normal(0, 1e-7, n),
    })  # fmt: skip
    preparation = prepare(features.values, features.names, PreparationOptions())
    fit = cluster(preparation.fit_matrix(features.values), 4, seed=1)
    segmentation = segment(features, preparation, fit, {1: HOSTILE, 2: "It's"})
    told = rules(segmentation)
    names = {0: None} | {each.number: each.name for each in segmentation.segments}

    labels = run(engine, case(told, "duckdb"), features.values)

    assert labels == [names[number] for number in told.labels(features.values)]
    assert len(set(labels)) >= 4


@pytest.mark.parametrize(
    "bounds",
    [
        Bounds("x", over=1), Bounds("x", up_to=1), Bounds("x", over=0, up_to=1), Bounds("x", up_to=0, unknown="too"),
        Bounds("x", unknown="only"), Bounds("x"), Bounds("x", over=-2.5), Bounds("x", up_to=0.1 + 0.2),
        Bounds("x", over=1e22), Bounds("x", up_to=-1e-12), Bounds("x", up_to=123456.78901234567),
    ],
)  # fmt: skip
def test_each_condition_means_the_same_to_duckdb(engine: Engine, bounds: Bounds):
    edges = [bound for bound in (bounds.over, bounds.up_to) if bound is not None]
    around = [np.nextafter(edge, end) for edge in edges for end in (-np.inf, np.inf)]
    values = pd.DataFrame({"x": [*edges, *around, -3.0, 0.0, 0.5, 1.0, 2.0, 1e300, np.nan]})
    held = bounds.holds(values["x"].to_numpy())
    assert run(engine, case(one_rule("yes", bounds)), values) == ["yes" if each else None for each in held]


def test_without_conditions_everyone_and_without_rules_nobody(engine: Engine):
    values = pd.DataFrame({"x": [1.0, np.nan]})
    assert run(engine, case(one_rule("all")), values) == ["all", "all"]
    empty = Rules((SegmentRule(1, "none", (), 0, 0, 0),), None, customers=0, studied=0, right=0)
    assert run(engine, case(empty), values) == [None, None]


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_names_are_only_ever_names(dialect: Dialect):
    told = one_rule(HOSTILE, Bounds(ODD_COLUMN, over=1.5), Bounds("b", up_to=-2, unknown="too"))
    statements = sqlglot.parse(f"SELECT {case(told, dialect)} FROM t", read=dialect)
    assert len(statements) == 1
    parsed = statements[0]
    assert {literal.this for literal in parsed.find_all(exp.Literal)} == {HOSTILE, "1.5", "2"}
    assert {(column.name, column.this.quoted) for column in parsed.find_all(exp.Column)} == {
        (ODD_COLUMN, True), ("b", True),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("duckdb", """CASE WHEN "total_revenue" > 640 THEN 'O''Neil' END"""),
        ("postgres", """CASE WHEN "total_revenue" > 640 THEN 'O''Neil' END"""),
        ("snowflake", """CASE WHEN "total_revenue" > 640 THEN 'O\\'Neil' END"""),
        ("bigquery", """CASE WHEN `total_revenue` > 640 THEN 'O\\'Neil' END"""),
        ("spark", """CASE WHEN `total_revenue` > 640 THEN 'O\\'Neil' END"""),
    ],
)
def test_each_dialect_quotes_in_its_own_way(dialect: Dialect, sql: str):
    assert " ".join(case(one_rule("O'Neil", Bounds("total_revenue", over=640)), dialect).split()) == sql
