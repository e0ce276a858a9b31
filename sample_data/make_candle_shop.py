"""Make `candle_shop.csv.gz`: a year of invented orders of an online shop for candles, with contacts and consent.

Everything in the file is made up by this script from one seed. Nobody can be reached by it: emails end in domains that
RFC 2606 keeps for examples, and the phone numbers are of those that North America keeps for fiction (555-0100 to
555-0199).

    python sample_data/make_candle_shop.py [FILE]
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

SEED = 2025
FIRST_DAY = np.datetime64("2024-07-01")
LAST_DAY = np.datetime64("2025-06-30")
DAYS = int((LAST_DAY - FIRST_DAY).astype(int)) + 1

FIRST_NAMES = [
    "Ada",
    "Amélie",
    "Björn",
    "Chloé",
    "Dilan",
    "Ebele",
    "Finn",
    "Grace",
    "Hana",
    "Iván",
    "Jonas",
    "Kwame",
    "Leïla",
    "Marta",
    "Niamh",
    "Oskar",
    "Priya",
    "Quentin",
    "Rosa",
    "Søren",
    "Tomas",
    "Uma",
    "Viktor",
    "Wren",
    "Xenia",
    "Yusuf",
    "Zoë",
]
LAST_NAMES = [
    "Abbott",
    "Baptiste",
    "Castañeda",
    "Doyle",
    "Eriksson",
    "Fofana",
    "Grünwald",
    "Hughes",
    "Ivanov",
    "Jansen",
    "Khan",
    "Lindqvist",
    "Mbeki",
    "Novák",
    "O'Brien",
    "Petit",
    "Quinn",
    "Rossi",
    "Smith",
    "Takács",
    "Underhill",
    "Varga",
    "Whitlock",
    "Yilmaz",
]
DOMAINS = ("example.com", "example.org", "example.net")
AREAS = (202, 212, 303, 312, 404, 415, 503, 617, 702, 808)

# Code, name, category, price of one in dollars.
PRODUCTS = (
    ("CN-010", "Beeswax pillar", "Candles", 14.0),
    ("CN-020", "Tea lights, box of 50", "Candles", 9.5),
    ("CN-030", "Fig & cedar jar", "Scented", 24.0),
    ("CN-040", "Sea salt jar", "Scented", 22.0),
    ("CN-050", "Winter spice jar", "Scented", 26.0),
    ("CN-060", "Lavender travel tin", "Scented", 12.0),
    ("HL-010", "Oak holder", "Holders", 32.0),
    ("HL-020", "Brass lantern", "Holders", 58.0),
    ("HL-030", "Glass bowl", "Holders", 19.0),
    ("AC-010", "Wick trimmer", "Accessories", 11.0),
    ("AC-020", "Long matches", "Accessories", 6.0),
    ("AC-030", "Gift card", "Accessories", 25.0),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A kind of customer, by what its customers do on average. The file itself does not name it."""

    customers: int
    orders: float  # a customer, in the year
    items: float  # an order
    dearer: float  # how much more often the dear half of the products is chosen
    quiet_days: float  # since the last order
    consent: float  # share who agreed to marketing


GROUPS = (
    Group(150, 9.0, 3.2, 2.0, 18.0, 0.82),
    Group(400, 4.0, 2.1, 1.0, 60.0, 0.66),
    Group(350, 1.6, 1.5, 0.6, 200.0, 0.48),
)


def make_customers(rng: np.random.Generator) -> pd.DataFrame:
    """One row a customer, in random order of groups."""
    group = rng.permutation(np.repeat(np.arange(len(GROUPS)), [each.customers for each in GROUPS]))
    first, last = rng.choice(FIRST_NAMES, len(group)), rng.choice(LAST_NAMES, len(group))
    number = np.arange(1, len(group) + 1)
    plain = pd.Series(first + "." + last).str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii")
    email = plain.str.replace("'", "").str.lower() + number.astype(str) + "@" + rng.choice(DOMAINS, len(group))
    phone = pd.Series(
        [f"({AREAS[n // 100]}) 555-01{n % 100:02}" for n in rng.permutation(1_000)[: len(group)].tolist()]
    )
    # As in any shop: some leave the phone out, a few mistype the email.
    phone[rng.random(len(group)) < 0.3] = ""
    slips = rng.random(len(group)) < 0.02
    email[slips] = email[slips].str.replace("@", " at ")
    agreed = rng.random(len(group)) < np.array([each.consent for each in GROUPS])[group]
    return pd.DataFrame(
        {
            "customer_id": [f"C{each:04}" for each in number],
            "first_name": first,
            "last_name": last,
            "email": email,
            "phone": phone,
            "country": "US",
            "accepts_marketing": np.where(agreed, "yes", "no"),
            "group": group,
        }
    )


def make_orders(customers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row an order: whose it is, when, and how many different items are in it."""
    groups = [GROUPS[each] for each in customers["group"]]
    counts = 1 + rng.poisson([each.orders - 1 for each in groups])
    quiet = np.minimum(rng.gamma(1.5, [each.quiet_days / 1.5 for each in groups]).astype(int), DAYS - 1)
    owner = np.repeat(np.arange(len(groups)), counts)
    ago = quiet[owner] + (rng.random(len(owner)) * (DAYS - quiet[owner])).astype(int)
    ago[np.r_[0, np.cumsum(counts)[:-1]]] = quiet
    items = 1 + rng.poisson([groups[each].items - 1 for each in owner])
    orders = pd.DataFrame({"owner": owner, "day": DAYS - 1 - ago, "items": np.minimum(items, len(PRODUCTS))})
    orders = orders.sort_values(["day", "owner"], kind="stable", ignore_index=True)
    orders["order_id"] = [f"#{each}" for each in range(1001, 1001 + len(orders))]
    return orders


def make_lines(seed: int = SEED) -> pd.DataFrame:
    """The whole file: one row an item of an order."""
    rng = np.random.default_rng(seed)
    customers = make_customers(rng)
    orders = make_orders(customers, rng)
    prices = np.array([price for *_, price in PRODUCTS])
    dear = prices > np.median(prices)
    rows = []
    for order in orders.itertuples(index=False):
        likings = np.where(dear, GROUPS[customers["group"].iloc[order.owner]].dearer, 1.0)
        chosen = rng.choice(len(PRODUCTS), order.items, replace=False, p=likings / likings.sum())
        for place in np.sort(chosen):
            quantity = int(1 + rng.poisson(0.4))
            rows.append((order.order_id, order.day, order.owner, place, quantity))
    lines = pd.DataFrame(rows, columns=["order_id", "day", "owner", "place", "quantity"])
    code, name, category, price = (np.array(column)[lines["place"]] for column in zip(*PRODUCTS, strict=True))
    who = customers.drop(columns="group").iloc[lines["owner"]].reset_index(drop=True)
    days = pd.Series(FIRST_DAY + lines["day"].to_numpy().astype("timedelta64[D]")).dt.strftime("%Y-%m-%d")
    made = pd.DataFrame({"order_id": lines["order_id"], "order_date": days})
    made = pd.concat([made, who], axis=1)
    return made.assign(
        sku=code,
        product_name=name,
        category=category,
        quantity=lines["quantity"],
        amount=np.round(price.astype(float) * lines["quantity"], 2),
        currency="USD",
    )


def write_lines(path: Path) -> None:
    """The file as it is committed."""
    text = io.StringIO(newline="")
    make_lines().to_csv(text, index=False, lineterminator="\n", float_format="%.2f")
    # Without a name and a time in the header, the same text is always the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())


def main(arguments: Sequence[str]) -> None:
    """Write the file named, by default the one beside this script."""
    path = Path(arguments[0]) if arguments else Path(__file__).with_name("candle_shop.csv.gz")
    write_lines(path)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
