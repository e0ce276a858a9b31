"""Answers about the files that a visitor gave: taken in, read, understood. Each computed once a visitor and choice."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

import pandas as pd
import pyarrow as pa
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.engine import Engine, Limits, give_back
from core.errors import UserError
from core.orders.cleaning import CleaningOptions, OrderLines
from core.orders.columns import Recognition, detect
from core.orders.customers import CustomerTable
from core.orders.overlapping import Copies
from core.orders.remarks import rows_by_currency
from core.orders.roles import BY_NAME
from core.orders.samples import UnderstoodValue, likely_reading, understood_samples
from core.orders.set_aside import RowsSetAside, rows_set_aside
from core.orders.source import open_sources
from core.orders.source_table import SourceTable
from core.orders.understanding import Understood, understand
from core.orders.values import Ambiguity, Reading
from core.warehouse.address import Address
from core.warehouse.connecting import Terms
from core.warehouse.secrets import Named
from ui.session import Upload, Workspace

_PROJECT = Path(__file__).resolve().parents[1]

_ANSWERS = {"date-order": "date_order", "decimal": "decimal"}
"""Kind of ambiguity -> the option that settles it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file to try the app with."""

    label: str
    meaning: str
    path: Path


SAMPLES = (
    Sample(
        "Pharmacy sales",
        "Made up: 61,800 lines of a pharmacy wholesaler, shaped like the article's case.",
        _PROJECT / "sample_data" / "pharmacy_sales.csv.gz",
    ),
    Sample(
        "Household baskets",
        "A teaching data set of supermarket baskets: 120 households over a year.",
        _PROJECT / "sample_data" / "household_baskets.csv.gz",
    ),
    Sample(
        "Candle shop",
        "Made up: a year of an online shop's orders with emails, phones and consent, to try lists for platforms with.",
        _PROJECT / "sample_data" / "candle_shop.csv.gz",
    ),
)


def take_uploads(workspace: Workspace, files: Sequence[UploadedFile]) -> None:
    """Copy the files to the visitor's own folder, then drop them from the server's memory.

    Files that cannot be read leave the workspace empty, with the refusal.
    """
    workspace.make_room()
    engine = workspace.engine = Engine(Limits.from_environment())
    copies = []
    for file in files:
        path = engine.folder / engine.new_name("upload")
        copies.append(Upload(file.name, path, _copy(file, path)))
    for file in files:
        drop(file)
    give_back()
    try:
        _open(workspace, engine, copies)
    except UserError as error:
        workspace.make_room()
        workspace.refusal = error


def drop(file: UploadedFile) -> None:
    """Remove a file that was handed in from the server's memory."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    file.close()


def take_sample(workspace: Workspace, sample: Sample) -> None:
    """Use one of the bundled files."""
    workspace.make_room()
    engine = workspace.engine = Engine(Limits.from_environment())
    digest = hashlib.sha256(sample.path.read_bytes()).hexdigest()
    _open(workspace, engine, [Upload(sample.path.name, sample.path, digest)])


def take_table(workspace: Workspace, named: Named, address: Address) -> None:
    """Bring the rows of a table to the visitor's own folder; the connection is closed then.

    A table that cannot be read leaves the workspace empty, with the refusal.
    """
    workspace.make_room()
    engine = workspace.engine = Engine(Limits.from_environment())
    try:
        with workspace.alone():
            # All at one moment: each click asks more of the rows, and a database should not be held all the while.
            workspace.source = open_sources(engine, [address], terms=Terms(named.timeout_seconds, bring=True))
            engine.leave()
    except UserError as error:
        workspace.make_room()
        workspace.refusal = error
        return
    workspace.uploads = (Upload(str(address), engine.folder, token_hex()),)  # no two times hold surely the same rows


def _copy(file: IO[bytes], path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as copy:
        while block := file.read(4 * 1024 * 1024):
            digest.update(block)
            copy.write(block)
    return digest.hexdigest()


def _open(workspace: Workspace, engine: Engine, uploads: Sequence[Upload]) -> None:
    with workspace.alone():
        workspace.source = open_sources(engine, [each.path for each in uploads], [each.name for each in uploads])
    workspace.uploads = tuple(uploads)
    known = workspace.remembered.get(_headers(workspace.source))
    if known is not None:
        _as_before(workspace, known)


def _headers(source: SourceTable) -> frozenset[str]:
    """What makes two files alike for the visitor's answers; nothing where no file has headers."""
    return frozenset(source.headers) if any(file.has_header for file in source.files) else frozenset()


def _as_before(workspace: Workspace, known: CleaningOptions) -> None:
    """Answer as for earlier files with the same columns, as far as these files leave anything to answer.

    A day order that was true of last month's export must not turn the dates of one that shows another order.
    """
    workspace.as_before = True
    workspace.cleaning = replace(known, date_order=None, decimal=None, currency=None)
    try:
        found = lines(workspace)
    except UserError:  # the page goes on to show it
        return
    options = [_ANSWERS[each.kind] for each in found.reading.ambiguities]
    settled: dict[str, Any] = {option: getattr(known, option) for option in options}
    if known.currency in currencies(workspace):
        settled["currency"] = known.currency
    read_differently(workspace, replace(workspace.cleaning, **settled))


def choose(workspace: Workspace, **changes: Any) -> None:
    """Take what the visitor says of the files, now and for files with the same columns.

    Parameters
    ----------
    changes : fields of `CleaningOptions`
    """
    headers = _headers(_source(workspace))
    if headers:
        said = workspace.remembered.get(headers, CleaningOptions())
        workspace.remembered[headers] = replace(said, **changes)
    read_differently(workspace, replace(workspace.cleaning, **changes))


def choose_column(workspace: Workspace, role: str, header: str) -> None:
    """Let a column play a role; none with an empty header. What was said of the role's former column is void."""
    changes: dict[str, Any] = {"columns": {**workspace.cleaning.columns, role: header}}
    if BY_NAME[role].kind == "date":
        changes["date_order"] = None
    elif BY_NAME[role].kind in {"money", "number"}:
        changes["decimal"] = None
    if role == "currency" or BY_NAME[role].kind == "money":
        changes["currency"] = None
    choose(workspace, **changes)


def start_fresh(workspace: Workspace) -> None:
    """Take back all that was said of these files and of others with the same columns."""
    workspace.remembered.pop(_headers(_source(workspace)), None)
    workspace.as_before = False
    read_differently(workspace, CleaningOptions())
    workspace.revision += 1


def read_differently(workspace: Workspace, options: CleaningOptions) -> None:
    """Read the same files with other options; what was computed from the former reading is forgotten."""
    if options == workspace.cleaning:
        return
    workspace.stop_work()
    with workspace.alone():
        workspace.cleaning = options
        workspace.forget_answers()


def lines(workspace: Workspace) -> Understood:
    """The order lines that count, or the customers."""
    found = workspace.answer(reading_key(workspace), lambda: _lines(workspace))
    if isinstance(found, UserError):
        raise found.with_traceback(None)
    return found


def _lines(workspace: Workspace) -> Understood | UserError:
    """The files as understood, or why they are not: a page asks several times, and reading takes long."""
    engine = _engine(workspace)
    engine.drop_since(0)
    try:
        found = understand(engine, _source(workspace), workspace.cleaning)
    except UserError as error:
        return error
    workspace.source = found.source  # where the fast reader was wrong, it need not be tried again
    workspace.asked |= {ambiguity.kind: ambiguity for ambiguity in found.reading.ambiguities}
    return found


def recognition(workspace: Workspace) -> Recognition:
    """Which column plays which role, as far as it can be told."""
    try:
        return lines(workspace).recognition
    except UserError:  # the page goes on to show it; meanwhile, what can be told
        pass
    key = ("recognition", workspace.content, repr(workspace.cleaning.columns))
    return workspace.answer(key, lambda: detect(_source(workspace), workspace.cleaning.columns))


def reading(workspace: Workspace) -> Reading | None:
    """How values are read; None where a column is missing for that."""
    try:
        return lines(workspace).reading
    except UserError:
        pass
    key = ("reading", reading_key(workspace))
    return workspace.answer(key, lambda: likely_reading(_source(workspace), recognition(workspace), workspace.cleaning))


def of_customers(workspace: Workspace) -> bool:
    """Whether the file has one row a customer, and no orders; no where it cannot be read at all."""
    try:
        return isinstance(lines(workspace), CustomerTable)
    except UserError:
        return False


def samples(workspace: Workspace, columns: Mapping[str, str]) -> Mapping[str, tuple[UnderstoodValue, ...]]:
    """A few values of each role's column as written and as understood; none where nothing tells how to read them."""
    known = reading(workspace)
    if known is None:
        return {}
    by_header = of_customers(workspace)

    def look() -> Mapping[str, tuple[UnderstoodValue, ...]]:
        return understood_samples(_engine(workspace), _source(workspace), columns, known, by_header=by_header)

    with workspace.alone():
        return workspace.answer(("samples", reading_key(workspace), tuple(columns.items())), look)


def questions(workspace: Workspace) -> tuple[Ambiguity, ...]:
    """What can be read in two ways in these files, answered or not."""
    known = reading(workspace)
    found = {each.kind: each for each in known.ambiguities} if known is not None else {}
    answered = {
        kind: each for kind, each in workspace.asked.items() if getattr(workspace.cleaning, _ANSWERS[kind]) is not None
    }
    return tuple((answered | found).values())


def answer(workspace: Workspace, ambiguity: Ambiguity) -> str:
    """The option that an ambiguity is read by now."""
    return getattr(workspace.cleaning, _ANSWERS[ambiguity.kind]) or ambiguity.taken.option


def settle(workspace: Workspace, ambiguity: Ambiguity, option: str) -> None:
    """Read an ambiguity as the visitor says."""
    choose(workspace, **{_ANSWERS[ambiguity.kind]: option})


def currencies(workspace: Workspace) -> Mapping[str, int]:
    """Code -> rows that are used, or would be if it was the one that counts; the most first. Empty for customers."""
    found = lines(workspace)
    if not isinstance(found, OrderLines):
        return {}

    def count() -> Mapping[str, int]:
        return rows_by_currency(found.rows, found.reading.counted)

    with workspace.alone():
        return workspace.answer(("currencies", reading_key(workspace)), count)


def copies(workspace: Workspace) -> Copies:
    """How many rows of orders are exact copies of another. Only whether orders have numbers makes a difference."""
    found = lines(workspace)
    return workspace.answer(("copies", "order_id" in found.recognition.columns), lambda: found.copies)


def set_aside(workspace: Workspace) -> pa.Table:
    """All rows that are not used, with line number, reason and text."""
    with workspace.alone():
        return _set_aside(workspace).batches().read_all()


def search_set_aside(workspace: Workspace, words: str, reason: str | None, most: int) -> tuple[pd.DataFrame, int]:
    """The first of the rows set aside that hold the words, and how many do."""
    key = ("searched", reading_key(workspace), words, reason, most)
    with workspace.alone():
        return workspace.answer(key, lambda: _set_aside(workspace).search(words, reason, most))


def _set_aside(workspace: Workspace) -> RowsSetAside:
    def keep() -> RowsSetAside:
        found = lines(workspace)
        return rows_set_aside(found.rows, found.ledger, found.source, _engine(workspace))

    return workspace.answer(("set aside", reading_key(workspace)), keep)


def rest(workspace: Workspace) -> None:
    """Let the server have back what reading took, once a reading: a visitor looks at her page for minutes."""
    with workspace.alone():
        workspace.answer(_rested(workspace), _engine(workspace).rest)


def rest_again(workspace: Workspace) -> None:
    """Let the next `rest` be one: the rows were asked for much."""
    workspace.ask_again(_rested(workspace))


def _rested(workspace: Workspace) -> Hashable:
    return ("rested", reading_key(workspace))


def _engine(workspace: Workspace) -> Engine:
    if workspace.engine is None:
        raise ValueError("no file was given")
    return workspace.engine


def _source(workspace: Workspace) -> SourceTable:
    if workspace.source is None:
        raise ValueError("no file was given")
    return workspace.source


def reading_key(workspace: Workspace) -> Hashable:
    """What tells this reading of these files from all others."""
    return ("lines", workspace.content, repr(workspace.cleaning))
