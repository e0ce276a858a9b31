"""Answers for the Download page: whom to reach, and the files."""

from __future__ import annotations

from dataclasses import replace

from charts import report as report_charts
from core.exports import bundle, csv_files, lists, takeaway
from core.exports.audiences import Audience, Platform
from core.exports.audiences import audiences as audiences_of
from core.exports.control import Control
from core.exports.people import People
from core.exports.people import people as people_of
from core.exports.workbook import workbook_bytes
from ui.services import analysis, grouping_key, n_clusters, segmentation
from ui.session import Workspace


def control(workspace: Workspace) -> Control | None:
    """Whom to send nothing; None where no control group is wanted."""
    share = workspace.wanted.control_share
    key = ("control", *grouping_key(workspace), n_clusters(workspace), share)
    with workspace.alone():
        return workspace.answer(key, lambda: workspace.wanted.control(segmentation(workspace)))


def people(workspace: Workspace) -> People:
    """The customers as people to reach."""
    wanted = workspace.wanted
    choices = (wanted.control_share, wanted.country)

    def make() -> People:
        return people_of(segmentation(workspace), control(workspace), wanted.country)

    return workspace.latest("people", (*grouping_key(workspace), n_clusters(workspace), *choices), make)


def audiences(workspace: Workspace, platform: Platform) -> tuple[Audience, ...]:
    """A platform's list for each segment."""
    wanted = workspace.wanted
    choices = (platform.key, wanted.control_share, wanted.country, wanted.regardless_of_consent)

    def make() -> tuple[Audience, ...]:
        return tuple(audiences_of(people(workspace), platform, regardless_of_consent=wanted.regardless_of_consent))

    return workspace.latest("audiences", (*grouping_key(workspace), n_clusters(workspace), *choices), make)


def not_reached_anyway(workspace: Workspace) -> int:
    """How many of the control group did not agree to marketing, or may not have: lists leave them out for that."""
    known = people(workspace)
    if not known.has_consent or workspace.wanted.regardless_of_consent:
        return 0
    return int((known.table["held_out"] & (known.table["consent"] != "yes")).sum())


def audience_zip(workspace: Workspace, platform: Platform) -> bytes:
    """All of a platform's lists, who is left out of them, and the contacts to check."""
    with workspace.alone():
        made, found, to_check = audiences(workspace, platform), segmentation(workspace), people(workspace).to_check
    return takeaway.zip_of_audiences(made, found, to_check)


def list_file(workspace: Workspace, number: int) -> bytes:
    """A segment's list as CSV."""
    with workspace.alone():
        found, held_out = segmentation(workspace), control(workspace)
    return lists.list_bytes(found, number, held_out)


def lists_zip(workspace: Workspace) -> bytes:
    """All segments' lists."""
    with workspace.alone():
        found, held_out = segmentation(workspace), control(workspace)
    return lists.zip_of_lists(found, held_out)


def all_customers(workspace: Workspace) -> bytes:
    """All customers in one table."""
    with workspace.alone():
        found, held_out = segmentation(workspace), control(workspace)
    return csv_files.csv_bytes(lists.table_of(found, held_out))


def workbook(workspace: Workspace) -> bytes:
    """All segments as one Excel workbook."""
    with workspace.alone():
        found, held_out = segmentation(workspace), control(workspace)
    return workbook_bytes(found, held_out)


def everything(workspace: Workspace, platforms: tuple[str, ...]) -> bytes:
    """All files of this analysis in one zip, with lists for these platforms."""
    with workspace.alone():
        told, wanted = analysis(workspace), replace(workspace.wanted, platforms=platforms, workbook=True)
        figures = report_charts.figures(told.sweep, told.advice, told.segmentation)
        return bundle.zip_of_everything(told, figures, wanted)
