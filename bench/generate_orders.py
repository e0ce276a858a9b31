"""Order lines for the benchmarks at scale, made by DuckDB: the same for the same number of lines."""

from __future__ import annotations

from pathlib import Path

import duckdb

LINES_A_CUSTOMER = 20
_AN_ORDER = 2

# A customer's luck in ordering and in spending is drawn from her number: some order often and much, most rarely.
_LINES = """
SELECT 'C' || lpad(customer::VARCHAR, 9, '0') AS customer_id,
       'O' || place::VARCHAR AS order_id,
       DATE '2023-01-01' + (730 * line / {lines})::INTEGER AS order_date,
       (1 + hash(line, 3) % 5)::INTEGER AS quantity,
       round(exp(2 + (hash(customer, 4) % 1000) / 500.0 + (hash(line, 5) % 1000) / 700.0), 2) AS amount
FROM (
    SELECT line, line // {an_order} AS place,
           (pow((hash(line // {an_order}, 1) % 1000000007) / 1000000007.0, 1.6) * {customers})::BIGINT AS customer
    FROM range({lines}) AS numbered(line)
)
"""


def order_lines(lines: int, path: Path) -> Path:
    """A file with so many order lines of a twentieth as many customers; Parquet or CSV, by its ending."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        query = _LINES.format(lines=lines, an_order=_AN_ORDER, customers=lines // LINES_A_CUSTOMER)
        part = path.with_suffix(".part")
        kind = "(FORMAT parquet)" if path.suffix == ".parquet" else "(FORMAT csv, HEADER)"
        with duckdb.connect() as database:
            database.execute("SET memory_limit = '2GB'")
            database.execute(f"COPY ({query}) TO '{part}' {kind}")
        part.rename(path)
    return path
