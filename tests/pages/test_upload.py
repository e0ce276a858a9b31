"""The Upload page: what it shows of a reading, what it asks, and what it remembers."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from tests import wrong_inputs
from tests.pages.visiting import texts, with_file, workspace
from tests.test_customer_tables import shop
from ui import files

# 24 orders of 8 customers, in no order of time; no value shows which number is the day, or what the point means.
OPEN = "customer,order,date,amount,note\n" + "".join(
    f"C{n % 8},{n},{n * 5 % 12 + 1:02}/{n * 7 % 11 + 1:02}/2024,{n % 7 + 1}.{n + 100},thanks\n" for n in range(24)
)
# May 2024, so that the month must be the second number.
DAY_FIRST = "customer,order,date,amount,note\n" + "".join(
    f"C{n % 8},{n},{n + 1:02}/05/2024,{n % 7 + 1}.50,thanks\n" for n in range(24)
)
MONTH_FIRST = "customer,order,date,amount,note\n" + "".join(
    f"C{n % 8},{n},05/{n + 1:02}/2024,{n % 7 + 1}.50,thanks\n" for n in range(24)
)
DATE_QUESTION = "Which day is"
NUMBER_QUESTION = "Which number is"


def give(app: AppTest, text: str, name: str = "orders.csv") -> AppTest:
    with_file(app, name, text.encode())
    assert not app.exception
    return app


def plain(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def radio(app: AppTest, question: str) -> Any:
    return next(each for each in app.radio if each.label.startswith(question))


def asked(app: AppTest) -> list[str]:
    return [each.label.replace("\\", "").partition(",")[0] for each in app.radio]


def box(app: AppTest, label: str) -> Any:
    return next(each for each in app.selectbox if each.label == label)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_the_sentence_names_separator_encoding_dates_numbers_and_money(app: AppTest) -> None:
    rows = "".join(f"{n % 5};{n};{n + 1:02}.05.2024;1.0{n:02},50 €\n" for n in range(20))
    with_file(app, "käufe.csv", f"Kundennr.;Bestellnr.;Datum;Betrag\n{rows}".encode("cp1252"))
    (told,) = [each.value.replace("\\", "") for each in app.markdown if "semicolon" in each.value]
    assert told == (
        "**A table of orders, semicolon, Windows-1252, dates as day/month/year, decimal comma, euros.** "
        "käufe.csv, 20 rows."
    )
    shown = plain(app)
    assert "01.05.2024 → **1 May 2024**" in shown
    assert "1.000,50 € → **1,000.50**" in shown
    assert asked(app) == ["Returned goods"]


def test_files_that_differ_are_told_one_by_one_and_odd_rows_are_named(app: AppTest) -> None:
    first = wrong_inputs.orders()
    header, *rows = first.decode().replace(",", ";").replace("O", "P").splitlines()
    second = "\n".join([header, *rows[:3], rows[3] + ";more", *rows[4:]])
    app.file_uploader[0].set_value([("a.csv", first, "text/csv"), ("b.csv", second.encode(), "text/csv")])
    app.run()
    assert not app.exception
    shown = plain(app)
    assert "2 files, 60 rows" in shown
    assert "- a.csv: 30 rows, comma, UTF-8" in shown
    assert "- b.csv: 30 rows, semicolon, UTF-8" in shown
    assert "1 row of b.csv has more or fewer cells than the header (line 5)" in shown


def test_a_question_shows_what_each_answer_makes_of_a_value(app: AppTest) -> None:
    give(app, OPEN)
    assert asked(app) == ["Which day is 01/08/2024", "Which number is 1.100", "Returned goods"]
    assert radio(app, DATE_QUESTION).options == ["8 Jan 2024 (month first)", "1 Aug 2024 (day first)"]
    assert "nothing in the file speaks for the day first" in plain(app)
    before = metrics(app)

    radio(app, DATE_QUESTION).set_value("dmy").run()
    assert not app.exception
    assert metrics(app)["Last order"] != before["Last order"]
    # An answer can be taken back: the question stands as before.
    assert radio(app, DATE_QUESTION).options == ["8 Jan 2024 (month first)", "1 Aug 2024 (day first)"]
    assert radio(app, DATE_QUESTION).value == "dmy"
    radio(app, DATE_QUESTION).set_value("mdy").run()
    assert metrics(app) == before

    radio(app, NUMBER_QUESTION).set_value("comma").run()
    # By hand: the sum of (n mod 7 + 1) * 1000 + n + 100 over n = 0..23 is 90,000 + 2,676.
    assert metrics(app)["Revenue"] == "92.7k"


def test_what_the_file_shows_is_not_asked(app: AppTest) -> None:
    give(app, DAY_FIRST)
    assert asked(app) == ["Returned goods"]
    assert metrics(app)["Last order"] == "24 May 2024"


def test_one_choice_switches_the_currency(app: AppTest) -> None:
    rows = "".join(f"C{n % 6},2024-03-{n + 1:02},10.00,{'EUR' if n % 3 == 0 else 'USD'}\n" for n in range(24))
    give(app, f"customer,date,amount,currency\n{rows}")
    assert radio(app, "Which currency").options == ["USD (16 rows)", "EUR (8 rows)"]
    assert metrics(app)["Revenue"] == "160 USD"
    radio(app, "Which currency").set_value("EUR").run()
    assert metrics(app)["Revenue"] == "80 EUR"
    assert radio(app, "Which currency").options == ["USD (16 rows)", "EUR (8 rows)"]


def test_exact_copies_can_be_left_out(app: AppTest) -> None:
    content = wrong_inputs.orders().decode()
    give(app, content)
    assert not app.toggle
    give(app, content + content.splitlines()[1] + "\n")
    assert app.toggle[0].label == "Leave out 1 row that is an exact copy of another"
    app.toggle[0].set_value(True).run()
    assert files.lines(workspace(app)).ledger.used.rows == 30
    assert app.toggle[0].value
    app.toggle[0].set_value(False).run()
    assert files.lines(workspace(app)).ledger.used.rows == 31


def test_a_wrong_choice_is_explained_and_can_be_taken_back(app: AppTest) -> None:
    give(app, DAY_FIRST)
    before = metrics(app)
    box(app, "Amount paid").set_value("note").run()
    assert not app.exception
    assert [error.value.replace("\\", "") for error in app.error] == [
        "None of the 24 rows can be used. The most frequent reason, for 24 rows: the amount is not a number."
    ]
    assert "thanks → **no number**" in plain(app)
    assert "01/05/2024 → **1 May 2024**" in plain(app)
    box(app, "Amount paid").set_value("amount").run()
    assert not app.error
    assert metrics(app) == before


def test_a_column_taken_away_is_named_as_missing(app: AppTest) -> None:
    give(app, DAY_FIRST)
    box(app, "Order date").set_value("").run()
    assert not app.exception
    assert len(app.error) == 1
    assert box(app, "Order date").value == ""
    box(app, "Order date").set_value("date").run()
    assert metrics(app)["Last order"] == "24 May 2024"


def test_every_role_can_be_given_a_column_and_others_follow(app: AppTest) -> None:
    give(app, DAY_FIRST.replace("note", "who"))
    box(app, "City").set_value("who").run()
    assert files.lines(workspace(app)).recognition.columns["city"] == "who"
    # What was found for a role is not pinned by a choice for another.
    assert dict(workspace(app).cleaning.columns) == {"city": "who"}


def test_rows_set_aside_are_found_by_text_and_reason(app: AppTest) -> None:
    content = wrong_inputs.orders(
        customer_id=lambda row: "" if row < 3 else f"C{row % 10}", amount=lambda row: "free" if row == 7 else "2.50"
    )
    give(app, content.decode())
    shown = app.dataframe[1].value
    assert shown["line_number"].tolist() == ["2", "3", "4", "9"]
    assert shown["why"].tolist() == ["No customer"] * 3 + ["The amount is not a number"]
    assert "" in shown["customer_id"].tolist()
    app.text_input[0].set_value("FREE").run()
    assert app.dataframe[1].value["line_number"].tolist() == ["9"]
    app.text_input[0].set_value("no such thing").run()
    assert len(app.dataframe) == 1
    assert "No row set aside is like that" in texts(app)
    app.text_input[0].set_value("").run()
    box(app, "Reason").set_value("no-customer").run()
    assert app.dataframe[1].value["line_number"].tolist() == ["2", "3", "4"]


def test_the_same_columns_get_the_same_answers(app: AppTest) -> None:
    give(app, OPEN)
    box(app, "City").set_value("note").run()
    radio(app, DATE_QUESTION).set_value("dmy").run()
    radio(app, NUMBER_QUESTION).set_value("comma").run()
    radio(app, "Returned goods").set_value("ignore").run()
    answered = metrics(app)

    give(app, OPEN.replace("thanks", "gladly"), "next month.csv")
    assert "as you chose for a file with the same columns" in texts(app)
    assert metrics(app) == answered
    assert box(app, "City").value == "note"
    assert (radio(app, DATE_QUESTION).value, radio(app, NUMBER_QUESTION).value) == ("dmy", "comma")
    assert radio(app, "Returned goods").value == "ignore"

    next(button for button in app.button if button.label == "Start fresh").click().run()
    assert not app.exception
    assert "as you chose" not in texts(app)
    assert box(app, "City").value == ""
    assert (radio(app, DATE_QUESTION).value, radio(app, "Returned goods").value) == ("mdy", "net")
    give(app, OPEN)
    assert "as you chose" not in texts(app)


def test_an_answer_is_not_forced_on_a_file_that_shows_another(app: AppTest) -> None:
    give(app, OPEN)
    radio(app, DATE_QUESTION).set_value("dmy").run()
    give(app, MONTH_FIRST)
    assert "as you chose" in texts(app)
    assert metrics(app)["Last order"] == "24 May 2024"
    assert not [label for label in asked(app) if label.startswith(DATE_QUESTION)]


def test_other_columns_get_no_answers_and_forgetting_forgets_them(app: AppTest) -> None:
    give(app, OPEN)
    radio(app, "Returned goods").set_value("as-is").run()
    give(app, OPEN.replace("note", "remark"))
    assert "as you chose" not in texts(app)
    assert radio(app, "Returned goods").value == "net"
    app.button(key="forget").click().run()
    assert workspace(app).remembered == {}
    give(app, OPEN)
    assert radio(app, "Returned goods").value == "net"


def test_what_was_said_of_one_column_is_not_said_of_another(app: AppTest) -> None:
    give(app, OPEN.replace("note", "paid on").replace("thanks", "2024-05-06"))
    radio(app, DATE_QUESTION).set_value("dmy").run()
    box(app, "Order date").set_value("paid on").run()
    assert workspace(app).cleaning.date_order is None
    assert not [label for label in asked(app) if label.startswith(DATE_QUESTION)]
    assert metrics(app)["Last order"] == "6 May 2024"


def test_a_customer_table_is_asked_nothing_of_orders(app: AppTest) -> None:
    give(app, shop(), "customers.csv")
    assert not app.radio
    assert not app.toggle
    assert "A table of customers, comma, UTF-8" in plain(app)
    assert "Order date" in [each.label for each in app.selectbox]
