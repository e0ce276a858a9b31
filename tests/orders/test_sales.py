"""What statuses and kinds of transaction say. Words as WooCommerce, Shopify, Magento, PayPal and others write them."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from core.orders import sales


def answers(expression: ibis.Value, texts: list[str | None]) -> list[bool]:
    table = ibis.memtable(pd.DataFrame({"text": pd.array(texts, dtype="string"), "place": range(len(texts))}))
    asked = table.mutate(answer=expression).order_by("place")
    return [bool(answer) for answer in asked.to_pandas()["answer"]]


NO_SALE = [
    "cancelled", "Canceled", "wc-cancelled", "voided", "VOID", "failed", "Payment failed", "pending", "wc-pending",
    "pending_payment", "Pending Payment", "on-hold", "holded", "Held", "Payment review: fraud", "abandoned", "expired",
    "Declined", "Denied", "Incomplete", "Unpaid", "not paid", "Awaiting Payment", "requires_payment_method",
    "requires_capture", "Uncaptured", "test", "trash", "draft", "checkout-draft",
    "Storniert", "Abgebrochen", "Zahlung ausstehend", "Fehlgeschlagen", "In Wartestellung", "nicht bezahlt",
    "Annulée", "Échouée", "echouee", "En attente", "Attente paiement", "Refusé", "Brouillon",
    "Cancelado", "Anulado", "Fallido", "Pendiente de pago", "En espera", "Rechazado",
    "Annullato", "Fallito", "In attesa di pagamento", "In sospeso", "Rifiutato",
    "Geannuleerd", "Mislukt", "In afwachting van betaling", "Wacht op betaling", "In de wacht", "Onbetaald",
]  # fmt: skip
SALE = [
    None, "paid", "Paid", "completed", "complete", "processing", "shipped", "Awaiting Fulfillment",
    "awaiting-shipment", "pending fulfillment", "Awaiting Pickup", "partially_refunded", "Partially Cancelled",
    "refunded", "authorized", "closed", "Delivered", "Latest", "contested", "Unavoidable delay",
    "Abgeschlossen", "In Bearbeitung", "Versand ausstehend", "Teilweise storniert", "Bezahlt",
    "Terminée", "En cours", "En attente d'expédition", "Payée",
    "Completado", "Procesando", "Pendiente de envío", "Completato", "In lavorazione", "In attesa di spedizione",
    "Voltooid", "In behandeling", "Wacht op verzending", "Betaald",
]  # fmt: skip


def test_statuses_of_no_sale():
    told = answers(sales.is_no_sale_status(ibis._.text), [*NO_SALE, *SALE])
    assert [text for text, no_sale in zip([*NO_SALE, *SALE], told, strict=True) if no_sale] == NO_SALE


def test_statuses_of_one_system():
    assert answers(sales.is_no_sale_status(ibis._.text, ("-1", "4")), ["-1", "4", "0", "1", "14", None]) == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_statuses_that_all_was_paid_back():
    yes = ["refunded", "Refunded", "wc-refunded", "Fully refunded", "Rückerstattet", "Zurückerstattet", "Remboursée",
           "Reembolsado", "Rimborsato", "Terugbetaald", "Returned", "Charge back", "reversed"]  # fmt: skip
    no = ["partially_refunded", "Partially Refunded", "Refund requested", "paid", None, "Teilweise erstattet"]
    assert answers(sales.is_refunded_status(ibis._.text), [*yes, *no]) == [True] * len(yes) + [False] * len(no)


REFUNDS = ["Refund", "Payment Refund", "Payment Reversal", "Chargeback", "charge_back", "Return", "Rückzahlung",
           "Remboursement", "Reembolso", "Rimborso", "Terugbetaling"]  # fmt: skip
OTHERS = ["Fee", "Payment Fee", "Payout", "Transfer", "General Withdrawal", "General Currency Conversion",
          "Account Hold for Open Authorization", "Reversal of General Account Hold", "Shipping label", "Other fee",
          "Fee refund", "Adjustment", "Bank Deposit to PP Account", "Gebühr", "Allgemeine Währungsumrechnung",
          "Auszahlung", "Frais", "Virement", "Retirada", "Prelievo"]  # fmt: skip
SALES = ["Payment", "Sale", "Order", "Express Checkout Payment", "Website Payment", "Handyzahlung", "Paiement",
         "Pago", "Vendita", "Betaling"]  # fmt: skip


def test_kinds_of_transaction():
    kinds = [*REFUNDS, *OTHERS, *SALES]
    refund = answers(sales.is_refund_kind(ibis._.text), kinds)
    none = answers(sales.is_no_sale_kind(ibis._.text, strictly=False), kinds)
    assert [kind for kind, told in zip(kinds, refund, strict=True) if told] == REFUNDS
    assert [kind for kind, told in zip(kinds, none, strict=True) if told] == OTHERS


def test_strictly_what_is_not_named_a_sale_is_none():
    assert answers(sales.is_no_sale_kind(ibis._.text, strictly=True), ["Something else", "Payment", "Refund"]) == [
        True, False, False,
    ]  # fmt: skip
    assert answers(sales.is_no_sale_kind(ibis._.text, strictly=False), ["Something else"]) == [False]


def test_a_column_of_kinds_is_no_column_of_goods():
    assert sales.names_kinds(["Payment", "Payment", "Refund", "Fee"])
    assert not sales.names_kinds(["RETAIL", "WHOLESALE"])
    assert not sales.names_kinds(["online order", "phone order"])
    assert not sales.names_kinds([])


def test_guests():
    nobody = ["0", "00", "guest", "Guest", "GUEST", "Guest Checkout", "Gast", "anonymous"]
    somebody = ["7", "000", "Guest House Ltd", "Unknown Pleasures", None]
    assert answers(sales.is_guest(ibis._.text), [*nobody, *somebody]) == [True] * len(nobody) + [False] * 5


def test_flags():
    texts = ["true", "1", "2025-02-02 09:00", "yes", "false", "0", "no", "nein", "", None]
    assert answers(sales.says_yes(ibis._.text), texts) == [True] * 4 + [False] * 6
    assert answers(sales.says_no(ibis._.text), texts) == [False] * 4 + [True] * 5 + [False]


@pytest.mark.parametrize(
    ("numbers", "means"),
    [
        (["536365", "536366", "C536379"], True),
        (["536365", "536366"], True),  # a C later in the file would mean it
        (["C1", "C2", "C3"], False),  # all begin so
        (["C1", "K2", "1"], False),
        ([], False),
    ],
)
def test_whether_a_c_before_a_number_means_a_cancellation(numbers: list[str], means: bool):
    assert sales.marks_cancellations(numbers) is means
