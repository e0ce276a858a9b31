"""What the marketer asked for beyond the standard files: lists for platforms, a control group, the workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from core.exports import audiences, csv_files, lists
from core.exports.audiences import BY_KEY, Audience
from core.exports.control import Control, draw
from core.exports.people import people
from core.segments.segmentation import Segmentation


@dataclass(frozen=True, slots=True)
class Wanted:
    """The choices."""

    platforms: tuple[str, ...] = ()  # keys of `audiences.BY_KEY`
    country: str | None = None  # ISO 3166-1 alpha-2, for phones and people without one
    control_share: float = 0.0  # 0 to 0.5
    seed: int = 42
    workbook: bool = False
    parquet: bool = False  # segments.csv and set_aside.csv as Parquet too
    regardless_of_consent: bool = False

    def control(self, segmentation: Segmentation) -> Control | None:
        """The control group; None where none is wanted."""
        return draw(segmentation, self.control_share, self.seed) if self.control_share else None


@dataclass(frozen=True, slots=True)
class Written:
    """The files written, and what is in them."""

    files: tuple[Path, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)  # as the command line prints them; only what was wanted

    def in_words(self) -> list[str]:
        """The same for people."""
        told = []
        if "control" in self.facts:
            told.append(f"{self.facts['control']['customers']:,} customers are in the control group.")
        for one in self.facts.get("audiences", ()):
            out = [f"{count:,} {audiences.REASONS[reason]}" for reason, count in one["left_out"].items()]
            left_out = f" Left out: {'; '.join(out)}." if out else ""
            told.append(
                f"{BY_KEY[one['platform']].label}, segment {one['segment']}: {one['listed']:,} of "
                f"{one['customers']:,} on the list.{left_out}"
            )
            told += [f"  Note: {warning}" for warning in one["warnings"]]
        for name, called in self.facts.get("table_columns", {}).items():
            told.append(f"Note: in the table, the column {name!r} is called {called!r}.")
        return told


def write(segmentation: Segmentation, out: Path, wanted: Wanted, control: Control | None) -> Written:
    """Write what was wanted of audiences/ and segments.xlsx.

    Parameters
    ----------
    control : as drawn for the lists that stand beside
    """
    files: list[Path] = []
    facts: dict[str, Any] = {}
    if control is not None:
        facts["control"] = {
            "share": control.share, "seed": control.seed, "customers": control.customers,
            "by_segment": list(control.by_segment),
        }  # fmt: skip
    # The workbook is mostly packed and laid out by libraries that leave Python free for the lists meanwhile.
    with ThreadPoolExecutor(1) as beside:
        book = beside.submit(_write_workbook, segmentation, out, control) if wanted.workbook else None
        if wanted.platforms:
            written, facts["audiences"] = _write_audiences(segmentation, out / "audiences", wanted, control)
            files += written
        if book is not None:
            facts["workbook"] = book.result()
            files.append(out / "segments.xlsx")
    return Written(tuple(files), facts)


def _write_workbook(segmentation: Segmentation, out: Path, control: Control | None) -> list[dict[str, Any]]:
    from core.exports.workbook import write_workbook  # here, since it brings XlsxWriter along

    sheets = write_workbook(segmentation, out / "segments.xlsx", control)
    return [{"sheet": each.name, "segment": each.segment, "rows": each.rows} for each in sheets]


def file_names(audience: Audience, segmentation: Segmentation, parts: int) -> list[str]:
    """The names of a list's files: "1-champions.csv", and with several "1-champions-part-1.csv" and so on."""
    name = lists.list_name(segmentation.segments[audience.segment - 1])
    if parts == 1:
        return [name]
    return [f"{name.removesuffix('.csv')}-part-{part}.csv" for part in range(1, parts + 1)]


def zip_of_audiences(made: Sequence[Audience], segmentation: Segmentation, to_check: pd.DataFrame) -> bytes:
    """One platform's lists as a zip, with the accounts and the contacts to check."""
    files: dict[str, bytes | Path] = {}
    for audience in made:
        parts = audiences.csv_parts(audience)
        files |= zip(file_names(audience, segmentation, len(parts)), parts, strict=True)
    files["accounts.csv"] = csv_files.csv_bytes(audiences.accounts(made))
    files["contacts_to_check.csv"] = csv_files.csv_bytes(to_check)
    return lists.zip_of(files)


def _write_audiences(
    segmentation: Segmentation, folder: Path, wanted: Wanted, control: Control | None
) -> tuple[list[Path], list[dict[str, Any]]]:
    reached = people(segmentation, control, wanted.country)
    files, facts, tables = [], [], []
    for key in wanted.platforms:
        (folder / key).mkdir(parents=True, exist_ok=True)
        # One at a time, and let go of once it is written: of many customers each is large.
        for audience in audiences.audiences(reached, BY_KEY[key], regardless_of_consent=wanted.regardless_of_consent):
            parts = audiences.csv_parts(audience)
            for name, part in zip(file_names(audience, segmentation, len(parts)), parts, strict=True):
                csv_files.write_bytes(part, folder / key / name)
                files.append(folder / key / name)
            facts.append(audience.facts())
            tables.append(audiences.accounts([audience]))
    csv_files.write_csv(pd.concat(tables, ignore_index=True), folder / "accounts.csv")
    csv_files.write_csv(reached.to_check, folder / "contacts_to_check.csv")
    return [*files, folder / "accounts.csv", folder / "contacts_to_check.csv"], facts
