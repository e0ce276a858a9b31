"""Which column plays which role."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from core.engine import Engine
from core.errors import NoAmountColumnError, NoCustomerColumnError, NoDateColumnError, UnknownColumnError
from core.orders.columns import Recognition, UnknownRoleError, detect, recognise
from core.orders.names import normalised
from core.orders.source import open_sources


def recognised(
    engine: Engine, folder: Path, header: str, *rows: str, given: Mapping[str, str] | None = None
) -> Recognition:
    path = folder / "orders.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return recognise(open_sources(engine, [path]), given)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("InvoiceNo", "invoice no"),
        ("invoice_no", "invoice no"),
        ("Invoice No.", "invoice no"),
        ("CustomerID", "customer id"),
        ("Stückpreis (€)", "stuckpreis"),
        ("N° Client", "n client"),
        ("GROSS", "gross"),
        ("Straße", "strasse"),
    ],
)
def test_spelling_does_not_matter(header: str, words: str):
    assert normalised(header) == words


ONLINE_RETAIL = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
    ["536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,17850.0,United Kingdom"],
    {
        "customer_id": "CustomerID", "order_id": "InvoiceNo", "order_date": "InvoiceDate", "quantity": "Quantity",
        "unit_price": "UnitPrice", "product": "StockCode", "product_name": "Description", "country": "Country",
    },
)  # fmt: skip
ARTICLE = (
    "order_number,order_date,customer_number,type,month,item_number,quantity,category,revenue,customer_source,order_source",
    ["KE0001,2024-01-01,CKE0539,RETAIL,January,KE0101,3,DIABETES,31.50,direct,App"],
    {
        "customer_id": "customer_number", "order_id": "order_number", "order_date": "order_date",
        "quantity": "quantity", "amount": "revenue", "product": "item_number", "category": "category",
        "order_type": "type", "customer_source": "customer_source", "order_source": "order_source",
    },
)  # fmt: skip
RFM_ORDERS = (
    "customer_id,order_date,revenue,first_name,last_name,email",
    ["Brion Stark,2004-12-20,32,Brion,Stark,brion_stark@rfmail.com"],
    {
        "customer_id": "customer_id", "order_date": "order_date", "amount": "revenue", "email": "email",
        "first_name": "first_name", "last_name": "last_name",
    },
)  # fmt: skip
GERMAN = (
    "Kundennummer,Rechnungsnr,Datum,Menge,Einzelpreis,Artikel",
    ["4711,R-1,31.01.2024,2,9.90,Tee"],
    {
        "customer_id": "Kundennummer", "order_id": "Rechnungsnr", "order_date": "Datum", "quantity": "Menge",
        "unit_price": "Einzelpreis", "product": "Artikel",
    },
)  # fmt: skip
EMAIL_ONLY = (
    "Email,Created at,Total,Currency",
    ["ann@example.com,2024-01-31,12.50,EUR"],
    {"customer_id": "Email", "order_date": "Created at", "amount": "Total", "currency": "Currency", "email": "Email"},
)
PRICE_ALONE = (
    "customer,date,price",
    ["C1,2024-01-31,12.50"],
    {"customer_id": "customer", "order_date": "date", "amount": "price"},
)
ADVANCED_EXPORT = (  # of a WordPress plugin, for WooCommerce
    "Order Number;Order Status;Order Date;Customer Note;First Name (Billing);Last Name (Billing);City (Billing);"
    "Postcode (Billing);Email (Billing);First Name (Shipping);City (Shipping);Cart Discount Amount;"
    "Order Shipping Amount;Order Refund Amount;Order Total Amount;Order Total Tax Amount;SKU;Item Name;Quantity;"
    "Item Cost",
    ["7;completed;2024-01-31;;Ann;Roe;Leeds;LS1;ann@example.com;Bob;York;0;2.00;0;12.50;1.25;T1;Tea;2;5.25"],
    {
        "customer_id": "Email (Billing)", "order_id": "Order Number", "order_date": "Order Date",
        "quantity": "Quantity", "amount": "Order Total Amount", "refunded": "Order Refund Amount",
        "status": "Order Status", "product": "SKU", "product_name": "Item Name",
        "email": "Email (Billing)", "first_name": "First Name (Billing)",
        "last_name": "Last Name (Billing)", "city": "City (Billing)", "zip": "Postcode (Billing)",
    },
)  # fmt: skip
SPANISH = (
    "Número de pedido;Estado del pedido;Fecha del pedido;Nombre (facturación);Apellidos (facturación);"
    "Correo electrónico (facturación);Teléfono (facturación);Ciudad (facturación);Código postal (facturación);"
    "Importe de envío del pedido;Importe total del pedido;Nombre del artículo;Cantidad;Precio",
    ["7;Completado;31/1/2024;Ana;Muñoz;ana@ejemplo.es;600100200;Vigo;36201;4,95;54,95;Jabón;2;25,00"],
    {
        "customer_id": "Correo electrónico (facturación)", "order_id": "Número de pedido",
        "order_date": "Fecha del pedido", "quantity": "Cantidad", "unit_price": "Precio",
        "amount": "Importe total del pedido", "status": "Estado del pedido", "product": "Nombre del artículo",
        "email": "Correo electrónico (facturación)", "phone": "Teléfono (facturación)",
        "first_name": "Nombre (facturación)", "last_name": "Apellidos (facturación)",
        "city": "Ciudad (facturación)", "zip": "Código postal (facturación)",
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("header", "rows", "roles"),
    [ONLINE_RETAIL, ARTICLE, RFM_ORDERS, GERMAN, EMAIL_ONLY, PRICE_ALONE, ADVANCED_EXPORT, SPANISH],
)
def test_roles_by_name(engine: Engine, tmp_path: Path, header: str, rows: list[str], roles: dict[str, str]):
    assert recognised(engine, tmp_path, header, *rows).columns == roles


@pytest.mark.parametrize(
    "header",
    ["amount (CAD)", "Total (EUR)", "Net Sales [USD]", "Betrag in EUR", "total_usd", "Price (£)", "Montant TTC (€)",
     "Gesamtbetrag brutto", "Total excl. VAT"],
)  # fmt: skip
def test_money_is_known_by_name_whatever_its_currency_and_taxes(engine: Engine, tmp_path: Path, header: str):
    found = recognised(engine, tmp_path, f"customer,date,points,{header}", "C1,2024-01-31,7,12.50")
    assert found.columns["amount"] == header


@pytest.mark.parametrize(
    ("header", "row", "roles"),
    [
        ("Klantnr.,Factuurnr.,Factuurdatum,Totaal incl. btw (EUR)", "10,2024001,1-3-2024,121.00",
         ("customer_id", "order_id", "order_date", "amount")),
        ("Member No.,Receipt #,Date,Line Total (RM)", "M1,7,31/01/2024,10.00",
         ("customer_id", None, "order_date", "amount")),
        ("Cliente nº,Pedido nº,Data do pedido,Valor total (R$)", "9,101,05/02/2024,10.00",
         ("customer_id", "order_id", "order_date", "amount")),
        ("Client Name,Client E-mail,Date,Amount Paid (USD)", "Ann,a@x.org,01/15/2024,19.00",
         ("customer_name", "customer_id", "order_date", "amount")),
        ("Customer,Date,Grand Total,Total Shipping,Total items", "Ann,01/15/2024,19.00,2.00,3",
         ("customer_id", "order_date", "amount", None, None)),
        ("Customer,Date,Total due,Total visits", "Ann,01/15/2024,19.00,2", ("customer_id", "order_date", None, None)),
    ],
)  # fmt: skip
def test_headers_that_no_list_has(engine: Engine, tmp_path: Path, header: str, row: str, roles: tuple[str | None, ...]):
    path = tmp_path / "orders.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    found = detect(open_sources(engine, [path])).columns
    named = {place: role for place, role in zip(header.split(","), roles, strict=True) if role is not None}
    assert {found.get(role): role for role in named.values()} == named
    assert "amount" in named.values() or "amount" not in found


@pytest.mark.parametrize("header", ["try", "all", "top", "mad", "eur", "cup", "CAD", "net", "total tax", "top seller"])
def test_a_currency_or_a_tax_alone_is_no_amount(engine: Engine, tmp_path: Path, header: str):
    with pytest.raises(NoAmountColumnError):
        recognised(engine, tmp_path, f"customer,date,{header}", "C1,2024-01-31,12.50")


@pytest.mark.parametrize(
    ("headers", "amount"),
    [
        (["total (USD)", "total"], "total"),
        (["Total CAD", "Total USD"], "Total CAD"),  # the one further left
        (["Total HT", "Total TTC"], "Total TTC"),
        (["Gross sales", "Net sales"], "Net sales"),
        (["Price (EUR)", "Revenue (EUR)"], "Revenue (EUR)"),
    ],
)
def test_which_of_two_sums_is_the_amount(engine: Engine, tmp_path: Path, headers: list[str], amount: str):
    found = recognised(engine, tmp_path, f"customer,date,{','.join(headers)}", "C1,2024-01-31,12.50,10.00")
    assert found.columns["amount"] == amount


@pytest.mark.parametrize(
    ("headers", "said"),
    [("total CAD,total USD", "total CAD is counted; the same in another currency is not: total USD."),
     ("total CAD,price USD", None), ("total CAD,total", None)],
)  # fmt: skip
def test_the_same_sum_in_two_currencies_is_told(engine: Engine, tmp_path: Path, headers: str, said: str | None):
    found = recognised(engine, tmp_path, f"customer,date,{headers}", "C1,2024-01-31,12.50,9.00")
    assert found.warnings == (() if said is None else (said,))


def test_contents_overrule_a_name(engine: Engine, tmp_path: Path):
    """`date` holds weekdays here, `amount` a word."""
    found = recognised(engine, tmp_path, "customer,date,created,amount,total", "C1,Monday,2024-01-31,high,12.50")
    assert found.columns["order_date"] == "created"
    assert found.columns["amount"] == "total"


def test_the_line_s_amount_wins_over_its_price(engine: Engine, tmp_path: Path):
    found = recognised(engine, tmp_path, "customer,date,qty,unit price,line total", "C1,2024-01-31,2,5.00,10.00")
    assert found.columns["amount"] == "line total"


def test_without_a_header_contents_alone_decide(engine: Engine, tmp_path: Path):
    """As CDNOW's: master id, sample id, day, items, money."""
    lines = [
        f"{row % 7:05} {row % 7 + 1:04} 1997010{row % 9 + 1} {row % 4 + 1} {row}.{row % 90 + 10}" for row in range(40)
    ]
    found = recognised(engine, tmp_path, lines[0], *lines[1:])
    assert found.columns == {"customer_id": "1", "order_date": "3", "quantity": "4", "amount": "5"}


@pytest.mark.parametrize(
    "given",
    [
        {"customer_id": "Who", "order_date": "When", "amount": "How much"},
        {"customer_id": "who", "order_date": "WHEN", "amount": "how_much"},
        {"customer_id": "1", "order_date": "2", "amount": "3"},
    ],
)
def test_columns_that_somebody_chose(engine: Engine, tmp_path: Path, given: dict[str, str]):
    found = recognised(engine, tmp_path, "Who,When,How much,What", "C1,2024-01-31,12.50,Tea", given=given)
    assert found.columns == {"customer_id": "Who", "order_date": "When", "amount": "How much"}


def test_a_header_that_is_a_number_goes_before_a_place(engine: Engine, tmp_path: Path):
    found = recognised(engine, tmp_path, "customer,date,price,2", "C1,2024-01-31,5.00,7.00", given={"amount": "2"})
    assert found.columns["amount"] == "2"


def test_a_choice_stands_against_a_better_name(engine: Engine, tmp_path: Path):
    header, row = "customer,date,revenue,amount", "C1,2024-01-31,5.00,7.00"
    assert recognised(engine, tmp_path, header, row).columns["amount"] == "revenue"
    assert recognised(engine, tmp_path, header, row, given={"amount": "amount"}).columns["amount"] == "amount"


def test_an_empty_choice_takes_a_role_away(engine: Engine, tmp_path: Path):
    header, row = "customer,order id,date,qty,amount", "C1,7,2024-01-31,2,5.00"
    found = recognised(engine, tmp_path, header, row, given={"quantity": "", "order_id": ""})
    assert found.columns == {"customer_id": "customer", "order_date": "date", "amount": "amount"}


def test_choices_that_do_not_exist(engine: Engine, tmp_path: Path):
    header, row = "customer,date,amount", "C1,2024-01-31,5.00"
    with pytest.raises(UnknownColumnError, match="customer, date, amount"):
        recognised(engine, tmp_path, header, row, given={"amount": "Total"})
    with pytest.raises(UnknownColumnError):
        recognised(engine, tmp_path, header, row, given={"amount": "4"})
    with pytest.raises(UnknownRoleError):
        recognised(engine, tmp_path, header, row, given={"customer": "customer"})


@pytest.mark.parametrize(
    ("header", "row", "error"),
    [
        ("date,amount", "2024-01-31,5.00", NoCustomerColumnError),
        ("customer,amount", "C1,5.00", NoDateColumnError),
        ("customer,date", "C1,2024-01-31", NoAmountColumnError),
        ("customer,date,quantity", "C1,2024-01-31,2", NoAmountColumnError),
        ("customer,date,amount", "C1,soon,5.00", NoDateColumnError),
        ("customer,date,amount", "C1,2024-01-31,much", NoAmountColumnError),
        ("customer,date,amount", ",2024-01-31,5.00", NoCustomerColumnError),  # a column of blanks
    ],
)
def test_what_is_missing_is_named_with_the_columns_at_hand(
    engine: Engine, tmp_path: Path, header: str, row: str, error: type[Exception]
):
    with pytest.raises(error, match=header.replace(",", ", ")):
        recognised(engine, tmp_path, header, row)


@pytest.mark.parametrize("quantity", ["quantity", "Lineitem Quantity"])
def test_text_for_a_quantity_is_left_out_and_said(engine: Engine, tmp_path: Path, quantity: str):
    found = recognised(engine, tmp_path, f"customer,date,{quantity},amount", "C1,2024-01-31,two,5.00")
    assert "quantity" not in found.columns
    assert quantity in found.warnings[0]


def test_a_price_whose_quantity_cannot_be_read_is_not_what_was_paid(engine: Engine, tmp_path: Path):
    header, row = "customer,date,quantity,price", "C1,2024-01-31,two,5.00"
    with pytest.raises(NoAmountColumnError, match="price"):
        recognised(engine, tmp_path, header, row)
    found = recognised(engine, tmp_path, header, row, given={"quantity": ""})  # "there is none"
    assert found.columns["amount"] == "price"


CODED = "customer,date,amount,sku,"


def test_a_name_beside_a_code_is_the_products_name(engine: Engine, tmp_path: Path):
    rows = ["C1,2024-01-31,5,A1,Tea", "C2,2024-01-31,5,A2,Tea pot", "C3,2024-02-01,5,A1,Tea"]
    columns = recognised(engine, tmp_path, CODED + "description", *rows).columns
    assert (columns["product"], columns["product_name"]) == ("sku", "description")
    assert (
        "product_name"
        not in recognised(engine, tmp_path, CODED + "description", *rows, given={"product_name": ""}).columns
    )


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        # Notes: one code, a text a line.
        (
            CODED + "description",
            ["C1,2024-01-31,5,A1,a gift", "C2,2024-02-01,5,A1,to the door", "C3,2024-02-02,5,A1,x"],
        ),
        (CODED + "description", ["C1,2024-01-31,5,A1,12", "C2,2024-02-01,5,A2,13"]),  # numbers name nothing
        # What stands as the product is a name already.
        ("customer,date,amount,product,description", ["C1,2024-01-31,5,Tea pot,of clay", "C2,2024-02-01,5,Tea cup,x"]),
        ("customer,date,amount,product name", ["C1,2024-01-31,5,Tea", "C2,2024-02-01,5,Pot"]),
    ],
)
def test_what_names_no_product(engine: Engine, tmp_path: Path, header: str, rows: list[str]):
    columns = recognised(engine, tmp_path, header, *rows).columns
    assert "product" in columns
    assert "product_name" not in columns
