"""Whether the rows of a file run through time, which tells which number of a date is the day."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.orders.dates import DateOrder

_FEWEST_STEPS = 6  # by chance seven days stand in one of two orders once in 2,520 times
_MOST_AGAINST = 0.02


@dataclass(frozen=True, slots=True)
class TimeOrder:
    """How often the day rises and falls from one row, or order number, to the next, under each order of day and month.

    Shops write orders as they come, so that a file which runs through time under one reading alone is read so.
    """

    dmy_rises: int = 0
    dmy_falls: int = 0
    mdy_rises: int = 0
    mdy_falls: int = 0

    @property
    def decided(self) -> DateOrder | None:
        """The order under which time runs one way, where it does not under the other."""
        steady = {"dmy": _runs(self.dmy_rises, self.dmy_falls), "mdy": _runs(self.mdy_rises, self.mdy_falls)}
        if steady["dmy"] == steady["mdy"]:
            return None
        return "dmy" if steady["dmy"] else "mdy"


def _runs(rises: int, falls: int) -> bool:
    return rises + falls >= _FEWEST_STEPS and min(rises, falls) <= _MOST_AGAINST * (rises + falls)


def time_order(days: ir.Table, run: str, along: str) -> ir.Table:
    """What fills a `TimeOrder`, as the only row, from a table with the columns dmy and mdy.

    Parameters
    ----------
    run : the column within whose values rows follow each other
    along : the column by which they do
    """
    window = ibis.window(group_by=run, order_by=along)
    before = days.select("dmy", "mdy", dmy_before=days.dmy.lag().over(window), mdy_before=days.mdy.lag().over(window))
    return before.aggregate(
        **{f"{order}_rises": (before[order] > before[f"{order}_before"]).sum() for order in ("dmy", "mdy")},
        **{f"{order}_falls": (before[order] < before[f"{order}_before"]).sum() for order in ("dmy", "mdy")},
    )
