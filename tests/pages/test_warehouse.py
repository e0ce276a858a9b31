"""The Upload page's way to tables of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.browser.driving import PROJECT
from tests.pages.test_pages import texts, workspace


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute(
            "CREATE TABLE \"orders; DROP TABLE x --\" AS SELECT 'c' || range % 9 AS customer, "
            "DATE '2024-01-01' + range::INT AS day, range % 7 + 0.5 AS amount FROM range(90)"
        )
        database.execute("CREATE TABLE private AS SELECT 1 AS salary")
    return file


def opened(shop: Path | None, **more: object) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    if shop is not None:
        tables = ["orders; DROP TABLE x --", "missing"]
        app.secrets["connections"] = {
            "Our shop": {"url": f"duckdb://{shop}", "tables": tables, "password": "sesame", **more}
        }
    return app.run()


@pytest.fixture
def app(shop: Path) -> Iterator[AppTest]:
    app = opened(shop)
    yield app
    workspace(app).forget()


def box(app: AppTest, label: str) -> object:
    return next(each for each in app.selectbox if each.label == label)


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_there_is_no_tab_where_nothing_was_named():
    app = opened(None)
    assert "Your warehouse" not in [tab.label for tab in app.tabs]


def test_a_table_is_looked_at_then_brought(app: AppTest, shop: Path):
    assert "Your warehouse" in [tab.label for tab in app.tabs]
    assert [name.replace("\\", "") for name in box(app, "Table").options] == ["orders; DROP TABLE x --", "missing"]
    press(app, "look at table")
    assert "90" in [metric.value for metric in app.metric]
    press(app, "bring table")
    assert not app.exception
    assert workspace(app).source.rows == 90
    assert "brought here" in texts(app)
    assert "sesame" not in texts(app)
    # Nobody holds the file any more.
    with duckdb.connect(str(shop)) as database:
        database.execute("DROP TABLE private")


def test_what_cannot_be_read_is_said(app: AppTest):
    box(app, "Table").select_index(1).run()
    press(app, "look at table")
    assert "There is no duckdb table" in texts(app).replace("\\", "")


def test_more_rows_than_allowed_are_not_brought(shop: Path):
    app = opened(shop, most_rows=50)
    press(app, "look at table")
    assert "more than the 50 rows" in texts(app)
    assert not [button for button in app.button if button.key == "bring table"]


def test_a_connection_that_cannot_be_used_is_said_without_its_address(shop: Path):
    app = opened(shop, url="nosuch://ann:sesame@host")
    assert "Our shop" in texts(app).replace("\\", "")
    assert "sesame" not in texts(app)
    assert "Your warehouse" not in [tab.label for tab in app.tabs]
