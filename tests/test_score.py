"""`score`: the segments of a recipe for another file, and what becomes of recipes that can't be used."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.driving import PROJECT
from tests.commands import rows_of, run

SAMPLE = PROJECT / "sample_data" / "pharmacy_sales.csv.gz"
SHOPS = sorted((PROJECT / "tests" / "orders" / "shops").iterdir())


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("segmented")
    assert run("segment", SAMPLE, "--out", out, "--k", 3, "--k-max", 3).code == 0
    return out


@pytest.fixture
def recipe(segmented: Path) -> dict[str, Any]:
    return json.loads((segmented / "recipe.json").read_text())


def test_the_same_file_gives_the_same_segments(segmented: Path, tmp_path: Path):
    ran = run("score", SAMPLE, "--recipe", segmented / "recipe.json", "--out", tmp_path / "scored", "--json")

    assert ran.code == 0
    names = {str(path.relative_to(tmp_path / "scored")) for path in (tmp_path / "scored").rglob("*") if path.is_file()}
    lists = {f"lists/{path.name}" for path in (segmented / "lists").iterdir()}
    assert names == {"segments.csv", "set_aside.csv", *lists}
    for name in names:
        assert (tmp_path / "scored" / name).read_bytes() == (segmented / name).read_bytes(), name
    rows = rows_of(segmented / "segments.csv")
    assert ran.told["k"] == 3
    assert sum(each["customers"] for each in ran.told["segments"]) == len(rows)


def test_some_of_the_customers_keep_their_segments(segmented: Path, tmp_path: Path):
    before = {row["customer_id"]: row for row in rows_of(segmented / "segments.csv")}
    some = set(sorted(before)[::7])
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    place = header.index("customer_number")
    last = max(line[header.index("order_date")] for line in lines)
    part = tmp_path / "part.csv"
    with part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *(line for line in lines if line[place] in some)])

    ran = run("score", part, "--recipe", segmented / "recipe.json", "--out", tmp_path / "out", "--as-of", last[:10])

    assert ran.code == 0
    after = rows_of(tmp_path / "out" / "segments.csv")
    assert {row["customer_id"] for row in after} == some
    for row in after:
        assert row == before[row["customer_id"]]


def test_a_single_customer_is_scored_and_empty_segments_are_told(segmented: Path, tmp_path: Path):
    one = tmp_path / "one.csv"
    one.write_text("order_number,order_date,customer_number,item_number,quantity,revenue\n1,2024-05-06,A,I1,2,5.00\n")

    ran = run("score", one, "--recipe", segmented / "recipe.json", "--out", tmp_path / "out", "--json")

    assert ran.code == 0
    assert sorted(each["customers"] for each in ran.told["segments"]) == [0, 0, 1]
    assert len(list((tmp_path / "out" / "lists").iterdir())) == 3


def test_a_column_of_another_name_is_looked_for(segmented: Path, tmp_path: Path):
    other = tmp_path / "other.csv"
    other.write_text("order id,date,customer,qty,amount\n1,2024-05-06,A,2,5.00\n2,2024-05-07,B,1,500.00\n")

    ran = run("score", other, "--recipe", segmented / "recipe.json", "--out", tmp_path / "out", "--json")

    assert ran.code == 0
    assert any("looked for anew" in warning and "customer_number" in warning for warning in ran.told["warnings"])


@pytest.mark.parametrize("shop", SHOPS, ids=lambda path: path.name)
def test_a_recipes_columns_are_understood_as_the_file_was(shop: Path):
    """Giving every column that was found by name changes nothing of what is found."""
    told = run("inspect", shop, "--json")
    if told.code:
        pytest.skip("the file can't be used")
    facts = told.told
    maps = [part for role, header in facts["columns"].items() for part in ("--map", f"{role}={header}")]
    again = run("inspect", shop, "--json", *maps).told
    assert {name: again[name] for name in ("columns", "rows_used", "set_aside", "customers", "revenue", "orders")} == {
        name: facts[name] for name in ("columns", "rows_used", "set_aside", "customers", "revenue", "orders")
    }


def test_the_way_of_reading_goes_along(tmp_path: Path):
    orders = tmp_path / "orders.csv"
    rows = [f"C{n % 12},{n % 9 + 1:02}/{n % 7 + 1:02}/2024,{n + 1}" for n in range(60)]
    orders.write_text("customer,date,amount\n" + "\n".join([*rows, rows[0]]) + "\n")
    options = ["--date-order", "mdy", "--returns", "ignore", "--as-of", "2024-12-31", "--drop-duplicates"]
    assert run("segment", orders, "--out", tmp_path / "a", "--k", 2, "--k-max", 2, *options).code == 0

    ran = run("score", orders, "--recipe", tmp_path / "a" / "recipe.json", "--out", tmp_path / "b", "--json")

    assert ran.code == 0
    assert (tmp_path / "b" / "segments.csv").read_bytes() == (tmp_path / "a" / "segments.csv").read_bytes()
    assert any("2024-12-31" in warning for warning in ran.told["warnings"])


def change(recipe: dict[str, Any], *path: str | int, to: object) -> dict[str, Any]:
    inner: Any = recipe
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return recipe


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("format",), 2), (("format",), None), (("features",), []), (("features",), ["shoe_size", "a", "b", "c"]),
        (("segments", 0, "center"), [1, 2]), (("segments", 0, "center"), [1e308] * 4),
        (("segments", 0, "archetype"), "../../etc/passwd"), (("segments", 0, "name"), "a\x00b"),
        (("preparation", "features"), []), (("reading", "columns"), ["a"]), (("reading", "columns"), {"amount": 7}),
        (("reading", "date_order"), "; DROP TABLE"), (("reading", "decimal"), 3), (("reading", "currency"), "euros"),
        (("returns",), "burn"), (("k",), 4), (("as_of",), "yesterday"),
    ],
)  # fmt: skip
def test_a_hostile_recipe_is_refused_in_words(recipe: dict[str, Any], tmp_path: Path, path: Any, to: object):
    (tmp_path / "recipe.json").write_text(json.dumps(change(recipe, *path, to=to)))

    ran = run("score", SAMPLE, "--recipe", tmp_path / "recipe.json", "--out", tmp_path / "out", "--json")

    assert ran.code == 3
    assert ran.told["error"]["code"] == "unusable-recipe"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"format": NaN}', "\x80\x04}q\x00.", "[" * 100_000, '{"format": 1}'])
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str):
    (tmp_path / "recipe.json").write_text(text, encoding="utf-8")

    ran = run("score", SAMPLE, "--recipe", tmp_path / "recipe.json", "--out", tmp_path / "out", "--json")

    assert (ran.code, ran.told["error"]["code"]) == (3, "unusable-recipe")


def test_a_recipe_that_is_not_there(tmp_path: Path):
    ran = run("score", SAMPLE, "--recipe", tmp_path / "none.json", "--out", tmp_path / "out", "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, "unreadable-file")

    assert run("score", SAMPLE, "--out", tmp_path / "out").code == 2
