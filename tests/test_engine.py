"""What the engine promises of memory; what it computes is tested where it is used."""

from __future__ import annotations

import ibis
import pytest

from core.engine import Engine


def held(engine: Engine) -> int:
    found = engine.backend.raw_sql("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
    return int(found[0][0])


@pytest.mark.parametrize("limit", ["1GB", None])
def test_at_rest_it_holds_little_and_loses_nothing(limit: str | None) -> None:
    with Engine(limit) as engine:
        numbers = ibis.range(0, 2_000_000).unnest().name("n").as_table()
        kept = engine.keep(numbers.mutate(text=ibis._.n.cast("string").rpad(64, "x")), "rows")
        before = held(engine)
        engine.rest()
        assert before > 100e6
        if limit is not None:
            assert held(engine) < 70e6
        assert engine.backend.to_pyarrow(kept.aggregate(n=kept.n.sum(), texts=kept.text.nunique())).to_pylist() == [
            {"n": 2_000_000 * 1_999_999 // 2, "texts": 2_000_000}
        ]
        settings = "SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'"
        if limit is not None:
            assert engine.backend.raw_sql(settings).fetchall()[0][0] == "953.6 MiB"
