"""How ids are told apart: what a shop or a spreadsheet put around an id is no part of it, all else is."""

from __future__ import annotations

import re
from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from core.orders import values

_NO_BREAK = "\u00a0"
_BLANKS = f"[\\s{_NO_BREAK}\u2007\u200b\u202f\ufeff]+"
# 1.785E+4, as spreadsheets shorten numbers. Without the plus it may well be a name, such as 5E10.
_SHORTENED = r"^[1-9](?:[.,]\d+)?[eE]\+\d{1,2}$"
_WHOLE = r"^[1-9](?:[.,]\d+)?[eE]\+(?:[0-2]?\d|3[0-6])$"  # and of 38 digits at most, which any engine can hold


def identity(cell: ir.Value, *, lower: bool = False, plain: bool = False) -> ir.StringValue:
    """Ids from cells, missing where nothing is left. Leading zeros and capitals stay; what a program added does not.

    `17850.0` and `1.785E+4` are 17850, `'00123` is 00123, `#3001` is 3001, and blanks around go. Emails (`lower`) do
    not differ by case or blanks. What stands for nothing is still to be told (`values.unless_blank`).

    Parameters
    ----------
    plain : the cells are known to be ASCII, and to have no blanks but spaces
    """
    written = cell if cell.type().is_string() else values.stripped(cell)
    if cell.type().is_integer():
        return written
    # Most ids have none of it, which a few comparisons tell in half the time of one pattern. The last character takes
    # as long as all others.
    last = written.right(1)
    ends_odd = written.endswith(" ") if plain else (last < "!") | (last > "~")
    decorated = (
        (written < "(")  # a blank, # or '
        | (written > "~")  # a no-break space
        | ends_odd
        | written.contains("+")
        | written.endswith(".0")
    )
    ids = ibis.ifelse(decorated, _bare(written), written)
    if lower:
        spaced = ids.contains(" ") | ids.contains(_NO_BREAK)
        ids = ibis.ifelse(spaced & ids.contains("@"), ids.re_replace(_BLANKS, ""), ids).lower()
    return ids


def _bare(written: ir.StringValue) -> ir.StringValue:
    inner = (
        written.re_replace(f"^{_BLANKS}|{_BLANKS}$", "")
        .re_replace(r"^'([\d+=@#-].*)$", r"\1")
        .re_replace(r"^#(\w.*)$", r"\1")
        .re_replace(r"^(\d+)\.0$", r"\1")
        .nullif("")
    )
    # Only what can be cast is: not all engines have a cast that may fail.
    whole = ibis.ifelse(inner.re_search(_WHOLE), inner.replace(",", "."), ibis.null("string"))
    return ibis.coalesce(whole.cast("decimal(38, 0)").cast("string"), inner)


def shortened(sampled: Iterable[str]) -> list[str]:
    """Those of the trimmed texts that a spreadsheet shortened so far that digits are lost: `1.23457E+11`."""
    return [text for text in sampled if re.match(_SHORTENED, text) and _lost(text)]


def _lost(text: str) -> bool:
    """Whether there are fewer digits after the mark than places to move it."""
    digits, power = re.split(r"[eE]\+", text)
    return len(re.sub(r"^\d[.,]?", "", digits)) < int(power)
