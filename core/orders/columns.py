"""Which column plays which role: told from the header's words and from what the column holds."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import (
    NoAmountColumnError,
    NoCustomerColumnError,
    NoDateColumnError,
    UnknownColumnError,
    UserError,
    listed,
)
from core.orders import currencies, sales, values
from core.orders.headers import HeaderWords, name_score, speaks_of_a_sum
from core.orders.names import normalised, of_money
from core.orders.platforms import Platform, columns_of, platform_of
from core.orders.roles import BY_NAME, ROLES, Role
from core.orders.source_table import SourceTable

_REQUIRED_SHARE = 0.5  # of the sampled values that must look like the role's kind
_GUESSABLE = ("order_date", "customer_id", "amount", "quantity")
_TIME = re.compile(r"^\d{1,2}[:.]\d{2}([:.]\d{2})?\s*([AaPp]\.?[Mm]\.?)?$")
_FEW_ORDERS = 5  # with several lines in the sample, before what they have in common says anything
_PLATFORM_ONLY = ("payee", "refunded_order")  # mean nothing in a file of another system
_NAMED_LAST = ("product_name",)  # a product's name is its product where there is no code


@dataclass(frozen=True, slots=True)
class Recognition:
    """Which header plays which role."""

    columns: Mapping[str, str]  # role name -> header
    warnings: tuple[str, ...] = field(default=())
    platform: Platform | None = None  # whose export it is

    def header(self, role: str) -> str | None:
        return self.columns.get(role)


def recognise(source: SourceTable, given: Mapping[str, str] | None = None) -> Recognition:
    """The role of each column: as `detect`, and all that orders need are there.

    Raises
    ------
    UnknownColumnError, UnknownRoleError, NoCustomerColumnError, NoDateColumnError, NoAmountColumnError
    """
    found = detect(source, given)
    _require(source.headers, found)
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
    platform = platform_of(source.headers)
    columns = {role: header for role, header in chosen.items() if header is not None}
    if platform is not None:
        known = columns_of(platform, source.headers)
        columns = {
            role: header for role, header in known.items() if role not in chosen and header not in columns.values()
        } | columns
    columns = _by_name(source.headers, sample, columns, chosen)
    columns |= _guessed(source, sample, columns, chosen)
    # Without its quantity a price says nothing of what was paid, unless somebody said that there is none.
    if "quantity" in chosen or _unread_quantity(source, sample) is None:
        columns = _settle_money(columns, chosen)
    if "product_name" not in chosen:
        columns |= _named_products(source.headers, sample, columns)
    in_order = {role.name: columns[role.name] for role in ROLES if role.name in columns}
    return Recognition(in_order, _warnings(source, sample, in_order), platform)


def _by_name(
    headers: Sequence[str],
    sample: Mapping[str, Sequence[object]],
    settled: Mapping[str, str],
    chosen: Mapping[str, str | None],
) -> dict[str, str]:
    """The settled roles, and those that a header's words and its column's values speak for, the surest first."""
    columns = dict(settled)
    free = [header for header in headers if header not in settled.values()]
    open_roles = [role for role in ROLES if role.name not in (*chosen, *_PLATFORM_ONLY, *_NAMED_LAST)]
    shared = [header for header in (columns.get("customer_id"),) if header is not None]
    plain = {header: HeaderWords.of(header) for header in (*free, *shared)}
    scores = sorted(
        (
            (score, -ROLES.index(role), role.name, header)
            for role in open_roles
            for header, words in plain.items()
            if (score := name_score(role, words)) > 0 and _holds(role, sample[header])
        ),
        key=lambda found: (*found[:3], -headers.index(found[3])),
        reverse=True,
    )
    taken = set(columns.values())
    for _, _, role_name, header in scores:
        if role_name in columns or not (header not in taken or _shareable(role_name, header, columns)):
            continue
        if role_name == "customer_id" and _varies_within_orders(header, scores, columns, sample):
            continue
        columns[role_name] = header
        taken.add(header)
    return columns


def _varies_within_orders(
    header: str,
    scores: Sequence[tuple[float, int, str, str]],
    columns: Mapping[str, str],
    sample: Mapping[str, Sequence[object]],
) -> bool:
    """Whether a column differs between the lines of one order, which no customer does."""
    likeliest = next((order for _, _, role, order in scores if role == "order_id" and order != header), None)
    order_header = columns.get("order_id") or likeliest
    if order_header is None:
        return False
    within: dict[str, set[str]] = defaultdict(set)
    lines: dict[str, int] = defaultdict(int)
    for order, value in zip(sample[order_header], sample[header], strict=True):
        if not values.is_blank(order) and not values.is_blank(value):
            within[str(order)].add(str(value))
            lines[str(order)] += 1
    several = [order for order, count in lines.items() if count > 1]
    return len(several) >= _FEW_ORDERS and sum(len(within[order]) > 1 for order in several) > 0.5 * len(several)


def _named_products(
    headers: Sequence[str], sample: Mapping[str, Sequence[object]], columns: Mapping[str, str]
) -> dict[str, str]:
    """The column that names the products, beside one of codes: hardly a code has two names."""
    code = columns.get("product")
    if code is None or not _are_codes(sample[code]):
        return {}
    role = BY_NAME["product_name"]
    free = [header for header in headers if header not in columns.values()]
    scores = {header: name_score(role, HeaderWords.of(header)) for header in free}
    names = [header for header in free if scores[header] > 0 and _names(sample[code], sample[header])]
    return {role.name: max(names, key=lambda header: scores[header])} if names else {}


def _are_codes(sampled: Sequence[object]) -> bool:
    texts = [str(value).strip() for value in sampled if not values.is_blank(value)]
    return sum(not any(character.isspace() for character in text) for text in texts) > 0.5 * len(texts)


def _names(codes: Sequence[object], sampled: Sequence[object]) -> bool:
    """Whether texts name codes: in letters, and most rows of a code that comes again bear the same one."""
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for code, name in zip(codes, sampled, strict=True):
        if not values.is_blank(code) and not values.is_blank(name):
            named[str(code).strip()][str(name).strip()] += 1
    again = [names for names in named.values() if names.total() > 1]
    lettered = sum(any(letter.isalpha() for letter in next(iter(names))) for names in named.values())
    alike = sum(max(names.values()) for names in again)
    return lettered > 0.5 * len(named) and (not again or alike > 0.5 * sum(names.total() for names in again))


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


def _holds(role: Role, sampled: Sequence[object]) -> bool:
    """Whether the values can be of the role's kind. A column of blanks can be anything but a key."""
    if all(values.is_blank(value) for value in sampled):
        return role.kind not in {"id", "date", "money", "movement", "time"} or role.name in {"product", "refunded"}
    if role.kind == "date":
        return values.share(sampled, "date") >= _REQUIRED_SHARE or values.are_day_counts(sampled)
    if role.kind in {"money", "number"}:
        return values.share(sampled, "number") >= _REQUIRED_SHARE
    if role.kind == "email":
        return values.share(sampled, "email") >= _REQUIRED_SHARE
    texts = [str(value).strip() for value in sampled if not values.is_blank(value)]
    if role.kind == "time":
        return sum(bool(_TIME.match(text)) for text in texts) >= _REQUIRED_SHARE * len(texts)
    if role.kind == "movement":
        return sales.names_kinds(texts)
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
    found: dict[str, str] = {}
    free = [header for header in source.headers if header not in columns.values()]
    if any(file.has_header for file in source.files):
        return _only_one(sample, free, columns, chosen)
    for role in _GUESSABLE:
        if role in columns or role in chosen:
            continue
        scores = {header: _content_score(role, sample[header]) for header in free}
        best = max(free, key=lambda header: scores[header], default=None)
        if best is not None and scores[best] > 0:
            found[role] = best
            free.remove(best)
    return found


def _only_one(
    sample: Mapping[str, Sequence[object]],
    free: Sequence[str],
    columns: Mapping[str, str],
    chosen: Collection[str],
) -> dict[str, str]:
    """What no name told, where a single column can be nothing else: holds emails or days, or speaks of a sum."""
    found = {}
    for role, kind in (("customer_id", "email"), ("order_date", "date")):
        alike = [header for header in free if values.share(sample[header], kind) > 0.9]  # type: ignore[arg-type]
        if role not in columns and role not in chosen and len(alike) == 1:
            found[role] = alike[0]
    known = columns.keys() | found.keys()
    if "order_date" in known and known.isdisjoint({"amount", "unit_price"}) and "amount" not in chosen:
        sums = [header for header in free if speaks_of_a_sum(header) and _holds(BY_NAME["amount"], sample[header])]
        if len(sums) == 1:
            found["amount"] = sums[0]
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


def _require(headers: Sequence[str], found: Recognition) -> None:
    columns = found.columns
    if "customer_id" not in columns:
        platform = found.platform
        raise NoCustomerColumnError(headers, advice=platform.without_customer if platform else None)
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
    amount = columns.get("amount")
    if amount is not None and (code := currencies.of_header(amount)):
        same = [header for header in source.headers if header != amount and of_money(header) == of_money(amount)]
        elsewhere = [header for header in same if currencies.of_header(header) not in {None, code}]
        if elsewhere:
            found.append(f"{amount} is counted; the same in another currency is not: {listed(elsewhere)}.")
    return tuple(found)


def _unread_quantity(source: SourceTable, sample: Mapping[str, Sequence[object]]) -> str | None:
    """A column that is named like a quantity and holds something else."""
    named = (header for header in source.headers if name_score(BY_NAME["quantity"], HeaderWords.of(header)) > 0.5)
    return next((header for header in named if not _holds(BY_NAME["quantity"], sample[header])), None)
