"""Exports of shop and payment systems: told by their headers, and what there is to know of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.orders.names import normalised


@dataclass(frozen=True, slots=True)
class Platform:
    """One system's export. Headers are normalised: `Lineitem name` is "lineitem name", `orderTime` is "order time"."""

    slug: str
    label: str  # for people
    telling: tuple[str, ...]  # headers that few other files have
    least: int  # how many of them must be there
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role -> headers, the first at hand is taken
    payments: bool = False  # money that moved for whatever reason: only what is named a sale or a refund counts
    without_customer: str | None = None  # what to do where an export of this system names no customer
    no_sale_statuses: tuple[str, ...] = ()  # beyond the words that every system uses
    no_order_ids: tuple[str, ...] = ()  # order numbers that stand for no order
    in_english: Mapping[str, str] = field(default_factory=dict)  # headers of its exports in other languages


def _headers(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(","))


def _columns(**roles: str) -> Mapping[str, tuple[str, ...]]:
    return {role: _headers(names) for role, names in roles.items()}


PLATFORMS: tuple[Platform, ...] = (
    Platform(
        "shopify",
        "Shopify orders export",
        _headers(
            "lineitem quantity, lineitem name, lineitem price, lineitem sku, financial status, fulfillment status, "
            "refunded amount, accepts marketing, paid at, discount code, discount amount, lineitem requires shipping"
        ),
        2,
        # Line prices leave out shipping, tax and discounts: what was paid is the order's total.
        _columns(
            customer_id="email", order_id="name", order_date="created at, paid at", amount="total",
            refunded="refunded amount", quantity="lineitem quantity", product="lineitem sku, lineitem name",
            payment_status="financial status", cancelled="cancelled at", consent="accepts marketing",
            customer_name="billing name",
        ),
    ),
    Platform(
        "woocommerce",
        "WooCommerce orders export",
        _headers(
            "order total, order currency, billing first name, billing last name, shipping total, tax total, paid date, "
            "cart discount, payment method title, order key, shipping first name, customer user, fee total, cart tax"
        ),
        3,
        _columns(
            customer_id="customer id, customer user", order_id="order id, order number", order_date="order date",
            amount="order total", currency="order currency", email="customer email, billing email", status="status, "
            "order status", first_name="billing first name", last_name="billing last name",
        ),
    ),
    Platform(
        "stripe",
        "Stripe payments export",
        _headers(
            "created utc, amount refunded, converted amount, converted amount refunded, converted currency, captured, "
            "invoice id, card id, seller message, statement descriptor, customer description, refunded date utc"
        ),
        3,
        _columns(
            customer_id="customer id", email="customer email", order_id="id", order_date="created utc",
            amount="amount", refunded="amount refunded", currency="currency", status="status", captured="captured",
        ),
    ),
    Platform(
        "square",
        "Square export",
        _headers(
            "gross sales, net sales, event type, tip, payment id, time zone, partial refunds, total collected, "
            "device name, price point name, modifiers applied, card brand, pan suffix, gift card sales"
        ),
        3,
        _columns(
            customer_id="customer id, customer reference id, customer name", order_id="transaction id",
            order_date="date", order_time="time", amount="total collected, net sales, gross sales", quantity="qty",
            product="sku, item", category="category", transaction_type="event type", customer_name="customer name",
        ),
        without_customer="Square names a customer only where one was chosen at the till or paid by card. Ask Square "
        "for the transactions export with the column Customer ID, or use the items export of such sales.",
    ),
    Platform(
        "amazon",
        "Amazon order report",
        _headers(
            "order item id, quantity purchased, buyer email, buyer phone number, purchase date, amazon order id, "
            "merchant order id, fulfillment channel, ship service level, item promotion discount, settlement id, "
            "product sales, selling fees, fba fees, marketplace, asin"
        ),
        3,
        # The price is the whole line's here, not that of one item.
        _columns(
            customer_id="buyer email, buyer name", order_id="order id, amazon order id", order_date="purchase date, "
            "date time", amount="item price, product sales", quantity="quantity purchased, quantity", product="sku",
            currency="currency", status="order status", transaction_type="type", email="buyer email",
            customer_name="buyer name",
        ),
        payments=True,
        without_customer="Amazon's All Orders and payment reports name no customer. Ask Seller Central for the Order "
        "Report (Orders, then Order Reports), which has the columns buyer-email and buyer-name.",
    ),
    Platform(
        "ebay",
        "eBay transaction report",
        _headers(
            "buyer username, transaction creation date, item subtotal, net amount, legacy order id, payout date, "
            "gross transaction amount, final value fee fixed, payout currency, transaction currency"
        ),
        3,
        _columns(
            customer_id="buyer username, buyer user id", order_id="order number", order_date="transaction creation "
            "date", amount="gross transaction amount, item subtotal", quantity="quantity", transaction_type="type",
            currency="transaction currency, payout currency", product="custom label, item title, item id",
        ),
        payments=True,
    ),
    Platform(
        "etsy",
        "Etsy sold orders",
        _headers(
            "sale date, buyer user id, number of items, order value, order net, date shipped, street 1, "
            "adjusted order total, listing id, item total, order shipping, buyer, sku, card processing fees"
        ),
        3,
        _columns(
            customer_id="buyer user id, buyer, full name", order_id="order id", order_date="sale date",
            amount="order total, item total, order value", quantity="number of items, quantity", unit_price="price",
            product="sku, item name", currency="currency", customer_name="full name, ship name",
        ),
    ),
    Platform(
        "bigcommerce",
        "BigCommerce orders export",
        _headers(
            "order total inc tax, order total ex tax, order currency code, subtotal inc tax, subtotal ex tax, total "
            "quantity, order time, customer email, order status, total shipped, tax total"
        ),
        3,
        _columns(
            customer_id="customer email, customer id", email="customer email", order_id="order id",
            order_date="order date", order_time="order time", amount="order total inc tax, order total ex tax",
            quantity="total quantity", currency="order currency code", status="order status",
            customer_name="customer name",
        ),
    ),
    Platform(
        "magento",
        "Magento orders export",
        _headers(
            "grand total base, grand total purchased, purchase point, bill to name, ship to name, purchase date, "
            "total refunded, shipping information, shipping and handling, customer group"
        ),
        2,
        _columns(
            customer_id="customer email, customer name, bill to name", email="customer email", order_id="id",
            order_date="purchase date", amount="grand total base, grand total purchased", refunded="total refunded",
            status="status", customer_name="customer name, bill to name",
        ),
    ),
    Platform(
        "paypal",
        "PayPal activity report",
        _headers(
            "gross, fee, net, from email address, to email address, time zone, transaction id, balance impact, "
            "reference txn id, receipt id, counterparty status, balance"
        ),
        4,
        _columns(
            customer_id="from email address", payee="to email address", order_id="transaction id", order_date="date",
            order_time="time", amount="gross", currency="currency", status="status", transaction_type="type",
            email="from email address", customer_name="name", refunded_order="reference txn id",
        ),
        payments=True,
        in_english={
            # German; the monthly statement has Beschreibung and Entgelt
            "datum": "date", "uhrzeit": "time", "zeitzone": "time zone", "typ": "type", "beschreibung": "type",
            "wahrung": "currency", "brutto": "gross", "gebuhr": "fee", "entgelt": "fee", "netto": "net",
            "absender e mail adresse": "from email address", "empfanger e mail adresse": "to email address",
            "transaktionscode": "transaction id", "zugehoriger transaktionscode": "reference txn id",
            "empfangsnummer": "receipt id", "guthaben": "balance", "auswirkung auf guthaben": "balance impact",
            "status gegenpartei": "counterparty status",
            # French, of the monthly statement
            "heure": "time", "fuseau horaire": "time zone", "description": "type", "devise": "currency",
            "avant commission": "gross", "commission": "fee", "solde": "balance", "nom": "name",
            "numero de transaction": "transaction id", "adresse email de l expediteur": "from email address",
            "numero de la transaction de reference": "reference txn id",
            # Italian
            "data": "date", "orario": "time", "fuso orario": "time zone", "nome": "name", "tipo": "type",
            "stato": "status", "valuta": "currency", "lordo": "gross", "tariffa": "fee",
            "indirizzo email mittente": "from email address", "indirizzo email destinatario": "to email address",
            "codice transazione": "transaction id", "codice transazione di riferimento": "reference txn id",
            "codice ricevuta": "receipt id", "saldo": "balance", "impatto sul saldo": "balance impact",
        },
    ),
    Platform(
        "tiktok",
        "TikTok Shop orders export",
        _headers(
            "sku subtotal after discount, sku quantity, buyer username, created time, order substatus, seller sku, "
            "sku id, sku unit original price, order refund amount, cancelled time, sku subtotal before discount"
        ),
        3,
        _columns(
            customer_id="buyer username", order_id="order id", order_date="created time, paid time",
            amount="sku subtotal after discount", quantity="sku quantity, quantity", status="order status",
            product="seller sku, sku id, product name", cancelled="cancelled time", refunded="order refund amount",
        ),
    ),
    Platform(
        "shopware",
        "Shopware orders export",
        _headers(
            "invoice amount, invoice amount net, order time, invoice shipping, invoice shipping net, cleared, "
            "cleared date, temporary id, partner id, dispatch id, language iso, currency factor, transaction id"
        ),
        2,
        _columns(
            customer_id="customer id, customer email, email", order_id="number, order number, order id",
            order_date="order time", amount="invoice amount", status="status", currency="currency",
        ),
        no_sale_statuses=("-1", "4"),  # abandoned; cancelled
        no_order_ids=("0",),  # a basket that never became an order
    ),
    Platform(
        "uci-online-retail",
        "UCI Online Retail",
        _headers("invoice no, invoice, stock code, invoice date, unit price"),
        3,
        _columns(
            customer_id="customer id", order_id="invoice no, invoice", order_date="invoice date",
            quantity="quantity", unit_price="unit price, price", product="stock code", country="country",
        ),
    ),
)  # fmt: skip
BY_SLUG: Mapping[str, Platform] = {platform.slug: platform for platform in PLATFORMS}


def platform_of(headers: Iterable[str]) -> Platform | None:
    """The system whose export has these headers, told by how many of its telling ones are among them.

    Returns
    -------
    The one with the largest share of its telling headers where several have enough; None where none has.
    """
    plain = {normalised(header) for header in headers}
    shares = {}
    for platform in PLATFORMS:
        known = {platform.in_english.get(header, header) for header in plain}
        found = len(known.intersection(platform.telling))
        if found >= platform.least and not known.isdisjoint(platform.columns["order_date"]):
            shares[platform.slug] = found / len(platform.telling)
    return BY_SLUG[max(shares, key=lambda slug: shares[slug])] if shares else None


def columns_of(platform: Platform, headers: Sequence[str]) -> dict[str, str]:
    """Role -> the file's own header, for each role whose column this export has."""
    own: dict[str, str] = {}
    for header in headers:
        plain = normalised(header)
        own.setdefault(platform.in_english.get(plain, plain), header)
    found = {role: next((own[name] for name in names if name in own), None) for role, names in platform.columns.items()}
    return {role: header for role, header in found.items() if header is not None}
