"""Headers as words, so that spelling does not matter."""

from __future__ import annotations

import re
import unicodedata


def normalised(header: str) -> str:
    """Lower-case words without accents or punctuation: `InvoiceNo`, `invoice_no` and `Invoice No.` are the same."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss"))
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.lower()).split())
