"""Dangerous text in every place that a file or the marketer can put it: inert on every page and in every file."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
import python_calamine
from streamlit.testing.v1 import AppTest

from core.exports.audiences import BY_KEY
from core.segments.generations import Edit
from core.segments.playbook import Action, Plan
from tests import planted
from tests.browser.driving import PROJECT
from tests.pages.visiting import visit, with_file, workspace
from ui import files, navigation, services, taking

PARTS = ("overview", "buying", "rules in words", "rules as SQL", "classic groups", "close-up", "other measures")
NAME = "=1+1 <img src=x onerror=alert(1)> [in](http://evil.example) **bold** $x$"
READ_AS_MARKDOWN = {"body", "label", "help", "tooltip", "caption", "captions", "title", "delta"}
AS_IT_IS = {("Text", "body")}
LISTS_OF_MARKDOWN = ("Radio", "ButtonGroup")


@pytest.fixture
def app() -> Iterator[AppTest]:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120).run()
    yield app
    workspace(app).forget()


def with_orders(app: AppTest) -> AppTest:
    with_file(app, f"{planted.TOGETHER.replace('/', '')}.csv", planted.orders())
    for label, header in zip(planted.ROLES, workspace(app).source.headers, strict=False):
        next(box for box in app.selectbox if box.label == label).set_value(header)
        app.run()
    assert files.lines(workspace(app)).ledger.used.customers == 3 * len(planted.PLANTED)
    return app


def with_customers(app: AppTest) -> AppTest:
    with_file(app, f"{planted.TOGETHER.replace('/', '')}.csv", planted.customers())
    assert files.lines(workspace(app)).ledger.used.customers == 60
    return app


@pytest.mark.parametrize("given", [with_orders, with_customers])
def test_planted_text_is_inert_on_every_page_and_in_every_file(app: AppTest, given: Any) -> None:
    given(app)
    here = workspace(app)
    visit(app, navigation.CHOOSE_K)
    here.n_clusters = 3
    actions = tuple(Action(f"Call {danger}", planted.TOGETHER) for danger in ("=1+1", planted.TOGETHER))
    services.edit(here, 1, Edit(NAME, Plan(actions, planted.TOGETHER, "=1+1")))
    services.edit(here, 2, Edit('../"; rm -rf'))
    for step in navigation.STEPS:
        for part in PARTS:
            app.session_state[part] = True
        visit(app, step)
        assert not app.exception, step.title
        assert not app.error, step.title
        _assert_plain(app, step.title)
    here.wanted = replace(here.wanted, platforms=tuple(BY_KEY), country="GB", control_share=0.2)
    _assert_inert(taking.everything(here, tuple(BY_KEY)), [*_ids(here)])


def _ids(here: Any) -> list[str]:
    return services.features(here).values.index.tolist()


def _assert_plain(app: AppTest, where: str) -> None:
    """Nothing of it stands where Streamlit reads Markdown, and HTML is allowed nowhere."""
    seen = 0
    for node in (*app.main, *app.sidebar):
        proto = getattr(node, "proto", None)
        if proto is None or not hasattr(proto, "DESCRIPTOR"):
            continue
        assert not getattr(proto, "allow_html", False)
        kind = proto.DESCRIPTOR.name
        for field, text in _strings(proto):
            if (kind, field) in AS_IT_IS:
                continue
            if field in READ_AS_MARKDOWN or (field in ("options", "content") and kind in LISTS_OF_MARKDOWN):
                seen += 1
                assert not planted.as_markdown(text), (where, kind, field, text)
        if kind == "PlotlyChart":  # reads a little HTML of its own, links among it
            figure = json.loads(proto.spec)
            figure["layout"].pop("meta", None)  # what screen readers are told, as text
            assert "<a href" not in " ".join(_leaves(figure))
    assert seen > 5


def _strings(message: Any) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        for each in value if field.is_repeated else [value]:
            if field.type == field.TYPE_MESSAGE:
                if hasattr(each, "ListFields"):
                    yield from _strings(each)
            elif field.type == field.TYPE_STRING:
                yield field.name, each


def _leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from _leaves(each)
    elif isinstance(tree, str):
        yield tree


def _assert_inert(everything: bytes, ids: list[str]) -> None:
    with zipfile.ZipFile(io.BytesIO(everything)) as archive:
        names = archive.namelist()
        contents = {name: archive.read(name) for name in names}
    assert all(re.fullmatch(r"([a-z0-9_-]+/)*[A-Za-z0-9_.-]+[.](csv|json|html|xlsx)", name) for name in names), names
    kinds = {name.rpartition(".")[2] for name in names}
    assert kinds == {"csv", "json", "html", "xlsx"}
    assert len([name for name in names if name.startswith("audiences/")]) > len(BY_KEY)
    for name, content in contents.items():
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
            assert all(len(row) == len(rows[0]) for row in rows), name
            running = [cell for row in rows for cell in row if planted.would_run(cell) and not _phone(cell)]
            assert not running, (name, running[:3])
        elif name.endswith(".json"):
            json.loads(content)
    listed = [row[0] for row in csv.reader(io.StringIO(contents["segments.csv"].decode(), newline=""))][1:]
    assert sorted(listed) == sorted(f"'{each}" if planted.would_run(each) else each for each in ids)
    _assert_workbook_inert(contents["segments.xlsx"], ids)
    _assert_report_inert(contents["report.html"].decode())


def _phone(cell: str) -> bool:
    return bool(re.fullmatch(r"\+[1-9]\d{6,14}", cell))


def _assert_workbook_inert(content: bytes, ids: list[str]) -> None:
    """No formula, no link, nothing from outside; and who is on the sheets has the id as it was."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not [name for name in parts.namelist() if "external" in name.lower() or "vba" in name.lower()]
    read = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    texts = {str(cell) for name in read.sheet_names for row in read.get_sheet_by_name(name).to_python() for cell in row}
    assert {each.strip() for each in ids} <= {each.strip() for each in texts}


class _Page(HTMLParser):
    """What a browser would make elements of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.dangers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            outside = name in ("src", "href", "action", "srcset", "data") and not (value or "").startswith("#")
            if name.startswith("on") or outside:
                self.dangers.append(f"{tag} {name}={value}")


def _assert_report_inert(text: str) -> None:
    page = _Page(text)
    assert not page.dangers
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "form", "base", "link"}
    assert "&lt;img src=x" in text  # it is there, as text
    assert "<img" not in text
