"""How well the words of a header name what a column is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.orders import currencies
from core.orders.names import is_before_taxes, normalised, of_money
from core.orders.roles import ROLES, Role

_BESIDE = 0.001  # what a name loses beside a currency or a little word: less than from one name of a role to the next
_AFTER_TAXES, _BEFORE_TAXES = 0.05, 0.1  # and beside taxes: gross sales are less telling than net sales
_LITTLE = re.compile(r"\b(?:d|de|del|della|dell|der|des|di|do|du|el|het|il|l|la|le|of|the|van)\b")
_BILLING = re.compile(r"\b(?:billing|facturacion|facturation|factuuradres|facturatie|fatturazione|rechnungsadresse)\b")
_NUMBER = frozenset({"id", "key", "n", "no", "nr", "num", "number", "numero", "nummer"})
_COMPOUND = re.compile(r"(?<=[a-z]{3})nr$")  # Klantnr is klantnummer
_PARTS = (
    "tax taxes vat mwst ust tva iva btw gst shipping versand envio livraison spedizione verzending discount rabatt "
    "remise descuento sconto korting fee fees gebuhr frais cost kosten tip weight points"
)
_OTHER_MONEY = frozenset(_PARTS.split())
"""What a sum is of, where it is only a part of what was paid or none of it."""
_SUM = "amount bedrag betrag importe importo montant omzet revenue total totaal totale umsatz"
_SUMS = frozenset(_SUM.split())
_NO_SUM = (
    "balance count credit customers days deposit due goal hours items limit loan orders outstanding owed products "
    "purchases qty quantity refund refunded returned savings subtotal units visits"
)
_NOT_PAID = _OTHER_MONEY | frozenset(_NO_SUM.split())
"""Words beside "total" that make it no sum of money, or one that nobody has paid."""


def _bare(plain: str) -> str:
    """Words in any order, without those that only join them, and all that mean a number alike.

    Whose address it is goes too: that of the bill is the customer's.
    """
    words = _BILLING.sub(" ", _LITTLE.sub(" ", plain)).split()
    if len(words) > 1:
        words = ["nummer" if word in _NUMBER else word for word in words]
    return " ".join(sorted(_COMPOUND.sub("nummer", word) for word in words))


_RANKS = {role.name: {_bare(name): rank for rank, name in reversed([*enumerate(role.names)])} for role in ROLES}


@dataclass(frozen=True, slots=True)
class HeaderWords:
    """What a header says: all of it; and as a sum of money, whatever else it says of that."""

    plain: str
    bare: str
    priced: str  # without a currency
    money: str  # and without taxes

    @classmethod
    def of(cls, header: str) -> HeaderWords:
        plain = normalised(header)
        return cls(plain, _bare(plain), normalised(currencies.without(header)), of_money(header))


def speaks_of_a_sum(header: str) -> bool:
    """Whether a header says that something was paid, in words that no role has: `Amount paid`, `Grand total`."""
    words = set(of_money(header).split())
    return not words.isdisjoint(_SUMS) and words.isdisjoint(_NOT_PAID)


def name_score(role: Role, words: HeaderWords) -> float:
    """1 for the most telling name, a little less for each further one; half where a name is only part of the header.

    Little words and the billing address make next to no difference: `Fecha del pedido`, `First name (billing)`. A sum
    may name its currency and taxes beside; of two the one that does not goes before, then the one with taxes.
    """
    score = max(_plain_score(role, words.plain), _bare_score(role, words.bare))
    if role.kind != "money" or words.money == words.plain:
        return score
    beside = _BEFORE_TAXES if is_before_taxes(words.plain) else _AFTER_TAXES
    priced = max(_plain_score(role, words.priced), _bare_score(role, _bare(words.priced)))
    money = max(_plain_score(role, words.money), _bare_score(role, _bare(words.money)))
    return max(score, priced - _BESIDE, money - beside)


def _bare_score(role: Role, bare: str) -> float:
    rank = _RANKS[role.name].get(bare)
    return 0.0 if rank is None else 1.0 - 0.4 * rank / len(role.names) - _BESIDE


def _plain_score(role: Role, plain: str) -> float:
    """Of "Type" over payments and refunds all is told by its values, so that it counts in full."""
    if role.kind == "movement" and plain in role.names:
        return 1.0
    if plain in role.names:
        return 1.0 - 0.4 * role.names.index(plain) / len(role.names)
    if role.name == "customer_name" or (role.kind == "money" and not _OTHER_MONEY.isdisjoint(plain.split())):
        return 0.0
    padded = f" {plain} "
    for rank, name in enumerate(role.names):
        if len(name) > 3 and f" {name} " in padded and " " in name:
            return 0.5 - 0.2 * rank / len(role.names)
    return 0.0
