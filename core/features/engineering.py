"""Order lines, or a table of customers -> one row a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.errors import UnknownFeatureError, listed
from core.features.catalog import BY_NAME, CATALOG, Feature, Lines, Sums, feature, fifths
from core.orders.cleaning import OrderLines
from core.orders.customers import CustomerTable
from core.orders.names import normalised
from core.orders.roles import CONTACTS
from core.orders.understanding import Understood


@dataclass(frozen=True, slots=True)
class CustomerFeatures:
    """What is known of each customer: her measures, and how to reach her."""

    values: pd.DataFrame  # (n_customers, n_features) float64; index customer_id as text, sorted
    contacts: pd.DataFrame  # (n_customers, n_contact_columns) text or missing; the same index
    reference_date: date | None  # recency counts back from this day; None for customer tables
    currency: str | None  # ISO 4217 of every money column
    repeated: tuple[str, ...] = ()  # the features that repeat a column of the file, which is there under its header too

    @property
    def names(self) -> tuple[str, ...]:
        """The features at hand, in the catalog's or the file's order."""
        return tuple(self.values.columns)

    @property
    def distinct(self) -> tuple[str, ...]:
        """The features at hand, each measure once: what to show to people."""
        return tuple(name for name in self.names if name not in self.repeated)

    def __len__(self) -> int:
        return len(self.values)


def available(given: Understood) -> tuple[Feature, ...]:
    """The features that the files can give: the catalog's from order lines, its own numbers from a customer table."""
    if isinstance(given, CustomerTable):
        return tuple(feature(measure.header) for measure in given.measures)
    return tuple(each for each in CATALOG if set(each.needs) <= set(given.rows.columns))


def customer_features(given: Understood, names: Sequence[str] | None = None) -> CustomerFeatures:
    """One row a customer, sorted by id as text so that the order of the file's rows changes nothing.

    Parameters
    ----------
    names : of order lines the features wanted, all by default; what they build on is computed with them. A customer
        table has all its measures computed already.

    Returns
    -------
    Of a customer table each measure under its header, and under the catalog's name too where it is what the customer
    spent, how many orders she placed or how long ago, since names, shares and reports go by these.

    Raises
    ------
    UnknownFeatureError : a name that is not in the catalog, or that needs a column that the file has not got
    """
    if isinstance(given, CustomerTable):
        return _of_table(given)
    return _of_orders(given, names)


def named_as(given: CustomerTable, wanted: str) -> str:
    """The feature of a customer table that somebody named, in whatever spelling.

    Raises
    ------
    UnknownFeatureError : there is none, or there are several
    """
    headers = [measure.header for measure in given.measures]
    if wanted in headers or wanted in given.meanings:
        return wanted
    alike = [header for header in headers if normalised(header) == normalised(wanted)]
    if len(alike) == 1:
        return alike[0]
    raise UnknownFeatureError(
        f"There is no column of numbers {wanted!r} to compare customers by.", hint=f"Use some of: {listed(headers)}."
    )


def _of_table(given: CustomerTable) -> CustomerFeatures:
    """The measures under their headers, then those that mean a feature of the catalog under its name; the contacts."""
    frame = given.table.to_pandas().set_index("customer_id").sort_index()
    frame.index = frame.index.astype("str")
    measures = {measure.header: frame[measure.column] for measure in given.measures}
    repeated = {name: measures[header] for name, header in given.meanings.items() if name not in measures}
    values = pd.DataFrame(measures | repeated, index=frame.index).astype("float64")
    contacts = pd.DataFrame({name: frame[column] for name, column in given.contacts.items()}, index=frame.index)
    return CustomerFeatures(values, contacts, None, given.reading.currency, tuple(repeated))


def _of_orders(lines: OrderLines, names: Sequence[str] | None) -> CustomerFeatures:
    frame = customer_table(lines, names).to_pandas().set_index("customer_id").sort_index()
    frame.index = frame.index.astype("str")
    contacts = pd.DataFrame(index=pd.Index([], dtype="str", name="customer_id"))
    for role, column in contact_tables(lines).items():
        contacts = contacts.join(column.to_pandas().set_index("customer_id").set_axis([role], axis=1), how="outer")
    reach = contacts.reindex(frame.index)
    lines.source.require_unchanged()
    return CustomerFeatures(frame, reach, lines.reference_date, lines.reading.currency)


def customer_table(lines: OrderLines, names: Sequence[str] | None = None) -> ir.Table:
    """One expression from order lines to a row a customer: customer_id and the features as float64, in no order.

    Parameters
    ----------
    names : as in `customer_features`

    Raises
    ------
    UnknownFeatureError
    """
    wanted = _with_uses(names, lines) if names is not None else [each.name for each in available(lines)]
    customers = _customers(lines, wanted)
    return customers.select("customer_id", **{name: customers[name].cast("float64") for name in wanted})


def contact_tables(lines: OrderLines) -> dict[str, ir.Table]:
    """For each column that reaches people the customers who have it: customer_id and `contact`.

    Of several values it is the one seen last, and of several that day the first by text.
    """
    return {role: _last_seen(lines.table, role) for role in CONTACTS if role in lines.rows.columns}


def _with_uses(names: Sequence[str], lines: OrderLines) -> list[str]:
    """The names in the catalog's order, with the features that they are made of."""
    at_hand = {each.name for each in available(lines)}
    for name in names:
        if name not in BY_NAME:
            raise UnknownFeatureError(
                f"There is no feature {name!r}.", hint=f"Use some of: {', '.join(sorted(at_hand))}."
            )
        if name not in at_hand:
            raise UnknownFeatureError(
                f"{BY_NAME[name].label} ({name}) needs a column for {' and '.join(BY_NAME[name].needs)}, "
                "which was not found in the file.",
                hint=f"Say which column holds it, or use some of: {', '.join(sorted(at_hand))}.",
            )
    wanted = set(names).union(*(BY_NAME[name].uses for name in names))
    return [each.name for each in CATALOG if each.name in wanted]


def _customers(lines: OrderLines, wanted: Sequence[str]) -> ir.Table:
    """One expression from order lines to the features wanted."""
    features = [BY_NAME[name] for name in wanted]
    today = ibis.literal(lines.reference_date)
    sums = Sums(lines.customers, today)
    customers = sums.table.select(
        "customer_id", **{each.name: each.from_sums(sums) for each in features if each.from_sums}
    )
    parts = Lines(lines.table, today)
    further = {each.name: each.from_lines(parts) for each in features if each.from_lines}
    if further:
        of_lines = parts.table.group_by("customer_id").aggregate(**further)
        customers = customers.left_join(of_lines, "customer_id").drop("customer_id_right")
    # Joined, since few engines know quantiles over a window.
    bounds = {
        name: customers[each.scores].quantile(part)
        for each in features
        if each.scores
        for name, part in fifths(each.scores).items()
    }
    if bounds:
        customers = customers.cross_join(customers.aggregate(**bounds))
    for each in features:
        if each.from_customers:
            customers = customers.mutate(**{each.name: each.from_customers(customers)})
    return customers.drop(*bounds)


def _last_seen(table: ir.Table, role: str) -> ir.Table:
    seen = table.filter(table[role].notnull()).group_by(["customer_id", role]).aggregate(last=ibis._.order_date.max())
    newest = ibis.row_number().over(group_by="customer_id", order_by=[ibis.desc("last"), role])
    return seen.mutate(place=newest).filter(ibis._.place == 0).select("customer_id", contact=seen[role])
