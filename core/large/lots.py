"""A lot for each customer, by which some of them are drawn: the same in every engine, run and order of rows."""

from __future__ import annotations

from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from core.large.space import double

LOT = "lot"
_DIGITS = "0123456789abcdef"
_PLACES = 8  # of the hash: one in four billion


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def md5(text: str) -> str:
    """The digest in hexadecimal digits, as engines have it."""
    raise NotImplementedError("the engine does it")


def with_lots(customers: ir.Table, seed: int) -> ir.Table:
    """The customers with LOT, from 0 up to 1, made of the seed and of customer_id alone."""
    hashed = customers.mutate(**{LOT: md5(customers.customer_id.concat(f" {seed}"))})
    digits = (hashed[LOT].substr(place, 1) for place in range(_PLACES))
    parts = (
        ibis.literal(_DIGITS).find(digit).cast("float64") * double(16.0 ** -(place + 1))
        for place, digit in enumerate(digits)
    )
    return hashed.mutate(**{LOT: reduce(add, parts)})
