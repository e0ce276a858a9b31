"""Which column plays which role: told from the header's words and from what the column holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.errors import NoAmountColumnError, NoCustomerColumnError, NoDateColumnError, UnknownColumnError, UserError
from core.orders import values
from core.orders.roles import BY_NAME, ROLES, Role
from core.orders.source import SourceTable

_REQUIRED_SHARE = 0.5  # of the sampled values that must look like the role's kind
_GUESSABLE = ("order_date", "customer_id", "amount", "quantity")


@dataclass(frozen=True, slots=True)
class Recognition:
    """Which header plays which role."""

    columns: Mapping[str, str]  # role name -> header
    warnings: tuple[str, ...] = field(default=())

    def header(self, role: str) -> str | None:
        return self.columns.get(role)


@lru_cache(maxsize=10_000)  # each header is compared with the names of each role
def normalised(header: str) -> str:
    """Lower-case words without accents or punctuation: `InvoiceNo`, `invoice_no` and `Invoice No.` are the same."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss"))
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.lower()).split())


def recognise(source: SourceTable, given: Mapping[str, str] | None = None) -> Recognition:
    """The role of each column: as `detect`, and all that orders need are there.

    Raises
    ------
    UnknownColumnError, UnknownRoleError, NoCustomerColumnError, NoDateColumnError, NoAmountColumnError
    """
    found = detect(source, given)
    _require(source.headers, found.columns)
    return found


def detect(source: SourceTable, given: Mapping[str, str] | None = None) -> Recognition:
    """The role of each column, as far as it can be told.

    Parameters
    ----------
    given : {role: header, or place counted from 1} that somebody chose; these stand, the rest is detected around them.
        An empty header takes the role away.

    Raises
    ------
    UnknownColumnError, UnknownRoleError
    """
    chosen = {_role(role): _header(source, wanted) for role, wanted in (given or {}).items()}
    sample = source.sample()
    columns = {role: header for role, header in chosen.items() if header is not None}
    free = [header for header in source.headers if header not in columns.values()]
    open_roles = [role for role in ROLES if role.name not in chosen]
    scores = sorted(
        (
            (score, -ROLES.index(role), role.name, header)
            for role in open_roles
            for header in free
            if (score := _name_score(role, header)) > 0 and _holds(role, sample[header])
        ),
        reverse=True,
    )
    taken = set(columns.values())
    for _, _, role_name, header in scores:
        if role_name not in columns and (header not in taken or _shareable(role_name, header, columns)):
            columns[role_name] = header
            taken.add(header)
    columns |= _guessed(source, sample, columns, chosen)
    # Without its quantity a price says nothing of what was paid, unless somebody said that there is none.
    if "quantity" in chosen or _unread_quantity(source, sample) is None:
        columns = _settle_money(columns, chosen)
    in_order = {role.name: columns[role.name] for role in ROLES if role.name in columns}
    return Recognition(in_order, _warnings(source, sample, in_order))


def _role(name: str) -> str:
    if name not in BY_NAME:
        raise UnknownRoleError(name)
    return name


class UnknownRoleError(UserError):
    """A role was named that there is none of."""

    code = "unknown-role"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no role {name!r}.", hint=f"Use one of: {', '.join(BY_NAME)}.")


def _header(source: SourceTable, wanted: str) -> str | None:
    if not wanted:
        return None
    if wanted in source.headers:
        return wanted
    alike = [header for header in source.headers if normalised(header) == normalised(wanted)]
    if len(alike) == 1:
        return alike[0]
    if wanted.isdecimal() and 1 <= int(wanted) <= len(source.headers):
        return source.headers[int(wanted) - 1]
    raise UnknownColumnError(wanted, source.headers)


def _name_score(role: Role, header: str) -> float:
    """1 for the most telling name, a little less for each further one; half where a name is only part of the header."""
    plain = normalised(header)
    if plain in role.names:
        return 1.0 - 0.4 * role.names.index(plain) / len(role.names)
    if role.name in {"customer_name"}:
        return 0.0
    padded = f" {plain} "
    for rank, name in enumerate(role.names):
        if len(name) > 3 and f" {name} " in padded and " " in name:
            return 0.5 - 0.2 * rank / len(role.names)
    return 0.0


def _holds(role: Role, sampled: Sequence[object]) -> bool:
    """Whether the values can be of the role's kind. A column of blanks can be anything but a key."""
    if all(values.is_blank(value) for value in sampled):
        return role.kind not in {"id", "date", "money"} or role.name == "product"
    if role.kind == "date":
        return values.share(sampled, "date") >= _REQUIRED_SHARE or values.are_day_counts(sampled)
    if role.kind in {"money", "number"}:
        return values.share(sampled, "number") >= _REQUIRED_SHARE
    if role.kind == "email":
        return values.share(sampled, "email") >= _REQUIRED_SHARE
    return not (
        role.kind == "id" and values.share(sampled, "date") >= _REQUIRED_SHARE > values.share(sampled, "integer")
    )


def _shareable(role: str, header: str, columns: Mapping[str, str]) -> bool:
    """An email or a name that identifies the customer is also how to reach her."""
    contacts = {columns.get("email"), columns.get("customer_name")}
    return (role in {"email", "customer_name"} and columns.get("customer_id") == header) or (
        role == "customer_id" and header in contacts
    )


def _guessed(
    source: SourceTable,
    sample: Mapping[str, Sequence[object]],
    columns: Mapping[str, str],
    chosen: Mapping[str, str | None],
) -> dict[str, str]:
    """Roles told from contents alone, in a file without a header."""
    if any(file.dialect is None or file.dialect.has_header for file in source.files):
        return {}
    found: dict[str, str] = {}
    free = [header for header in source.headers if header not in columns.values()]
    for role in _GUESSABLE:
        if role in columns or role in chosen:
            continue
        scores = {header: _content_score(role, sample[header]) for header in free}
        best = max(free, key=lambda header: scores[header], default=None)
        if best is not None and scores[best] > 0:
            found[role] = best
            free.remove(best)
    return found


def _content_score(role: str, sampled: Sequence[object]) -> float:
    """How well the values alone suit a role; on a tie the column further left is taken."""
    texts = [str(value).strip() for value in sampled if not values.is_blank(value)]
    if not texts:
        return 0.0
    dates, numbers = values.share(sampled, "date"), values.share(sampled, "number")
    if role == "order_date":
        return dates if dates > 0.9 else 0.0
    if role == "amount":
        fractions = sum(bool(re.search(r"[.,]\d{1,2}\D*$", text)) for text in texts) / len(texts)
        return fractions if numbers > 0.9 else 0.0
    small = sum(text.isdecimal() and not text.startswith("0") and int(text) < 1000 for text in texts) / len(texts)
    if role == "quantity":
        return small if small > 0.9 else 0.0
    # A customer comes back: fewer ids than rows, and each as long as the other or an email. Quantities come back too.
    repeats = 1 - len(set(texts)) / len(texts)
    alike = max(values.share(sampled, "email"), 1.0 if len({len(text) for text in texts}) <= 3 else 0.5)
    alike *= 0.5 if small > 0.9 else 1.0
    return repeats * alike if 0 < repeats < 0.98 or len(texts) < 20 else 0.0


def _settle_money(columns: Mapping[str, str], chosen: Mapping[str, str | None]) -> dict[str, str]:
    """A price is an amount where there is no quantity to multiply it by."""
    settled = dict(columns)
    if "amount" not in settled and "amount" not in chosen and "unit_price" in settled and "quantity" not in settled:
        settled["amount"] = settled.pop("unit_price")
    return settled


def _require(headers: Sequence[str], columns: Mapping[str, str]) -> None:
    if "customer_id" not in columns:
        raise NoCustomerColumnError(headers)
    if "order_date" not in columns:
        raise NoDateColumnError(headers)
    if "amount" not in columns and not {"quantity", "unit_price"} <= columns.keys():
        raise NoAmountColumnError(headers, price=columns.get("unit_price"))


def _warnings(
    source: SourceTable, sample: Mapping[str, Sequence[object]], columns: Mapping[str, str]
) -> tuple[str, ...]:
    found = []
    unread = _unread_quantity(source, sample)
    if "quantity" not in columns and unread is not None:
        found.append(f"The column {unread} is named like a quantity but mostly holds text, so it is not used.")
    return tuple(found)


def _unread_quantity(source: SourceTable, sample: Mapping[str, Sequence[object]]) -> str | None:
    """A column that is named like a quantity and holds something else."""
    named = (header for header in source.headers if _name_score(BY_NAME["quantity"], header) > 0.5)
    return next((header for header in named if not _holds(BY_NAME["quantity"], sample[header])), None)
