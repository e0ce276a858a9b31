"""Exports as shop systems write them: headers and quirks are theirs, values ours, totals worked out by hand."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from core.engine import Engine
from core.errors import NoCustomerColumnError
from core.orders.cleaning import OrderLines, clean
from core.orders.platforms import BY_SLUG, PLATFORMS, columns_of, platform_of
from core.orders.source import open_sources
from tests.orders.builders import fates, order_lines

SHOPS = Path(__file__).parent / "shops"


@dataclass(frozen=True)
class Shop:
    file: str
    platform: str | None
    customers: int
    orders: int
    revenue: str
    rows: dict[str, int]  # by what becomes of them
    separator: str = ","
    optional: tuple[str, ...] = field(default=())  # columns without which the same comes out


EXPORTS = [
    # 1001 Ann 120.50, on three lines (the third without even a Name); 1002 Bob 80 less 15.25; 1005 Bob 30, all paid
    # back; 1009 Dora 10, on a line with two cells too many. Voided 1003 (2 lines), cancelled 1004, pending 1007 (2).
    # 1006 was sold at the till to nobody known. 120.50 + 64.75 + 0 + 10
    Shop("shopify.csv", "shopify", 3, 4, "195.25", {"used": 7, "not-sold": 5, "no-customer": 1},
         optional=("Paid at", "Lineitem sku", "Id", "Billing Name", "Fulfillment Status")),
    # 301 Eva 50 less 10 (308); 302 and 305 the guest Finn 20 + 40; 307 Hal 25 less 25 (309). Failed, on hold,
    # cancelled, pending. 310 is a guest without an email.
    Shop("woocommerce.csv", "woocommerce", 3, 4, "100", {"used": 6, "not-sold": 4, "no-customer": 1},
         optional=("order_number", "paid_date", "customer_user", "billing_email", "order_key")),
    # A 100; B 59.90 less 10, and 20 less 20; the guest Gus 45. Failed, uncaptured; in dollars; nobody.
    Shop("stripe.csv", "stripe", 3, 4, "194.90",
         {"used": 4, "not-sold": 2, "no-customer": 1, "other-currency": 1}, separator=";",
         optional=("Status", "Description", "Converted Currency")),
    # T1 1,302; T3 32.40 less 12.96; T4 21.60; T5 54 less 54, the refund names no customer. T2 neither.
    Shop("square.csv", "square", 2, 4, "1343.04", {"used": 6, "no-customer": 1},
         optional=("Event Type", "Time", "Customer Name", "Net Sales")),
    # S1 36 + 10; S2 18 less 18; S4 three lines of 5
    Shop("square_items.csv", "square", 2, 3, "61", {"used": 7, "no-customer": 1},
         optional=("Event Type", "Time", "Gross Sales", "SKU")),
    # 40 + 15 (the line's total, whatever its quantity), 30, and 9.99 on each of two lines
    Shop("amazon_orders.txt", "amazon", 2, 3, "104.98", {"used": 5}, separator="\t",
         optional=("buyer-name", "currency", "payments-date", "order-item-id")),
    # Buyer one 30 less 30, buyer two 60, told on the first of three lines. A label, a fee, a payout.
    Shop("ebay.csv", "ebay", 2, 2, "60", {"used": 5, "not-an-order": 3}),
    # 18.12, 9.50, 24.00; a guest has no user id
    Shop("etsy_orders.csv", "etsy", 2, 3, "51.62", {"used": 3, "no-customer": 1},
         optional=("Order Value", "Status", "Buyer", "Full Name")),
    # 10 + 3, 5, 20; without Item Total the same from price and quantity
    Shop("etsy_items.csv", "etsy", 2, 3, "38", {"used": 4}, optional=("Item Total", "SKU", "Ship Name")),
    # Ann 110, and 40 less 40; Bob 55, and 60 less 10; the guest Cy (customer 0) 15
    Shop("bigcommerce.csv", "bigcommerce", 3, 5, "230", {"used": 5, "not-sold": 3},
         optional=("Order Time", "Customer ID", "Customer Name", "Order Total (ex tax)")),
    # Ann 100, and 80 less 12.50; Bob 50, and 30 less 30. Cancelled, pending (2), on hold.
    Shop("magento.csv", "magento", 2, 4, "217.50", {"used": 4, "not-sold": 4},
         optional=("Bill-to Name", "Grand Total (Purchased)", "Purchase Point")),
    # One 1,653.75 + 25 (another case of her email); two 40 less 40. Withdrawal, conversion (2), hold, its reversal,
    # a payment that we made, a fee; pending, denied; in euro.
    Shop("paypal.csv", "paypal", 2, 3, "1678.75",
         {"used": 4, "not-an-order": 7, "not-sold": 2, "other-currency": 1},
         optional=("Time", "Name", "Fee", "Net", "Reference Txn ID")),
    # The same, but for 4.626,81 in place of the first
    Shop("paypal_comma.csv", "paypal", 2, 3, "4651.81",
         {"used": 4, "not-an-order": 7, "not-sold": 2, "other-currency": 1}, optional=("TimeZone", "Fee", "Net")),
    # In German. One 1.204,50 + 25; two 40 less 40. Withdrawal, conversion (2), hold, its release, a payment of ours and
    # what the bank gave for it, bank and card movements (2), a fee; pending, refused; in dollars.
    Shop("paypal_de.csv", "paypal", 2, 3, "1229.50",
         {"used": 4, "not-an-order": 10, "not-sold": 2, "other-currency": 1},
         optional=("Zeitzone", "Gebühr", "Netto", "Zugehöriger Transaktionscode")),
    # Alice 10 + 18 in one order of which 18 came back (told on both its lines), and 12; Ben 9.50. Cancelled, unpaid.
    Shop("tiktok.csv", "tiktok", 2, 3, "31.50", {"used": 4, "not-sold": 2}),
    # 59.95 and 44.10 and 20, each counted once though it stands on each line. Cancelled (2 lines), number 0 (2).
    Shop("shopware.csv", "shopware", 2, 3, "124.05", {"used": 6, "not-sold": 4}, separator=";",
         optional=("orderId", "email", "price", "cleared")),
    # 15.30 + 13.00 less 5.50; 6.00
    Shop("online_retail.csv", "uci-online-retail", 2, 2, "28.80", {"used": 4, "no-customer": 2},
         optional=("Description", "Country")),
    # 83.40 + 81.00; 30.60 less 35.40
    Shop("online_retail_ii.csv", "uci-online-retail", 2, 2, "159.60", {"used": 4, "no-customer": 1},
         optional=("Description", "Country")),
    # 12.50 + 7.25 + 7.25, 50 + 18.40, 12.50
    Shop("article.csv", None, 2, 3, "107.90", {"used": 6}, optional=("type", "month", "category", "customer_source")),
]  # fmt: skip


EACH_EXPORT = pytest.mark.parametrize("shop", [pytest.param(shop, id=shop.file) for shop in EXPORTS])


def read(engine: Engine, path: Path) -> OrderLines:
    return clean(engine, open_sources(engine, [path]))


def assert_as_by_hand(lines: OrderLines, shop: Shop) -> None:
    assert fates(lines) == shop.rows
    assert (lines.ledger.used.customers, lines.orders) == (shop.customers, shop.orders)
    assert lines.revenue == Decimal(shop.revenue)
    assert lines.ledger.balances


def rewritten(shop: Shop, folder: Path, *, without: str | None = None, seed: int | None = None) -> Path:
    """The export without a column, or with its columns in another order."""
    with (SHOPS / shop.file).open(encoding="utf-8-sig", newline="") as stream:
        # Prose above the table has no columns to be put in another order.
        header, *rows = (row for row in csv.reader(stream, delimiter=shop.separator) if len(row) > 3)
    places = [place for place in range(len(header)) if header[place].strip() != without]
    assert (len(places) < len(header)) == (without is not None)
    if seed is not None:
        random.Random(seed).shuffle(places)
    path = folder / shop.file
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=shop.separator, lineterminator="\n")
        writer.writerows([[row[place] for place in places] for row in [header, *rows]])
    return path


@EACH_EXPORT
def test_each_platform(engine: Engine, shop: Shop):
    lines = read(engine, SHOPS / shop.file)
    platform = lines.recognition.platform
    assert (platform.slug if platform else None) == shop.platform
    assert_as_by_hand(lines, shop)


@EACH_EXPORT
def test_the_order_of_columns_changes_nothing(engine: Engine, tmp_path: Path, shop: Shop):
    assert_as_by_hand(read(engine, rewritten(shop, tmp_path, seed=1)), shop)


@pytest.mark.parametrize(
    ("shop", "column"),
    [pytest.param(shop, column, id=f"{shop.file}-{column}") for shop in EXPORTS for column in shop.optional],
)
def test_a_column_is_missing(engine: Engine, tmp_path: Path, shop: Shop, column: str):
    """And the others stand in another order each time."""
    assert_as_by_hand(read(engine, rewritten(shop, tmp_path, without=column, seed=shop.optional.index(column))), shop)


@pytest.mark.parametrize(
    "name",
    [
        "amazon_all_orders.txt",
        "amazon_payments.csv",
    ],
)
def test_an_amazon_report_without_customers_says_which_one_has_them(engine: Engine, name: str):
    with pytest.raises(NoCustomerColumnError) as caught:
        read(engine, SHOPS / name)
    assert "Order Report" in caught.value.hint
    assert "buyer-email" in caught.value.hint


def test_a_platform_has_headers_of_its_own():
    """One that all had would tell nothing; the least may not be more than there are."""
    for platform in PLATFORMS:
        assert 2 <= platform.least <= len(platform.telling)
        assert len(set(platform.telling)) == len(platform.telling)
        assert {"customer_id", "order_id", "order_date"} <= platform.columns.keys()


def test_another_language_gives_the_same_columns():
    """PayPal's headers in three languages, as public examples of its exports have them."""
    english = (
        "Date, Time, TimeZone, Name, Type, Status, Currency, Gross, Fee, Net, From Email Address, To Email Address, "
    )
    english += "Transaction ID, Reference Txn ID, Receipt ID, Balance, Balance Impact"
    german = "Datum, Uhrzeit, Zeitzone, Name, Beschreibung, Status, Währung, Brutto, Entgelt, Netto, "
    german += "Absender E-Mail-Adresse, Empfänger E-Mail-Adresse, Transaktionscode, "
    german += "Zugehöriger Transaktionscode, Empfangsnummer, Guthaben, Auswirkung auf Guthaben"
    italian = "Data, Orario, Fuso orario, Nome, Tipo, Stato, Valuta, Lordo, Tariffa, Netto, Indirizzo email mittente, "
    italian += "Indirizzo email destinatario, Codice transazione, Codice transazione di riferimento, Codice ricevuta, "
    italian += "Saldo, Impatto sul saldo"
    headers = [names.split(", ") for names in (english, german, italian)]
    platforms = [platform_of(names) for names in headers]
    assert [platform.slug if platform else None for platform in platforms] == ["paypal"] * 3
    found = [columns_of(BY_SLUG["paypal"], names) for names in headers]
    places = [
        {role: names.index(header) for role, header in each.items()} for names, each in zip(headers, found, strict=True)
    ]
    assert places[0] == places[1] == places[2]
    assert places[0].keys() == BY_SLUG["paypal"].columns.keys()


def test_a_french_monthly_statement():
    """Its headers, and the English ones of the same places, as OCA's bank-statement-import has them."""
    french = "Date|Heure|Fuseau horaire|Description|Devise|Avant commission|Commission|Net|Solde|Numéro de transaction|"
    french += "Adresse email de l'expéditeur|Nom|Nom de la banque|Compte bancaire|Montant des frais de livraison et de "
    french += "traitement|TVA|Identifiant de facture|Numéro de la transaction de référence"
    english = "Date|Time|Time Zone|Description|Currency|Gross |Fee |Net|Balance|Transaction ID|From Email Address|Name|"
    english += "Bank Name|Bank Account|Shipping and Handling Amount|Sales Tax|Invoice ID|Reference Txn ID"
    places = []
    for names in (french.split("|"), english.split("|")):
        platform = platform_of(names)
        assert platform is not None
        assert platform.slug == "paypal"
        places.append({role: names.index(header) for role, header in columns_of(platform, names).items()})
    assert places[0] == places[1]
    assert places[0] == {
        "order_date": 0, "order_time": 1, "transaction_type": 3, "currency": 4, "amount": 5, "order_id": 9,
        "customer_id": 10, "email": 10, "customer_name": 11, "refunded_order": 17,
    }  # fmt: skip


def test_ids_of_18_digits_stay_apart(engine: Engine):
    lines = read(engine, SHOPS / "tiktok.csv")
    keys = lines.table.order_key.to_pyarrow().to_pylist()
    assert {"576461413038785752", "576461413038785753", "576461413038785755"} == set(keys)


def test_a_postal_code_keeps_its_zero(engine: Engine):
    lines = read(engine, SHOPS / "shopware.csv")
    assert "01067" in {str(code) for code in lines.source.sample()["zipcode"]}


def test_etsy_orders_and_their_items_together_count_once(engine: Engine):
    """The orders' totals; the items of the same orders, which write them #3001, are in the other file."""
    lines = clean(engine, open_sources(engine, [SHOPS / "etsy_orders.csv", SHOPS / "etsy_items.csv"]))
    assert (lines.ledger.used.customers, lines.orders) == (2, 3)
    assert lines.revenue == Decimal("51.62")
    assert fates(lines)["used"] == 3


def test_bigcommerce_without_a_refund_column_goes_by_the_status(engine: Engine, tmp_path: Path):
    """105 is refunded, so 0; how much of 106 came back is not told: 110 + 55 + 0 + 60 + 15."""
    shop = next(shop for shop in EXPORTS if shop.file == "bigcommerce.csv")
    lines = read(engine, rewritten(shop, tmp_path, without="Refund Amount"))
    assert lines.revenue == Decimal(240)
    assert lines.orders == 5


RENAMED = {
    "de": "Kundennr.;Bestellnummer;Bestelldatum;Menge;Betrag;Bestellstatus;E-Mail",
    "fr": "N° client;N° commande;Date de commande;Quantité;Montant total;Statut de la commande;E-mail",
    "es": "Cliente;Pedido;Fecha de pedido;Cantidad;Importe total;Estado del pedido;Email",
    "it": "Cliente;Ordine;Data ordine;Quantità;Importo;Stato ordine;E-mail",
    "nl": "Klantnummer;Bestelnummer;Besteldatum;Aantal;Bedrag;Orderstatus;E-mail",
    "en": "Customer No.;Order No.;Order Date;Qty;Order Total;Order Status;E-mail",
}
SAID = {  # sold, sold, cancelled, waiting for payment, failed
    "de": ("Abgeschlossen", "In Bearbeitung", "Storniert", "Zahlung ausstehend", "Fehlgeschlagen"),
    "fr": ("Terminée", "En cours", "Annulée", "En attente de paiement", "Échouée"),
    "es": ("Completado", "Procesando", "Cancelado", "Pendiente de pago", "Fallido"),
    "it": ("Completato", "In lavorazione", "Annullato", "In attesa di pagamento", "Fallito"),
    "nl": ("Voltooid", "In behandeling", "Geannuleerd", "Wacht op betaling", "Mislukt"),
    "en": ("Completed", "Processing", "Cancelled", "Pending payment", "Failed"),
}


@pytest.mark.parametrize("language", sorted(RENAMED))
def test_a_shop_in_another_language(engine: Engine, tmp_path: Path, language: str):
    """Sold: 10,50 + 7,25 to customer 1, and 20,00 to the guest 0, known by her email. The others are no sales."""
    sold, sent, cancelled, waiting, failed = SAID[language]
    lines = order_lines(
        engine, tmp_path,
        f"{RENAMED[language]}\n"
        f"1;A1;31.01.2024;1;10,50;{sold};ann@example.com\n"
        f"1;A2;15.02.2024;2;7,25;{sent};ann@example.com\n"
        f"0;A3;16.02.2024;1;20,00;{sold};Bea@example.com\n"
        f"2;A4;17.02.2024;1;99,00;{cancelled};cy@example.com\n"
        f"2;A5;18.02.2024;1;98,00;{waiting};cy@example.com\n"
        f"2;A6;19.02.2024;1;97,00;{failed};cy@example.com\n",
    )  # fmt: skip
    assert fates(lines) == {"used": 3, "not-sold": 3}
    assert lines.revenue == Decimal("37.75")
    assert (lines.ledger.used.customers, lines.orders) == (2, 3)
