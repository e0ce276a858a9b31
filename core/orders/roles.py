"""What a column can be for us, and the names it goes by in the languages that shops export in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "date", "time", "money", "number", "text", "email", "flag", "movement"]


@dataclass(frozen=True, slots=True)
class Role:
    """What a column can be for us."""

    name: str
    label: str  # for people
    kind: Kind
    names: tuple[str, ...]  # normalised headers, the most telling first
    contact: bool = False


def _role(name: str, label: str, kind: Kind, names: str, *, contact: bool = False) -> Role:
    return Role(name, label, kind, tuple(names.split(", ")), contact)


ROLES: tuple[Role, ...] = (
    _role(
        "customer_id",
        "Customer",
        "id",
        "customer id, customer number, customer no, customer nr, customer code, customer key, customer, "
        "customerid, client id, client number, client, user id, buyer id, buyer user id, buyer username, "
        "member id, household id, household key, account id, shopper id, contact id, kundennr, kundennummer, "
        "kunden nr, kunde, kunden id, id client, numero client, n client, cliente, id cliente, codigo "
        "cliente, codice cliente, klant, klantnummer, klant id, customer email, buyer email, email, e mail, "
        "email address, e mail adresse, correo electronico, correo, courriel, adresse email, indirizzo email, "
        "e mailadres, client email, client e mail, customer e mail, kunden e mail, customer name, client name, "
        "kundenname",
    ),
    _role(
        "order_id",
        "Order",
        "id",
        "order id, order number, order no, order nr, ordernumber, orderid, order, invoice no, invoice number, "
        "invoice id, invoice, transaction id, transaction number, basket id, receipt, receipt id, receipt "
        "number, sale id, rechnungsnr, rechnungsnummer, rechnung, bestellnr, bestellnummer, bestellung, "
        "auftragsnr, rechnung nr, n facture, numero facture, facture, commande, numero commande, n commande, pedido, "
        "numero pedido, factura, ordine, fattura, bestelling, bestelnummer, factuur, factuurnummer, name",
    ),
    _role(
        "order_date",
        "Order date",
        "date",
        "order date, invoice date, purchase date, transaction date, transaction timestamp, sale date, created "
        "at, order time, ordertime, order timestamp, order created, paid at, date, datetime, timestamp, day, "
        "created, created utc, created time, bestelldatum, rechnungsdatum, datum, kaufdatum, auftragsdatum, "
        "date commande, date de commande, date facture, fecha, fecha de pedido, fecha pedido, data, data "
        "ordine, besteldatum, factuurdatum",
    ),
    _role(
        "order_time",
        "Time of day",
        "time",
        "order time, time, uhrzeit, heure, hora, ora, tijd",
    ),
    _role(
        "quantity",
        "Quantity",
        "number",
        "quantity, qty, lineitem quantity, quantity purchased, units, unit count, item quantity, total "
        "quantity, number of items, items, pieces, cds, menge, anzahl, stuck, stueck, quantite, qte, "
        "cantidad, quantita, aantal",
    ),
    _role(
        "unit_price",
        "Price of one",
        "money",
        "unit price, unitprice, price, item price, lineitem price, price each, price per unit, einzelpreis, "
        "stuckpreis, preis, prix unitaire, prix, precio unitario, precio, prezzo unitario, prezzo, stukprijs, "
        "prijs",
    ),
    _role(
        "amount",
        "Amount paid",
        "money",
        "revenue, amount, total, line total, order total, total amount, sales value, sales amount, sales, net "
        "sales, total price, total paid, order value, order amount, line amount, gross, turnover, spend, "
        "total spent, dollars, total revenue, betrag, umsatz, gesamtbetrag, summe, gesamtpreis, gesamt, "
        "montant, montant total, chiffre d affaires, importe, importe total, monto, importo, totale, bedrag, "
        "totaalbedrag, totaal, omzet, valor total, value",
    ),
    _role(
        "refunded",
        "Amount refunded",
        "money",
        "refunded amount, amount refunded, total refunded, refund amount, amount returned, refund total, refunds, "
        "refunded, order refund amount, erstattungsbetrag, erstattet, montant rembourse, rembourse, importe "
        "reembolsado, reembolsado, importo rimborsato, rimborsato, terugbetaald, terugbetaald bedrag",
    ),
    _role(
        "status",
        "Order status",
        "text",
        "order status, status, order state, bestellstatus, auftragsstatus, statut, statut de la commande, etat, "
        "estado, estado del pedido, stato, stato ordine, orderstatus, situacao",
    ),
    _role(
        "payment_status",
        "Payment status",
        "text",
        "financial status, payment status, payment state, zahlungsstatus, statut du paiement, estado del pago, "
        "stato pagamento, betaalstatus",
    ),
    _role(
        "cancelled",
        "Cancelled",
        "flag",
        "cancelled at, canceled at, cancelled time, canceled time, cancelled date, canceled date, cancellation date, "
        "cancelled on, canceled on, cancelled, canceled, is cancelled, is canceled, storniert am, storniert, annule "
        "le, annulee le, cancelado el, annullato il, geannuleerd op",
    ),
    _role(
        "captured",
        "Payment taken",
        "flag",
        "captured, payment captured",
    ),
    _role(
        "test_order",
        "Test order",
        "flag",
        "test, is test, test order",
    ),
    _role(
        "transaction_type",
        "Kind of transaction",
        "movement",
        "transaction type, event type, entry type, reporting category, transaction kind, transaktionstyp, "
        "transaktionsart, type de transaction, tipo de transaccion, tipo di transazione, type, typ, tipo",
    ),
    _role(
        "payee",
        "Paid to",
        "email",
        "to email address",
    ),
    _role(
        "refunded_order",
        "Order that a refund belongs to",
        "id",
        "reference txn id",
    ),
    _role(
        "product",
        "Product",
        "id",
        "item number, product id, sku, stock code, stockcode, item id, product code, item sku, lineitem sku, "
        "product number, article number, item code, upc, ean, asin, product, lineitem name, product name, "
        "item name, item title, item, description, artikelnr, artikelnummer, artikelname, artikelbezeichnung, artikel, "
        "nombre producto, nombre articulo, nom produit, nome prodotto, productnaam, produkt, produit, article, "
        "reference, producto, articulo, prodotto, articolo",
    ),
    _role(
        "product_name",
        "Product name",
        "text",
        "product name, item name, lineitem name, product title, item title, title, product description, item "
        "description, description, product, item, artikelname, artikelbezeichnung, produktname, produktbezeichnung, "
        "bezeichnung, artikel, produkt, nombre producto, nombre articulo, descripcion, nom produit, nom article, "
        "designation, libelle, nome prodotto, nome articolo, descrizione, productnaam, artikelnaam, omschrijving",
    ),
    _role(
        "category",
        "Category",
        "text",
        "category, product category, department, product type, kategorie, categorie, categoria",
    ),
    _role(
        "order_type",
        "Type",
        "text",
        "type, order type, sales type, customer type",
    ),
    _role(
        "customer_source",
        "Customer source",
        "text",
        "customer source, acquisition channel, lead source, referrer",
    ),
    _role(
        "order_source",
        "Order source",
        "text",
        "order source, channel, sales channel, source, source name, store id, store, kanal, canal",
    ),
    _role(
        "currency",
        "Currency",
        "text",
        "currency, order currency, currency code, wahrung, devise, moneda, valuta",
    ),
    _role(
        "email",
        "Email",
        "email",
        "email, customer email, buyer email, email address, e mail, contact email, e mail adresse, correo electronico, "
        "correo, courriel, adresse email, indirizzo email, e mailadres",
        contact=True,
    ),
    _role(
        "phone",
        "Phone",
        "text",
        "phone, phone number, telephone, mobile, billing phone, default address phone, telefon, telefono",
        contact=True,
    ),
    _role(
        "first_name",
        "First name",
        "text",
        "first name, firstname, given name, billing first name, vorname, prenom, nombre, nome, voornaam",
        contact=True,
    ),
    _role(
        "last_name",
        "Last name",
        "text",
        "last name, lastname, surname, family name, billing last name, nachname, nom, apellido, apellidos, cognome, "
        "achternaam",
        contact=True,
    ),
    _role(
        "customer_name",
        "Full name",
        "text",
        "customer name, billing name, full name, buyer name, client name, kundenname",
        contact=True,
    ),
    _role(
        "city",
        "City",
        "text",
        "city, billing city, default address city, ort, stadt, ville, ciudad, citta, plaats",
        contact=True,
    ),
    _role(
        "state",
        "State",
        "text",
        "state, province, billing province, default address province code, region, bundesland",
        contact=True,
    ),
    _role(
        "zip",
        "Postal code",
        "text",
        "zip, zip code, postal code, postcode, billing zip, default address zip, plz, code postal, codigo postal, cap",
        contact=True,
    ),
    _role(
        "country",
        "Country",
        "text",
        "country, billing country, default address country code, country code, land, pays, pais, paese",
        contact=True,
    ),
    _role(
        "consent",
        "Agreed to marketing",
        "text",
        "accepts marketing, accepts email marketing, marketing consent, email marketing consent, opt in, newsletter",
        contact=True,
    ),
)
BY_NAME: Mapping[str, Role] = {role.name: role for role in ROLES}
CONTACTS: tuple[str, ...] = tuple(role.name for role in ROLES if role.contact)
PARTING: tuple[str, ...] = ("product", "category", "order_type", "customer_source", "order_source")
"""Roles whose values orders and money are told apart by."""
DESCRIPTIVE: tuple[str, ...] = (*PARTING, "product_name")
"""Roles that only describe a line. They weigh as much as all others together, so they are carried along on request."""
ORDER_ROLES: tuple[str, ...] = ("customer_id", "order_id", "order_date", "amount", "unit_price", "quantity")
"""What tells a table of orders from one of products or of customers."""
