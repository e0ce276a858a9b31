"""From a file's cells to values by role, one row at a time, by rules that are settled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from core.orders import currencies, dates, ids, numbers, sales, values
from core.orders.columns import Recognition
from core.orders.relating import NUMBERED
from core.orders.roles import BY_NAME, DESCRIPTIVE
from core.orders.selling import SaleRules, takes_back
from core.orders.source_table import SourceTable, Stage
from core.orders.values import Reading

_MOMENT = "moment"
_EMAIL = "email_as_id"
_IDS = ("customer_id", "payee", "order_id", "refunded_order")
_SETTLED = ("customer_id", "order_id", "order_time", "payee", "refunded_order")  # in what is made of them


def stages(
    source: SourceTable, recognition: Recognition, reading: Reading, rules: SaleRules, carry: Collection[str]
) -> tuple[Stage, ...]:
    """The steps from a file's columns to values by role: a glance, two more at what it left, what comes of all.

    Days and numbers are cast as they stand; only what fails is stripped, looked up among the words for nothing and read
    by the rules. Most cells of most files need none of that, and a cast is a tenth of its work. The steps are stages,
    since nested expressions would be repeated in all that they are part of.

    Parameters
    ----------
    carry : which descriptive roles come along: few ask for them, and they ask for few different values
    """
    columns = {role: source.column(header) for role, header in recognition.columns.items()}
    if "amount" in columns:
        columns.pop("unit_price", None)
    counted = [role for role in columns if BY_NAME[role].kind in {"number", "money"}]
    kinds = source.table.schema()
    carried = [role for role in columns if role in DESCRIPTIVE and role in carry]
    texts = [role for role in columns if role not in {*counted, *DESCRIPTIVE, "order_date"}]
    by_email = values.share(source.sample()[recognition.columns["customer_id"]], "email") > 0.5
    guests_have_emails = columns.get("email") not in {None, columns["customer_id"]}
    typed = [role for role in ("order_date", *counted) if _is_typed(role, kinds[columns[role]])]
    steps = _Steps(columns, counted, carried, texts, typed, by_email, guests_have_emails, source.plain, reading, rules)
    return steps.glance, steps.second_look, steps.look_up, steps.conclude


def is_typed(source: SourceTable, recognition: Recognition) -> bool:
    """Whether all days and numbers are such in the file itself, so that no text has to be parsed."""
    kinds = source.table.schema()
    asked = [role for role in recognition.columns if BY_NAME[role].kind in {"date", "number", "money"}]
    return all(_is_typed(role, kinds[source.column(recognition.columns[role])]) for role in asked)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The stages, and what they all go by."""

    columns: Mapping[str, str]  # role -> name in the table
    counted: Sequence[str]  # roles
    carried: Sequence[str]
    texts: Sequence[str]
    typed: Collection[str]  # roles of days and numbers whose columns are days and numbers
    by_email: bool  # customers are known by their email
    guests_have_emails: bool
    plain: bool  # as in `values.stripped`
    reading: Reading
    rules: SaleRules

    def glance(self, table: ir.Table) -> dict[str, ir.Value]:
        cells = {role: table[self.columns[role]] for role in (*self.texts, *self.carried, "order_date", *self.counted)}
        decimal, whole = self.reading.decimal_of, self.reading.whole
        return {
            **{role: self._text(role, cells[role]) for role in self.texts},
            **({_EMAIL: ids.identity(cells["email"], lower=True, plain=self.plain)} if self.guests_have_emails else {}),
            **{role: cells[role].cast("string") for role in self.carried},
            "order_date": values.cast_day(cells["order_date"]),
            **{role: values.cast_number(cells[role], decimal(role), whole=role in whole) for role in self.counted},
            **{_cell(role): cells[role] for role in ("order_date", *self.counted)},
        }

    @property
    def _written(self) -> list[str]:
        """The roles of days and numbers that are told by rules where a cast fails."""
        return [role for role in ("order_date", *self.counted) if role not in self.typed]

    def _text(self, role: str, cell: ir.Value) -> ir.StringValue:
        if role not in _IDS:
            return values.stripped(cell, plain=self.plain)
        lower = role == "payee" or (role == "customer_id" and self.by_email)
        return ids.identity(cell, lower=lower, plain=self.plain)

    def second_look(self, seen: ir.Table) -> dict[str, ir.Value]:
        texts = [*self.texts, *([_EMAIL] if self.guests_have_emails else [])]
        found = {
            **{role: values.unless_blank(seen[role]) for role in texts},
            **{role: seen[role] for role in self.carried},
            "order_date": values.trusted_day(seen.order_date) if "order_date" in self._written else seen.order_date,
            **{role: values.finite(seen[role]) for role in self.counted},
        }
        unread = {
            _cell(role): ibis.ifelse(found[role].isnull(), values.stripped(seen[_cell(role)]), ibis.null("string"))
            for role in self._written
        }
        unread |= {_blank(role): _is_missing(seen[_cell(role)]) for role in self.typed}
        moment = values.stripped(seen[_cell("order_date")])
        if "order_id" in found:
            moment = ibis.ifelse(found["order_id"].isnull(), moment, ibis.null("string"))
        return {**found, **unread, _MOMENT: moment}

    def look_up(self, seen: ir.Table) -> dict[str, ir.Value]:
        asked = (*(_cell(role) for role in self._written), _MOMENT)
        return {name: values.looked_up(seen[name]) if name in asked else seen[name] for name in seen.columns}

    def conclude(self, found: ir.Table) -> dict[str, ir.Value]:
        blank = {_blank(role): found[role].isnull() & found[_cell(role)].isnull() for role in self._written}
        blank |= {_blank(role): found[_blank(role)] for role in self.typed}
        read = {
            role: ibis.coalesce(found[role], values.finite(_by_rule(found[_cell(role)], role, self.reading)))
            if role in self._written
            else found[role]
            for role in self.counted
        }
        if "amount" not in read:
            read["amount"] = values.finite(read["unit_price"] * read["quantity"])
            blank["amount_blank"] = blank.pop("unit_price_blank") | blank["quantity_blank"]
        undone = takes_back(found, self.rules)
        if undone is not None:
            back = {role: read[role] for role in ("amount", "quantity") if role in read}
            read |= {role: ibis.ifelse(undone, -number.abs(), number) for role, number in back.items()}
        day = found.order_date
        if "order_date" in self._written:
            ruled = dates.day_by_rule(found[_cell("order_date")], self.reading.date_order, self.reading.day_count)
            day = ibis.coalesce(day, ruled)
        return {
            "customer_id": _customer(found, read["amount"]),
            **_order(found, undone),
            "order_date": day,
            **{role: read[role] for role in read if role != "unit_price"},
            **blank,
            **{role: found[role] for role in (*self.texts, *self.carried) if role not in _SETTLED},
            **self._currency(found),
        }

    def _currency(self, found: ir.Table) -> dict[str, ir.Value]:
        # Signs beside amounts count where a column of currencies says nothing.
        if self.reading.signed is not None:
            money = "amount" if "amount" in self.counted else "unit_price"
            return {"currency": currencies.told(found[_cell(money)], self.reading.signed)}
        return {"currency": currencies.code(found.currency)} if "currency" in found.columns else {}


def _is_typed(role: str, kind: dt.DataType) -> bool:
    """Whether a column holds its role's values as such, so that what has none is blank and needs no rule."""
    if BY_NAME[role].kind == "date":
        return bool(kind.is_date() or kind.is_timestamp())
    return bool(kind.is_numeric())


def _is_missing(cell: ir.Value) -> ir.BooleanValue:
    return cell.isnull() | cell.isnan() if cell.type().is_floating() else cell.isnull()


def _customer(found: ir.Table, amount: ir.FloatingValue) -> ir.StringValue:
    """Who bought. Guests are known by their email alone, if at all; a refund is paid to who bought."""
    customer = ibis.ifelse(sales.is_guest(found.customer_id), ibis.null("string"), found.customer_id)
    if _EMAIL in found.columns:
        customer = ibis.coalesce(customer, found[_EMAIL])
    if "payee" in found.columns:
        refunded = (amount < 0).fill_null(False) & found.payee.notnull()
        customer = ibis.ifelse(refunded, found.payee, customer)
    return customer


def _order(found: ir.Table, undone: ir.BooleanValue | None) -> dict[str, ir.Value]:
    """Which order a row belongs to, and whether by a number: else all that a customer bought at one moment is one."""
    moment = found[_MOMENT]
    if "order_time" in found.columns:
        moment = moment.concat(" ", ibis.coalesce(found.order_time, ""))
    if "order_id" not in found.columns:
        return {"order_key": moment, NUMBERED: ibis.literal(False)}
    number = found.order_id
    if "refunded_order" in found.columns and undone is not None:
        number = ibis.ifelse(undone, ibis.coalesce(found.refunded_order, number), number)
    return {"order_key": ibis.coalesce(number, moment), NUMBERED: number.notnull()}


def _by_rule(written: ir.StringValue, role: str, reading: Reading) -> ir.FloatingValue:
    return numbers.number_by_rule(written, reading.decimal_of(role), mixed=role in reading.mixed)


def _cell(role: str) -> str:
    return f"{role}_cell"


def _blank(role: str) -> str:
    return f"{role}_blank"
