from __future__ import annotations

import subprocess
import sys

import pytest

from charts import report
from tests.charts import shops


def test_six_charts_for_a_file_with_money_and_dates():
    figures = report.figures(shops.swept(), shops.advice(), shops.segmentation())
    assert list(figures) == ["elbow", "silhouette", "customers", "mean_revenue", "shares", "recency"]
    for spec in figures.values():
        assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/v6")
        assert spec["width"] == report.WIDTH
        assert spec["background"] == "transparent"
        assert spec["description"]


@pytest.mark.parametrize(("money", "dates"), [(False, True), (True, False), (False, False)])
def test_what_the_file_cannot_give_is_left_out(money: bool, dates: bool):
    figures = report.figures(
        shops.swept(), shops.advice(), shops.segmentation(features=shops.shop(money=money, dates=dates))
    )
    assert ("mean_revenue" in figures) == ("shares" in figures) == money
    assert ("recency" in figures) == dates


def test_the_command_line_does_not_wait_for_plotly():
    code = "import sys, charts.report; sys.exit('plotly' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
