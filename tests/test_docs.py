"""Docs and code must not drift apart: what the one names, the other has."""

from __future__ import annotations

import argparse
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import analysis
from core.clustering import choice, preparation, silhouette, stability, transforms, wording
from core.commands.arguments import parser
from core.features import catalog
from core.orders.cleaning import RETURNS
from core.orders.columns import ROLES
from core.orders.ledger import REASONS
from core.segments import rules
from core.segments.playbook import playbook
from core.warehouse.address import is_address
from ui.navigation import STEPS

PROJECT = Path(__file__).resolve().parents[1]
GUIDE = PROJECT / "docs" / "guide.md"
PAGES = [
    PROJECT / "README.md",
    PROJECT / "CHANGELOG.md",
    PROJECT / "sample_data" / "README.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
]
EACH_PAGE = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
NOT_OURS = {"pages/NAME.py", ".streamlit/secrets.toml"}  # the latter is a deployment's own
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`(?:python )?((?:core|charts|ui|pages|tests|bench|\.streamlit)/[\w./-]+)[` ]")
REQUIREMENT = re.compile(r"^[a-z][a-z0-9-]*")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def guide() -> str:
    return read(GUIDE)


def decisions() -> str:
    return "\n".join(read(path) for path in sorted((PROJECT / "docs" / "decisions").glob("*.md")))


def section(title: str) -> str:
    """What the guide says under a heading, further headings below it included."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", guide(), re.MULTILINE | re.DOTALL)
    assert found, f"the guide has no section {title!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of each table row, without heads."""
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for place, row in enumerate(cells) if not _is_head(cells, place)]


def _is_head(cells: list[list[str]], place: int) -> bool:
    def rule(row: list[str]) -> bool:
        return all(set(cell) <= set("-:") and cell for cell in row)

    return rule(cells[place]) or (place + 1 < len(cells) and rule(cells[place + 1]))


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings have where Markdown is shown, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def options() -> dict[str, set[str]]:
    """{option: the commands that take it}."""
    found: dict[str, set[str]] = {}
    for name, command in _commands(parser()).items():
        for action in command._actions:
            for option in action.option_strings:
                if option not in {"-h", "--help"}:
                    found.setdefault(option, set()).add(name)
    return found


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (choices,) = [a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(choices)


def modules_of_core() -> Iterator[str]:
    """As architecture.md names them: `orders/` for a package, `cli.py` for a module."""
    for path in sorted((PROJECT / "core").rglob("*.py")):
        if path.name != "__init__.py":
            yield path.name
        elif path.parent.name != "core":
            yield f"{path.parent.name}/"


def test_each_feature_is_in_the_guide_as_in_the_catalog() -> None:
    assert rows(section("What each feature means")) == [
        [each.label, f"`{each.name}`", str(each.unit), each.meaning, " and ".join(each.needs) or "–"]
        for each in catalog.CATALOG
    ]


def test_each_reason_to_set_rows_aside_is_in_the_guide_in_its_order() -> None:
    told = rows(section('What "set aside" means'))
    assert [row[:2] for row in told] == [[words, f"`{slug}`"] for slug, words in REASONS.items()]
    assert all(explanation for _, _, explanation in told)


def test_each_code_of_an_error_is_in_the_guide() -> None:
    codes = [
        code
        for path in (PROJECT / "core").rglob("*.py")
        for code in re.findall(r'^    code = "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(row[0] for row in rows(section("Codes of errors"))) == sorted(f"`{code}`" for code in codes)


def test_each_way_to_count_returns_is_in_the_guide() -> None:
    told = {row[1]: row[2] for row in rows(section("1. Upload"))}
    assert set(told) == {f"`{way}`" for way in RETURNS}
    for way, meaning in RETURNS.items():
        assert told[f"`{way}`"].startswith(meaning.removesuffix(".")), way


def test_the_guide_walks_through_the_pages_in_their_order() -> None:
    assert re.findall(r"^## (\d\. .+)$", guide(), re.MULTILINE) == [step.label for step in STEPS]


def test_each_preset_is_in_the_guide() -> None:
    told = {row[0] for row in rows(section("2. Features"))}
    assert {preset.label for preset in analysis.PRESETS.values()} <= told


def test_each_kind_of_customer_is_in_the_guide() -> None:
    assert [row[0] for row in rows(section("4. Explore"))] == [each.name for each in playbook().archetypes]


def test_bounds_in_the_guide_are_those_of_the_code() -> None:
    features, choosing = (" ".join(section(title).split()) for title in ("2. Features", "3. Choose k"))
    assert transforms.SKEW_BOUND == 1
    assert "skewness beyond 1 either way" in features
    assert preparation.FENCE == 3
    assert "three times the spread" in features
    assert f"more than {silhouette.MOST_IN_FULL:,} customers" in choosing
    assert f"below {choice.MIN_SHARE:.0%}" in choosing
    doubtful, fair, solid = (f"{stability.LEVELS[name]:.2f}" for name in ("doubtful", "fair", "solid"))
    assert f"Below {doubtful} it is *unstable*, below {fair} *doubtful*, below {solid} *fair*" in choosing
    for least, words in wording.ALIKE:
        assert re.search(f"from {least:.2f} (on the advice calls them )?\\*{words}\\*", choosing, re.IGNORECASE)
    assert stability.RESAMPLES == 20
    assert "drawn anew twenty times" in choosing
    assert rules.MOST_CONDITIONS == 4
    assert "the few (at most four)" in " ".join(section("4. Explore").split())


@pytest.mark.parametrize("option", sorted(options()))
def test_each_option_of_the_command_line_is_in_the_guide(option: str) -> None:
    told = {row[0].strip("`").split(" ")[0]: row[1] for row in rows(section("Without the pages: the command line"))}
    assert option in told, f"{option} is not in the guide"
    everywhere = set(_commands(parser()))
    named = everywhere if told[option] == "all" else set(told[option].split(", "))
    assert named == options()[option]


def test_the_guide_names_no_option_that_there_is_not() -> None:
    told = {row[0].strip("`").split(" ")[0] for row in rows(section("Without the pages: the command line"))}
    assert told == set(options())


def test_each_role_is_in_the_guide() -> None:
    told = section("Without the pages: the command line")
    assert [role.name for role in ROLES if f"`{role.name}`" not in told] == []


@EACH_PAGE
def test_commands_in_the_docs_can_be_typed(path: Path) -> None:
    for command in re.findall(r"^\$ python -m core (.+)$", read(path), re.MULTILINE):
        given = parser().parse_args(shlex.split(command))
        for source in given.sources:
            assert is_address(str(source)) or (PROJECT / source).is_file(), command


def test_the_readme_shows_each_command() -> None:
    assert all(re.search(rf"`{name}`|-m core {name} ", read(PROJECT / "README.md")) for name in _commands(parser()))


@EACH_PAGE
def test_whatever_is_named_by_its_path_is_there(path: Path) -> None:
    for name in PATH.findall(read(path)):
        assert (PROJECT / name).exists() or name in NOT_OURS, f"{name} is not there"


@EACH_PAGE
def test_whatever_is_linked_to_is_there(path: Path) -> None:
    for link in LINK.findall(read(path)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def test_each_decision_is_numbered_once_and_has_its_parts() -> None:
    pages = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for number, page in enumerate(pages, start=1):
        text = read(page)
        assert text.startswith(f"# {number}. "), page.name
        parts = [text.find(f"**{part}.**") for part in ("Context", "Decision", "Consequence")]
        assert -1 not in parts, page.name
        assert parts == sorted(parts), page.name


@pytest.mark.parametrize("module", sorted(set(modules_of_core())))
def test_each_module_of_core_is_in_the_architecture(module: str) -> None:
    layout = read(PROJECT / "docs" / "architecture.md").split("```")[1]
    assert re.search(rf"(?<![\w/]){re.escape(module)}", layout), f"{module} is not in docs/architecture.md"


def test_the_architecture_names_no_file_that_there_is_not() -> None:
    layout = read(PROJECT / "docs" / "architecture.md").split("```")[1]
    folders = ("core", "charts", "ui", "pages")
    there = {path.name for folder in folders for path in (PROJECT / folder).rglob("*.*")} | {"app.py"}
    assert set(re.findall(r"\b[\w.]+\.(?:py|toml|j2)\b", layout)) <= there


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_each_requirement_has_its_reason_in_a_decision(name: str) -> None:
    wanted = [found[0] for line in read(PROJECT / name).splitlines() if (found := REQUIREMENT.match(line))]
    assert wanted
    with_reason = {row[0] for row in rows(decisions()) if len(row) == 2 and row[1]}
    assert [each for each in wanted if each not in with_reason] == []


def test_every_result_of_the_flow_is_defined_where_the_architecture_says() -> None:
    architecture = read(PROJECT / "docs" / "architecture.md")
    steps = re.findall(r"^\| [\w ]+ \| `(\w+\.\w+\.\w+)`", architecture, re.MULTILINE)
    assert len(steps) >= 10
    for step in steps:
        module, _, function = step.rpartition(".")
        source = PROJECT / "core" / f"{module.replace('.', '/')}.py"
        assert re.search(rf"^def {function}\(", read(source), re.MULTILINE), step
    assert inspect.isfunction(analysis.analyse)
