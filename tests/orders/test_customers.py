"""A file with one row a customer: told from files of orders, its columns read, its rows accounted for."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from core.engine import Engine
from core.errors import AmbiguousInputError, NoCustomerColumnError, NoDateColumnError
from core.features.engineering import available, customer_features
from core.orders.cleaning import CleaningOptions, OrderLines
from core.orders.customers import CustomerTable
from core.orders.source import open_sources
from core.orders.understanding import Understood, understand

Read = Callable[..., Understood]
SURVEY = "id,age,income k$,spending score\n1,19,15,39\n2,21,15,81\n3,20,16,6\n4,23,16,77\n"


@pytest.fixture
def read(engine: Engine, tmp_path: Path) -> Read:
    def read(*texts: str, **options: object) -> Understood:
        paths = []
        for number, text in enumerate(texts):
            paths.append(tmp_path / f"file {number}.csv")
            paths[-1].write_text(text, encoding="utf-8")
        return understand(engine, open_sources(engine, paths), CleaningOptions(**options))  # type: ignore[arg-type]

    return read


def table(understood: Understood) -> CustomerTable:
    assert isinstance(understood, CustomerTable)
    return understood


def measures(understood: Understood) -> list[str]:
    return [each.header for each in table(understood).measures]


def test_numbers_are_features_under_their_own_headers(read: Read):
    found = table(read(SURVEY))
    assert dict(found.recognition.columns) == {"customer_id": "id"}
    assert [each.name for each in available(found)] == ["age", "income k$", "spending score"]
    features = customer_features(found)
    assert features.values.to_dict("index") == {
        "1": {"age": 19, "income k$": 15, "spending score": 39},
        "2": {"age": 21, "income k$": 15, "spending score": 81},
        "3": {"age": 20, "income k$": 16, "spending score": 6},
        "4": {"age": 23, "income k$": 16, "spending score": 77},
    }
    assert (features.reference_date, features.currency, features.repeated) == (None, None, ())
    assert features.contacts.empty
    assert (found.orders, found.revenue, found.first_order, found.last_order) == (None, None, None, None)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("customer,amount\n" + "A,5\nB,6\nC,7\nA,8\n" * 5, "customers come again: lines without a date"),
        ("customer,order id,amount\nA,1,5\nB,2,6\nC,3,7\n", "orders without a date"),
        ("customer,city\nA,York\nB,Hull\nC,Leeds\n", "nothing to compare by"),
        ("customer,visits\nA,3\nB,3\nC,3\n", "all alike"),
        ("customer,phone,zip,card number\nA,49123,01234,881\nB,49124,01235,882\nC,49125,01236,883\n", "ids alone"),
    ],
)
def test_what_is_no_table_of_customers_is_refused_as_before(read: Read, text: str, what: str):
    with pytest.raises(NoDateColumnError):
        read(text)


def test_a_table_of_products_or_of_nobody_is_no_table_of_customers(read: Read):
    for text in ("id,sku,price,stock\n1,A1,5.00,3\n2,B1,6.00,4\n3,C1,7.50,9\n", "age,income\n1,20\n2,30\n3,50\n"):
        with pytest.raises(NoCustomerColumnError):
            read(text)


def test_orders_stay_orders_even_where_everyone_bought_once(read: Read):
    assert isinstance(read("customer,date,amount\nA,2024-01-05,5\nB,2024-01-06,6\nC,2024-01-07,7\n"), OrderLines)
    assert isinstance(read("email,when,amount\na@x.com,2024-01-05,5\nb@x.com,2024-01-06,6\n"), OrderLines)


@pytest.mark.parametrize("header", ["Birthday", "Member since", "Last order date", "letzte Bestellung", "Signup date"])
def test_a_day_in_a_customers_life_makes_no_order_of_her(read: Read, header: str):
    rows = "".join(f"C{day},2024-03-{day:02},{day * 7 % 11},{day}.50\n" for day in range(1, 20))
    found = read(f"customer id,{header},visits,total spent\n{rows}")
    assert measures(found) == ["visits", "total spent"]
    chosen = read(f"customer id,{header},visits,total spent\n{rows}", columns={"order_date": header})
    assert isinstance(chosen, OrderLines)


def test_the_same_header_over_lines_of_orders_changes_nothing(read: Read):
    rows = "".join(f"C{day % 5},2024-03-{day:02},{day}.50\n" for day in range(1, 20))
    assert isinstance(read(f"customer id,last order date,total spent\n{rows}"), OrderLines)


@pytest.mark.parametrize(
    ("header", "customer"),
    [
        ("Customer ID,Email", "Customer ID"),
        ("Client type,Email", "Email"),
        ("Name,Note", "Name"),
        ("Respondent ID,Note", "Respondent ID"),
        ("ID,Name", "ID"),
    ],
)
def test_who_the_customer_is(read: Read, header: str, customer: str):
    kinds = {"Email": "x{}@example.com", "Note": "liked number {}", "Client type": "new"}
    cells = [kinds.get(name, f"{name[0]}{{}}") for name in header.split(",")]
    rows = "".join(",".join(cell.format(n) for cell in cells) + f",{n % 7}\n" for n in range(20))
    found = table(read(f"{header},visits\n{rows}"))
    assert found.recognition.columns["customer_id"] == customer
    assert len(customer_features(found)) == 20


def test_a_column_that_is_chosen_as_the_customer_stands(read: Read):
    found = table(read("key a,key b,visits\nA,U,1\nB,V,2\nC,W,3\n", columns={"customer_id": "key b"}))
    assert customer_features(found).values.index.tolist() == ["U", "V", "W"]


CONTACTS = """customer id,E-Mail,First name,Phone,Zip,Loyalty card no,Store code,visits
00017,Ann@example.com,Ann,441234,01067,88123,7,3
00018,bo@example.com,Bo,441235,10115,88124,8,4
00019,,Cy,441236,80331,88125,9,9
"""


def test_ids_and_contacts_are_kept_and_measure_nothing(read: Read):
    found = table(read(CONTACTS))
    assert measures(found) == ["visits"]
    contacts = customer_features(found).contacts.fillna("")
    assert contacts.loc["00017"].to_dict() == {
        "email": "Ann@example.com",
        "phone": "441234",
        "first_name": "Ann",
        "zip": "01067",
        "Loyalty card no": "88123",
        "Store code": "7",
    }
    assert contacts.loc["00019", "email"] == ""
    assert found.warnings == ("Not compared by, though numbers: Loyalty card no (an id), Store code (an id).",)


def test_what_only_looks_like_a_number(read: Read):
    rows = "".join(f"C{n},{n + 100},0{n % 3}7,K{n % 4},{n % 28 + 1:02}.03.1980,5,{n * n}\n" for n in range(30))
    found = table(read(f"customer,Unnamed: 0,branch,shelf,date of birth,constant,points\n{rows}"))
    assert measures(found) == ["points"]
    assert dict(found.left_out) == {
        "Unnamed: 0": "the number of the row",
        "branch": "codes",
        "constant": "the same for all",
    }


@pytest.mark.parametrize("sign", ["Rs", "Rs.", "kr", "KR", "zł", "USD"])
def test_a_currency_before_a_number_makes_no_code_of_it(read: Read, sign: str):
    rows = "".join(f"C{n},{sign}{n * 125},{n * n}\n" for n in range(1, 30))
    assert measures(table(read(f"customer,spent so far,points\n{rows}"))) == ["spent so far", "points"]


@pytest.mark.parametrize("header", ["customer,total spent,visits", "customer,total spent,visits,currency"])
def test_money_of_several_currencies_is_not_added_up(read: Read, header: str):
    """By hand: 5 + 7 + 9. A column of currencies that says nothing leaves it to the signs."""
    blank = "," * header.count("currency")
    found = table(read(f"{header}\nA,$5,1{blank}\nB,€3,2{blank}\nC,$7,3{blank}\nD,$9,4{blank}\n"))
    assert (found.reading.currency, found.revenue) == ("USD", Decimal(21))
    assert {entry.reason: entry.rows for entry in found.ledger.set_aside} == {"other-currency": 1}


GERMAN = (
    "Kundennr;Umsatz;Alter;Rabatt;Punkte\n"
    "K1;1.234,50 €;34;12,5 %;1.200\nK2;99,00 €;51;0 %;900\nK3;(10,25 €);28;7 %;12.500\nK4;0,75 €;42;3,25 %;1.001\n"
)


def test_numbers_as_germans_write_them(read: Read):
    """By hand: 1,234.50 + 99 - 10.25 + 0.75 = 1,324.00. Points alone could be read either way; the file decides."""
    found = table(read(GERMAN))
    assert (found.reading.decimal, found.reading.currency, found.revenue) == ("comma", "EUR", Decimal("1324"))
    assert found.reading.ambiguities == ()
    values = customer_features(found).values
    assert values["Umsatz"].tolist() == [1234.5, 99, -10.25, 0.75]
    assert values["Rabatt"].tolist() == [12.5, 0, 7, 3.25]
    assert values["Punkte"].tolist() == [1200, 900, 12500, 1001]
    assert values["total_revenue"].tolist() == values["Umsatz"].tolist()


def test_a_column_whose_own_values_decide_goes_by_them(read: Read):
    rows = "".join(f"C{n};{n}.5;{n},25\n" for n in range(1, 8))
    values = customer_features(table(read(f"customer;score;rate\n{rows}"))).values
    assert values["score"].tolist() == [n + 0.5 for n in range(1, 8)]
    assert values["rate"].tolist() == [n + 0.25 for n in range(1, 8)]


def test_numbers_that_can_be_read_in_two_ways_are_named(read: Read):
    text = "customer,points\nA,1.200\nB,2.300\nC,3.400\n"
    found = read(text)
    assert [(told.kind, told.column) for told in found.reading.ambiguities] == [("decimal", "points")]
    assert customer_features(found).values["points"].tolist() == [1.2, 2.3, 3.4]
    assert customer_features(read(text, decimal="comma")).values["points"].tolist() == [1200, 2300, 3400]
    assert read(text, decimal="comma").reading.ambiguities == ()
    with pytest.raises(AmbiguousInputError):
        read(text, strict=True)


def test_cells_that_are_no_number_are_missing_and_counted(read: Read):
    found = table(
        read("customer,age,visits\nA,34,1\nB,unknown,2\nC,,3\nD,n/a,4\nE,51,5\nF,a lot,6\nG,1e400,7\nH,9,8\nI,8,9\n")
    )
    assert [(each.header, each.unread) for each in found.measures] == [("age", 3), ("visits", 0)]
    assert found.warnings == ("age: 3 values are no number, and count as unknown.",)
    assert customer_features(found).values["age"].isna().sum() == 5


REPEATED = "customer,score\n" + "".join(f"C{n},{n}\n" for n in range(18)) + "C3,99\n,7\nC3,98\n"


def test_of_a_customer_who_stands_twice_the_first_row_counts(read: Read):
    found = table(read(REPEATED))
    assert {entry.reason: entry.rows for entry in found.ledger.set_aside} == {"no-customer": 1, "repeated-customer": 2}
    assert (found.ledger.rows_in, found.ledger.used.rows, found.ledger.used.customers) == (21, 18, 18)
    assert found.ledger.balances
    assert found.ledger.customers_in == 18
    assert customer_features(found).values.loc["C3", "score"] == 3
    aside = found.set_aside().frame()
    assert aside[["line_number", "reason", "customer", "score"]].fillna("").to_numpy().tolist() == [
        [20, "repeated-customer", "C3", "99"],
        [21, "no-customer", "", "7"],
        [22, "repeated-customer", "C3", "98"],
    ]


def test_of_several_files_the_first_one_counts(read: Read):
    first = "email,score\n" + "".join(f"c{n}@example.com,{n}\n" for n in range(20))
    found = table(read(first, "email,score\nnew@example.com,50\nC3@Example.com,99\n"))
    assert found.ledger.used.rows == 21
    assert found.set_aside().frame()[["file", "line_number", "reason"]].to_numpy().tolist() == [
        ["file 1.csv", 3, "repeated-customer"]
    ]
    assert customer_features(found).values.loc["c3@example.com", "score"] == 3


def test_money_of_another_currency_is_never_summed(read: Read):
    rows = "".join(f"C{n},{n}.00,{'USD' if n in (4, 5) else 'EUR'}\n" for n in range(1, 9))
    found = table(read(f"customer,total spent,currency\n{rows}"))
    assert (found.reading.currency, found.revenue) == ("EUR", Decimal(1 + 2 + 3 + 6 + 7 + 8))
    aside = {entry.reason: (entry.rows, entry.customers_lost, entry.money) for entry in found.ledger.set_aside}
    assert aside == {"other-currency": (2, 2, Decimal(9))}
    assert found.ledger.customers_in == 8
    other = read(f"customer,total spent,currency\n{rows}", currency="USD")
    assert (other.reading.currency, other.revenue) == ("USD", Decimal(9))


@pytest.mark.parametrize(
    ("header", "feature"),
    [
        ("Total Spent", "total_revenue"),
        ("LTV", "total_revenue"),
        ("Umsatz", "total_revenue"),
        ("Monetary", "total_revenue"),
        ("Total Orders", "order_count"),
        ("Frequency", "order_count"),
        ("Days since last order", "recency_days"),
        ("recency", "recency_days"),
        ("AOV", "avg_order_value"),
    ],
)
def test_what_plainly_means_a_feature_of_the_catalog_is_that_too(read: Read, header: str, feature: str):
    found = table(read(f"customer,{header},age\nA,1,4\nB,2,7\nC,4,9\n"))
    assert dict(found.meanings) == {feature: header}
    features = customer_features(found)
    assert features.names == (header, "age", feature)
    assert features.distinct == (header, "age")
    assert features.values[feature].tolist() == [1, 2, 4]


def test_a_header_that_is_a_feature_of_the_catalog_stands_for_itself(read: Read):
    found = table(read("customer_id,Total Spent,total_revenue\nA,1,10\nB,2,20\nC,4,40\n"))
    assert dict(found.meanings) == {"total_revenue": "total_revenue"}
    features = customer_features(found)
    assert features.names == ("Total Spent", "total_revenue")
    assert features.repeated == ()
    assert found.revenue == 70


def test_a_price_is_not_what_a_customer_spent_unless_somebody_says_so(read: Read):
    text = "customer,average price,age\nA,1,4\nB,2,7\nC,4,9\n"
    assert table(read(text)).revenue is None
    assert table(read(text, columns={"amount": "age"})).revenue == 20


def test_options_for_orders_have_no_effect_and_that_is_said(read: Read):
    from datetime import date

    told = read(SURVEY, returns="ignore", as_of=date(2024, 1, 1)).warnings
    assert [each.split(" ")[0] for each in told] == ["--returns", "--as-of"]
    assert read(SURVEY).warnings == ()


def test_a_row_that_is_too_short_shifts_nothing(read: Read):
    rows = "".join(f"C{n},{n},{n * 2}\n" for n in range(20))
    found = table(read(f"customer,age,visits\n{rows}C20,5\nC21,6,7,8\n"))
    values = customer_features(found).values
    assert values.loc["C21", ["age", "visits"]].tolist() == [6, 7]
    assert values.loc["C20", "age"] == 5
    assert pd.isna(values.loc["C20", "visits"])


def test_typed_columns_of_parquet(engine: Engine, tmp_path: Path):
    frame = pd.DataFrame({"customer_id": [7, 8, 9], "age": [1.5, None, 3.5], "member": [True, False, True]})
    frame.to_parquet(tmp_path / "customers.parquet")
    found = table(understand(engine, open_sources(engine, [tmp_path / "customers.parquet"])))
    assert measures(found) == ["age"]
    assert customer_features(found).values.index.tolist() == ["7", "8", "9"]


def test_a_refusal_leaves_nothing_kept(engine: Engine, tmp_path: Path):
    (tmp_path / "words.csv").write_text(
        "customer,size\n" + "".join(f"C{n},{'M' if n > 600 else n}\n" for n in range(2000))
    )
    before = engine.kept_so_far
    with pytest.raises(NoDateColumnError):
        understand(engine, open_sources(engine, [tmp_path / "words.csv"]))
    assert engine.kept_so_far == before
