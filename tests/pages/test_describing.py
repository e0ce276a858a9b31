"""Rules, SQL and classic groups on the Explore page."""

from __future__ import annotations

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.segments.rules_sql import case
from tests.pages.visiting import HOSTILE, texts, visit, with_file, with_sample, workspace
from ui import navigation, services
from ui.widgets import plain

OPENED = ("rules in words", "rules as SQL", "classic groups")
ASKED = ("rules", "classic groups")


def opened(app: AppTest) -> AppTest:
    for key in OPENED:
        app.session_state[key] = True
    return app.run()


def test_what_is_asked_for_is_told(app: AppTest) -> None:
    visit(with_sample(app), navigation.EXPLORE)
    here = workspace(app)
    assert not [key for key in here._answers if key[0] in ASKED]
    charts = len(app.get("plotly_chart"))

    opened(app)

    assert not app.exception
    assert len([key for key in here._answers if key[0] in ASKED]) == 2
    assert len(app.get("plotly_chart")) == charts + 1
    found, told = services.rules(here), texts(app)
    for rule in found.segments:
        assert plain(rule.in_words(found.currency)) in told
        assert plain(rule.verdict()) in told
    assert [block.value for block in app.code] == [case(found, "duckdb")]
    crosswalk = services.classic_groups(here)
    assert all(plain(words) in told for words in crosswalk.in_words())

    (database,) = [each for each in app.selectbox if each.label == "Database"]
    database.set_value("bigquery").run()
    assert [block.value for block in app.code] == [case(found, "bigquery")]
    assert "`total_" in app.code[0].value


def test_columns_of_a_customer_table_are_plain_text(app: AppTest) -> None:
    spent = f"spent {HOSTILE.replace(',', '')}"
    table = pd.DataFrame({"customer_id": [f"C{row:03}" for row in range(40)], spent: [1.5, 90.5] * 20})
    table["visits"] = range(40)
    with_file(app, "customers.csv", table.to_csv(index=False).encode())
    visit(app, navigation.EXPLORE)
    opened(app)
    assert not app.exception
    told = texts(app)
    assert "<script>" not in told
    assert "[link](" not in told
    assert "classic" not in told
