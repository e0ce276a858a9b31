"""What the Features page says of a file's measures, without a browser."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.pages.visiting import texts, visit, with_file
from ui import navigation
from ui.widgets import plain


def orders() -> bytes:
    """40 customers with an order of 40 to 79 each but for the first, who spent 100,000. There are no quantities."""
    rows = [f"C{n:02},O{n},2024-0{1 + n % 6}-{1 + n % 28:02},{100_000 if n == 0 else 40 + n}" for n in range(40)]
    return "\n".join(["customer id,order id,date,amount", *rows]).encode()


def test_one_customer_who_stands_far_out_and_what_is_usual(app: AppTest) -> None:
    visit(with_file(app, "orders.csv", orders()), navigation.FEATURES)
    assert not app.exception
    assert "**1 customer** stands far out" in texts(app)
    ranges = next(each.value for each in app.dataframe if "Usual range" in each.value)["Usual range"]
    assert len(ranges)
    assert all(each.startswith("41 to ") for each in ranges)  # nobody spent less, wherever the fence is


def test_a_usual_feature_that_the_file_cannot_give_is_said_to_be_left_out(app: AppTest) -> None:
    visit(with_file(app, "orders.csv", orders()), navigation.FEATURES)
    assert plain("Total quantity is left out: the file has no column for quantity.") in texts(app)
    next(button for button in app.button if button.label == "RFM").click().run()
    assert "is left out" not in texts(app)
