"""The rules as SQL: a CASE over the feature columns."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from core.segments.conditions import Bounds, Conjunction
from core.segments.rules import Rules

Dialect = Literal["duckdb", "bigquery", "snowflake", "postgres", "spark"]


def case(rules: Rules, dialect: Dialect = "duckdb") -> str:
    """The name of the first segment whose rule holds, the surest rule first; NULL where none does.

    Returns
    -------
    An expression to select from a table that has the features as columns, such as segments.csv. A missing value is
    NULL there. Column names are quoted identifiers and segment names string literals, both written by sqlglot, so that
    nothing in them is taken for SQL.
    """
    if not rules.in_order:
        return exp.null().sql(dialect)
    told = exp.Case()
    for each in rules.in_order:
        told = told.when(_either(each.any_of), exp.Literal.string(each.name))
    return told.sql(dialect, pretty=True)


def _either(any_of: tuple[Conjunction, ...]) -> exp.Condition:
    return exp.or_(*(_all(each) for each in any_of))


def _all(conjunction: Conjunction) -> exp.Condition:
    conditions = [each for bounds in conjunction.bounds for each in _conditions(bounds)]
    return exp.and_(*conditions) if conditions else exp.true()


def _conditions(bounds: Bounds) -> list[exp.Condition]:
    """What must all be true for the bounds to hold. A comparison with NULL is not true."""
    column = exp.column(exp.to_identifier(bounds.feature, quoted=True))
    missing = exp.Is(this=column.copy(), expression=exp.null())
    if bounds.unknown == "only":
        return [missing]
    within: list[exp.Condition] = []
    if bounds.over is not None:
        within.append(exp.GT(this=column.copy(), expression=_number(bounds.over)))
    if bounds.up_to is not None:
        within.append(exp.LTE(this=column.copy(), expression=_number(bounds.up_to)))
    if bounds.unknown == "too":
        return [exp.or_(exp.and_(*within), missing)]
    return within or [exp.Not(this=missing)]


def _number(value: float) -> exp.Condition:
    """A literal that is read back as the same number."""
    size = f"{abs(value):.15g}"
    if float(size) != abs(value):
        # With an exponent it is binary from the start; so many decimal digits may be rounded on the way.
        size = f"{abs(value):.17e}"
    literal = exp.Literal.number(size)
    return exp.Neg(this=literal) if value < 0 else literal
