"""Errors that a person can cause and mend. Everything else stays a traceback in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class UserError(Exception):
    """Something that the person who gave the input can put right.

    Parameters
    ----------
    message : what was found and what was expected, in plain words
    hint : what to do about it

    Notes
    -----
    `code` is stable and kebab-case: scripts may rely on it.
    """

    code: ClassVar[str] = "unusable-input"

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_dict(self) -> dict[str, str]:
        """The error as the command line prints it: code, message, hint."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class UnreadableFileError(UserError):
    """The file is missing, damaged, or of a kind that is not read here."""

    code = "unreadable-file"


class EmptyFileError(UserError):
    """There is no row under the header, or nothing at all."""

    code = "empty-file"


class NotATableError(UserError):
    """The file can be read, but holds no rows and columns: a web page, a picture, prose."""

    code = "not-a-table"


class UnusableSettingError(UserError):
    """Whoever runs this has set something that cannot be."""

    code = "unusable-setting"


class EngineError(UserError):
    """The database could not do what was asked. No other reading of the input would help."""

    code = "engine-failed"


class BadAddressError(UserError):
    """A source is written like a URL, but names no table that could be looked up."""

    code = "bad-address"


class EngineNotInstalledError(EngineError):
    """The driver of a database is not installed."""

    code = "engine-not-installed"


class CannotConnectError(EngineError):
    """Nobody answers at the address of a database, or not as one."""

    code = "cannot-connect"


class WrongPasswordError(EngineError):
    """The database lets nobody in by this name and password."""

    code = "wrong-password"


class NoSuchTableError(EngineError):
    """The database has no such table, or no such schema."""

    code = "no-such-table"


class NoAccessError(EngineError):
    """The table may not be read, or not be written, by this user."""

    code = "no-access"


class TableExistsError(EngineError):
    """What is to be written would take the place of a table that is there."""

    code = "table-exists"


class CannotWriteThereError(EngineError):
    """Tables of that engine are read and not written."""

    code = "cannot-write-there"


class OverwritesSourceError(UserError):
    """What is to be written would take the place of what it is made from.

    Parameters
    ----------
    another : what to name instead
    """

    code = "overwrites-source"

    def __init__(self, source: object, *, another: str) -> None:
        super().__init__(
            f"{source} would be overwritten by what is read from it.", hint=f"Name another {another} to write to."
        )


class TableChangedError(EngineError):
    """A table is not what it was when its rows were counted."""

    code = "table-changed"


class QueryTimeoutError(EngineError):
    """A question took longer than the database, or the administrator, allows."""

    code = "query-timeout"


class ConnectionLostError(EngineError):
    """The database went away in the middle of a question."""

    code = "connection-lost"


class CancelledError(EngineError):
    """Somebody stopped the work."""

    code = "cancelled"

    def __init__(self, *, hint: str = "Nothing was written. Start it again when you like.") -> None:
        super().__init__("The work was stopped.", hint=hint)


class OutOfMemoryError(EngineError):
    """The engine may not hold as much as it needs."""

    code = "out-of-memory"


class NoRoomError(EngineError):
    """There is no room on the disk for what has to be unpacked or spilled."""

    code = "no-room"


class NoCustomerColumnError(UserError):
    """No column says who bought.

    Parameters
    ----------
    advice : which export to ask for instead, where the system that the file comes from is known
    """

    code = "no-customer-column"

    def __init__(self, columns: Sequence[str], *, advice: str | None = None) -> None:
        self.columns = tuple(columns)
        super().__init__(
            f"No column looks like a customer id among: {listed(columns)}. Without customers there are no segments.",
            hint=advice or "Pick the column that identifies the customer, such as an id or an email.",
        )


class NoDateColumnError(UserError):
    """No column says when the order was placed."""

    code = "no-date-column"

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        super().__init__(
            f"No column looks like an order date among: {listed(columns)}.",
            hint="Pick the column that holds the day of the order, such as 2024-03-31 or 31/03/2024.",
        )


class NoAmountColumnError(UserError):
    """No column says what was paid, and quantity x unit price cannot stand in.

    Parameters
    ----------
    price : the column with the price of one, where there is one without a quantity to multiply it by
    """

    code = "no-amount-column"

    def __init__(self, columns: Sequence[str], *, price: str | None = None) -> None:
        self.columns = tuple(columns)
        found = f"No column looks like money among: {listed(columns)}."
        if price is not None:
            found = f"{listed([price])} says what one cost, but no column says in numbers how many were bought."
        super().__init__(found, hint="Pick the column with the amount paid, or both a quantity and a unit price.")


class UnknownColumnError(UserError):
    """A column was named that the file does not have."""

    code = "unknown-column"

    def __init__(self, wanted: str, columns: Sequence[str]) -> None:
        super().__init__(
            f"There is no column {wanted!r}. The file has: {listed(columns)}.",
            hint="Name a column as the file's header writes it, or its place counted from 1.",
        )


class AmbiguousInputError(UserError):
    """The file can be read in two ways, and the caller asked for no guesses."""

    code = "ambiguous-input"


class AmbiguousDatesError(AmbiguousInputError):
    """No date tells day from month, and the caller asked for no guesses."""

    code = "ambiguous-dates"


class NoUsableRowsError(UserError):
    """Every row was set aside."""

    code = "no-usable-rows"


class TooFewCustomersError(UserError):
    """There are not enough different customers for the segments asked for."""

    code = "too-few-customers"


class UnknownFeatureError(UserError):
    """A customer measure was named that does not exist, or that this file cannot give."""

    code = "unknown-feature"


class NoOrdersError(UserError):
    """Something was asked for that only orders can tell, of a file with one row a customer."""

    code = "no-orders"


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names joined for a message, shortened where there are many or where they are long."""
    shown = [name if len(name) <= 40 else name[:39] + "…" for name in names[:most]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")
