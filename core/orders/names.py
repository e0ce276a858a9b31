"""Headers as words, so that spelling does not matter."""

from __future__ import annotations

import re
import unicodedata

from core.orders import currencies

_TAX = "(?:vat|sales tax|tax|taxes|taxe|mwst|ust|tva|iva|btw|gst|hst|impuestos|imposte|steuern?)"
_WITH = f"(?:incl|inkl|inc|including|inclusive|includes|with|mit|con|avec|met|toutes)(?: of)? {_TAX}"
_WITHOUT = f"(?:excl|exkl|ex|excluding|exclusive|before|without|ohne|sin|senza|hors|zonder|plus|zzgl)(?: of)? {_TAX}"
_AFTER_TAXES = re.compile(rf"\b(?:{_WITH}|ttc|brutto|bruto|lordo|gross)\b")
_BEFORE_TAXES = re.compile(rf"\b(?:{_WITHOUT}|ht|htva|netto|neto|net)\b")


def normalised(header: str) -> str:
    """Lower-case words without accents or punctuation: `InvoiceNo`, `invoice_no` and `Invoice No.` are the same."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss"))
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.lower()).split())


def of_money(header: str) -> str:
    """The words of a header of money without those that only say in which currency, and with or without taxes."""
    words = normalised(currencies.without(header))
    return " ".join(_BEFORE_TAXES.sub(" ", _AFTER_TAXES.sub(" ", words)).split())


def is_before_taxes(words: str) -> bool:
    """Whether the words of a header of money say that taxes come on top."""
    return _BEFORE_TAXES.search(words) is not None
