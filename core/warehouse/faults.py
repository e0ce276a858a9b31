"""What databases say when they cannot, as errors that a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ibis.common.exceptions as of_ibis
import ibis.expr.types as ir

from core.errors import EngineError, UserError


class NotDoneThereError(EngineError):
    """An engine lacks an operation. Whoever asked can bring the rows here and ask again."""

    code = "not-done-there"


@contextmanager
def telling(in_words: Callable[[Exception], UserError | None]) -> Iterator[None]:
    """Raise errors within as those for people; what no words are known for goes on as it is.

    A driver's own words may hold the address, and with it the password: they do not go along.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        told = in_words(error)
        if told is None:
            raise
        raise told from None


class Speaking:
    """Makes an Ibis backend raise `UserError` where a person can do something about what went wrong.

    Stands before the backend among a class's bases; the class says what it knows of its driver's errors.
    """

    def in_words(self, error: Exception) -> UserError | None:
        """The error for people; None where it is nobody's but ours."""
        raise NotImplementedError

    def apart(self, rows: ir.Table) -> ir.Table:
        """The same rows as a step of its own, where the engine would else repeat what steps share."""
        return rows

    def kept(self, rows: ir.Table, name: str) -> tuple[ir.Table, Callable[[], object]]:
        """The same rows for whoever asks many things of them, and what lets go of them: here, not computed ahead."""
        return self.apart(rows), lambda: None

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Errors of the engine within are told in words."""
        with telling(lambda error: lacking(error) or self.in_words(error)):
            yield

    def to_pyarrow(self, *given: Any, **named: Any) -> Any:
        with self.speaking():
            return super().to_pyarrow(*given, **named)  # type: ignore[misc]

    def to_pyarrow_batches(self, *given: Any, **named: Any) -> Any:
        with self.speaking():
            return super().to_pyarrow_batches(*given, **named)  # type: ignore[misc]

    def execute(self, *given: Any, **named: Any) -> Any:
        with self.speaking():
            return super().execute(*given, **named)  # type: ignore[misc]

    def create_table(self, *given: Any, **named: Any) -> Any:
        with self.speaking():
            return super().create_table(*given, **named)  # type: ignore[misc]

    def raw_sql(self, *given: Any, **named: Any) -> Any:
        with self.speaking():
            return super().raw_sql(*given, **named)  # type: ignore[misc]

    def to_parquet(self, *given: Any, **named: Any) -> Any:
        with self.speaking():
            return super().to_parquet(*given, **named)  # type: ignore[misc]


def lacking(error: Exception) -> NotDoneThereError | None:
    """Whether Ibis cannot say something in the words of an engine."""
    if isinstance(
        error,
        of_ibis.OperationNotDefinedError
        | of_ibis.UnsupportedOperationError
        | of_ibis.UnsupportedBackendType
        | of_ibis.UnsupportedArgumentError
        | of_ibis.TranslationError,
    ):
        return NotDoneThereError(
            f"The database lacks an operation: {error}.", hint="Export the orders as Parquet or CSV and use that file."
        )
    return None
