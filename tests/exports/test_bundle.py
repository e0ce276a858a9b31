"""rules.json, run against the table that is written beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.commands import run

PHARMACY = Path(__file__).resolve().parents[2] / "sample_data" / "pharmacy_sales.csv.gz"


def test_rules_json_gives_the_customers_of_segments_csv_the_segments_that_it_says(tmp_path: Path):
    ran = run("segment", PHARMACY, "--k", 3, "--k-max", 3, "--rules", "--out", tmp_path, "--json")
    assert ran.code == 0
    told = json.loads((tmp_path / "rules.json").read_text("utf-8"))
    customers = pd.read_csv(tmp_path / "segments.csv")
    assert told["customers"] == len(customers)
    assert [each["name"] for each in told["segments"]] == [each["name"] for each in ran.told["segments"]]
    assert set(told["sql"]) == {"duckdb", "bigquery", "snowflake", "postgres", "spark"}

    with duckdb.connect(config={"autoinstall_known_extensions": False}) as database:
        database.register("customers", customers)
        labelled = database.execute(f"SELECT segment_name, {told['sql']['duckdb']} AS found FROM customers").fetch_df()
    assert (labelled["segment_name"] == labelled["found"]).sum() == told["right"]
    assert told["right"] / len(customers) > 0.85

    for each in told["segments"]:
        held = pd.Series(False, index=customers.index)
        for conjunction in each["any_of"]:
            within = pd.Series(True, index=customers.index)
            for bounds in conjunction:
                assert bounds["unknown"] == "no"
                column = customers[bounds["feature"]]
                within &= column.gt(bounds["over"]) if bounds["over"] is not None else True
                within &= column.le(bounds["up_to"]) if bounds["up_to"] is not None else True
            held |= within
        own = customers["segment"] == each["segment"]
        assert (held.sum(), (held & own).sum(), own.sum()) == (each["found"], each["right"], each["customers"])
        assert each["precision"] == pytest.approx((held & own).sum() / held.sum())
        assert each["recall"] == pytest.approx((held & own).sum() / own.sum())
        assert each["conditions"] <= 4

    again = run("segment", PHARMACY, "--k", 3, "--k-max", 3, "--out", tmp_path)
    assert again.code == 0
    assert not (tmp_path / "rules.json").exists()


def test_the_report_tells_months_and_the_products_that_sell_best(tmp_path: Path):
    """Against pandas on the file itself."""
    assert run("segment", PHARMACY, "--preset", "article", "--k", 3, "--k-max", 3, "--out", tmp_path).code == 0
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", report)]
    told = {re.sub("<[^>]+>", "", row[0]): row[1:] for row in rows if row}
    lines = pd.read_csv(PHARMACY)
    for month, part in lines.groupby(lines["order_date"].str[:7]):
        orders, customers, _ = told[f"{pd.Timestamp(month):%b %Y}"]
        assert orders == f"{part['order_number'].nunique():,}"
        assert customers == f"{part['customer_number'].nunique():,}"
    revenue = lines.groupby("item_number")["revenue"].sum().sort_values(ascending=False)
    best = [name for name in told if re.fullmatch(r"KE\d{4}", name)]
    assert best == revenue.index[:10].tolist()
    buyers = lines.groupby("item_number")["customer_number"].nunique()
    assert [told[name][0] for name in best] == [f"{buyers[name]:,}" for name in best]
    assert "990 others" in told
