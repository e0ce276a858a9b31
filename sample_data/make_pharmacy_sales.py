"""Make `pharmacy_sales.csv.gz`: seven months of invented sales of a medicines distributor.

Everything in the file is made up by this script from one seed. Only its size and the means of its three
customer groups follow the summary that Malla (2024) published about a confidential data set.

    python sample_data/make_pharmacy_sales.py [FILE]
"""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 2024
CUSTOMERS = 1_000
ITEMS = 1_000
ORDERS = 20_600
LINES = 61_800

FIRST_DAY = np.datetime64("2024-01-01")
LAST_DAY = np.datetime64("2024-07-31")
# Kenyan public holidays of 2024 on which nothing is sold: 213 days less 7 leave 206 order dates.
CLOSED_DAYS = np.array(
    ["2024-03-29", "2024-03-31", "2024-04-01", "2024-04-10", "2024-05-01", "2024-06-01", "2024-06-17"],
    dtype="datetime64[D]",
)

MONTH_NAMES = np.array(["January", "February", "March", "April", "May", "June", "July"])
MONTH_DEMAND = np.array([0.95, 0.96, 0.98, 1.00, 1.02, 1.05, 1.04])  # a mild rise into the cold months
WEEKDAY_DEMAND = np.array([1.20, 1.10, 1.05, 1.05, 1.10, 0.80, 0.45])  # Monday to Sunday

ORDER_SOURCES = np.array(["App", "call", "email", "website", "sales rep"])
HYPERTENSIVES_SHARE = 0.521  # of the items
PRICE_PER_UNIT = 0.695  # of the middle item, in the file's money
WHOLESALE_QUANTITY = 1.30  # units on a wholesale line, against a retail line
WHOLESALE_PRICE = 0.97  # what a unit costs a wholesaler, against a retailer

COLUMNS = (
    "order_number",
    "order_date",
    "customer_number",
    "type",
    "month",
    "item_number",
    "quantity",
    "category",
    "revenue",
    "customer_source",
    "order_source",
)


@dataclass(frozen=True, slots=True)
class Group:
    """A kind of customer, by what its customers do on average. The file itself does not name it."""

    name: str
    share: float  # of the customers
    orders: float  # a customer, in the seven months
    orders_sd: float
    wholesale: float  # share of the orders
    retail_units: float  # on a retail line
    price_level: float  # of what they buy, 1 = the middle item
    quiet_days: float  # since the last order
    quiet_shape: float  # of the gamma distribution of the quiet days; the higher, the more alike
    agent: float  # share of the customers who came through an agent
    order_sources: tuple[float, ...]  # shares of the orders, as in ORDER_SOURCES


GROUPS = (
    Group("engaged", 0.330, 24.4, 1.7, 0.60, 16.0, 1.022, 5.9, 2.5, 0.25, (0.48, 0.16, 0.08, 0.18, 0.10)),
    Group("steady", 0.517, 19.2, 1.5, 0.35, 16.0, 1.010, 7.9, 2.5, 0.40, (0.30, 0.30, 0.10, 0.14, 0.16)),
    Group("lapsing", 0.153, 17.3, 1.7, 0.20, 15.2, 0.980, 28.3, 14.0, 0.60, (0.14, 0.46, 0.10, 0.08, 0.22)),
)


def open_days() -> np.ndarray:
    """The days on which the distributor sells: 206 of them, the first and the last day among them."""
    days = np.arange(FIRST_DAY, LAST_DAY + 1)
    return days[~np.isin(days, CLOSED_DAYS)]


def demand(days: np.ndarray) -> np.ndarray:
    """How busy each day is, by month and weekday; 1 is an ordinary day."""
    dates = pd.DatetimeIndex(days)
    by_day: np.ndarray = MONTH_DEMAND[dates.month.to_numpy() - 1] * WEEKDAY_DEMAND[dates.day_of_week.to_numpy()]
    return by_day


def move_to_total(counts: np.ndarray, total: int, low: int, high: int, rng: np.random.Generator) -> np.ndarray:
    """`counts` with ones added or taken at random places until they sum to `total`, all within low and high."""
    counts = counts.copy()
    while (gap := total - int(counts.sum())) != 0:
        step = 1 if gap > 0 else -1
        free = np.flatnonzero(counts < high) if step > 0 else np.flatnonzero(counts > low)
        chosen = rng.choice(free, size=min(abs(gap), len(free)), replace=False)
        counts[chosen] += step
    return counts


def make_customers(rng: np.random.Generator) -> pd.DataFrame:
    """One row a customer, in random order of groups: what she is like, and how many orders she places."""
    shares = np.array([group.share for group in GROUPS])
    sizes = np.floor(shares * CUSTOMERS).astype(int)
    sizes[1] += CUSTOMERS - sizes.sum()
    group_number = rng.permutation(np.repeat(np.arange(len(GROUPS)), sizes))

    def of_group(field: str) -> np.ndarray:
        return np.array([getattr(group, field) for group in GROUPS])[group_number]

    orders = np.rint(rng.normal(of_group("orders"), of_group("orders_sd"))).astype(int)
    quiet_days = rng.gamma(of_group("quiet_shape"), of_group("quiet_days") / of_group("quiet_shape"))
    # Most customers were there before January; the others joined in the first quarter.
    joined = rng.random(CUSTOMERS) < 0.3
    joining_day = np.where(joined, rng.integers(0, 75, CUSTOMERS), 0)
    return pd.DataFrame(
        {
            "customer_number": [f"CKE{number:04d}" for number in range(1, CUSTOMERS + 1)],
            "group_number": group_number,
            "orders": move_to_total(np.clip(orders, 8, 35), ORDERS, 8, 35, rng),
            "quiet_days": np.minimum(np.floor(quiet_days).astype(int), 60),
            "joining_day": joining_day,
            "wholesale": np.clip(rng.normal(of_group("wholesale"), 0.06), 0.0, 1.0),
            "retail_units": of_group("retail_units") * rng.normal(1.0, 0.02, CUSTOMERS),
            "price_level": of_group("price_level") * rng.normal(1.0, 0.012, CUSTOMERS),
            "customer_source": np.where(rng.random(CUSTOMERS) < of_group("agent"), "agent", "direct"),
        }
    )


def make_items(rng: np.random.Generator) -> pd.DataFrame:
    """One row an item: category, price a unit, and how popular it is (sums to 1)."""
    popularity = 0.25 + rng.gamma(1.2, 1.0, ITEMS)
    # Dealt out by popularity, like cards, so that each category gets its share of best sellers.
    rank = np.argsort(np.argsort(popularity, kind="stable"), kind="stable")
    hypertensives = np.floor((rank + 1) * HYPERTENSIVES_SHARE) > np.floor(rank * HYPERTENSIVES_SHARE)
    return pd.DataFrame(
        {
            "item_number": [f"KE{number:04d}" for number in range(1, ITEMS + 1)],
            "category": np.where(hypertensives, "HYPERTENSIVES", "DIABETES"),
            "unit_price": PRICE_PER_UNIT * rng.normal(1.0, 0.16, ITEMS).clip(0.55, 1.6),
            "popularity": popularity / popularity.sum(),
        }
    )


def make_orders(customers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row an order, numbered by date: whose, when, of which type, how it came in, and its number of lines."""
    days = open_days()
    weights = demand(days)
    day_numbers = (days - FIRST_DAY).astype(int)
    last_day_number = int(day_numbers[-1])

    owners: list[np.ndarray] = []
    dates: list[np.ndarray] = []
    for row in customers.itertuples():
        last = int(np.searchsorted(day_numbers, last_day_number - row.quiet_days, side="right")) - 1
        first = int(np.searchsorted(day_numbers, row.joining_day))
        odds = weights[first:last] / weights[first:last].sum()
        earlier = rng.choice(np.arange(first, last), size=row.orders - 1, replace=False, p=odds)
        owners.append(np.full(row.orders, row.Index))
        dates.append(days[np.append(earlier, last)])
    owner = np.concatenate(owners)
    order_date = np.concatenate(dates)

    by_date = np.lexsort((rng.random(ORDERS), order_date))
    owner, order_date = owner[by_date], order_date[by_date]
    group_number = customers["group_number"].to_numpy()[owner]
    wholesale = rng.random(ORDERS) < customers["wholesale"].to_numpy()[owner]
    cumulative = np.cumsum([group.order_sources for group in GROUPS], axis=1)[group_number]
    source_number = (rng.random(ORDERS)[:, None] > cumulative).sum(axis=1).clip(max=len(ORDER_SOURCES) - 1)
    lines = rng.choice([1, 2, 3, 4, 5], size=ORDERS, p=[0.08, 0.22, 0.40, 0.22, 0.08])
    return pd.DataFrame(
        {
            "order_number": [f"KE{number:05d}" for number in range(1, ORDERS + 1)],
            "order_date": order_date,
            "customer": owner,
            "type": np.where(wholesale, "WHOLESALE", "RETAIL"),
            "order_source": ORDER_SOURCES[source_number],
            "lines": move_to_total(lines, LINES, 1, 6, rng),
        }
    )


def choose_items(order: np.ndarray, items: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """An item for each line by popularity, no item twice in an order. `order` numbers each line's order."""
    popularity = items["popularity"].to_numpy()
    chosen = rng.choice(ITEMS, size=len(order), p=popularity)
    while (again := pd.DataFrame({"order": order, "item": chosen}).duplicated().to_numpy()).any():
        chosen[again] = rng.choice(ITEMS, size=int(again.sum()), p=popularity)
    return chosen


def make_sales(seed: int = SEED) -> pd.DataFrame:
    """The whole file: one row an order line, sorted by order number, columns as in COLUMNS."""
    rng = np.random.default_rng(seed)
    customers = make_customers(rng)
    items = make_items(rng)
    orders = make_orders(customers, rng)

    order = np.repeat(np.arange(ORDERS), orders["lines"].to_numpy())
    line_orders = orders.iloc[order].reset_index(drop=True)
    buyers = customers.iloc[line_orders["customer"].to_numpy()].reset_index(drop=True)
    bought = items.iloc[choose_items(order, items, rng)].reset_index(drop=True)
    wholesale = (line_orders["type"] == "WHOLESALE").to_numpy()

    units = buyers["retail_units"].to_numpy() * np.where(wholesale, WHOLESALE_QUANTITY, 1.0)
    quantity = np.rint(units * rng.normal(1.0, 0.28, LINES)).clip(min=1).astype(int)
    price = bought["unit_price"].to_numpy() * buyers["price_level"].to_numpy()
    price = price * np.where(wholesale, WHOLESALE_PRICE, 1.0)
    revenue = np.maximum(quantity * price, 0.01)

    dates = pd.DatetimeIndex(line_orders["order_date"])
    sales = pd.DataFrame(
        {
            "order_number": line_orders["order_number"],
            "order_date": dates.strftime("%Y-%m-%d"),
            "customer_number": buyers["customer_number"],
            "type": line_orders["type"],
            "month": MONTH_NAMES[dates.month.to_numpy() - 1],
            "item_number": bought["item_number"],
            "quantity": quantity,
            "category": bought["category"],
            "revenue": [f"{amount:.2f}" for amount in revenue],
            "customer_source": buyers["customer_source"],
            "order_source": line_orders["order_source"],
        }
    )
    return sales[list(COLUMNS)]


def gzipped(text: str) -> bytes:
    """`text` as gzip with no time and no file name, so that the same text gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode("utf-8"))
    return buffer.getvalue()


def write_sales(path: Path, seed: int = SEED) -> None:
    """Make the sales and write them to `path` as gzipped CSV (comma, UTF-8, lines ending in a newline)."""
    path.write_bytes(gzipped(make_sales(seed).to_csv(index=False, lineterminator="\n")))


def main(arguments: Sequence[str]) -> None:
    """Write to the path given, or next to this script."""
    path = Path(arguments[0]) if arguments else Path(__file__).with_name("pharmacy_sales.csv.gz")
    write_sales(path)
    print(f"{path}: {path.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
